"""Plain text of apps: what becomes a link, and what never becomes HTML."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import markup, text

HERE = "minato.example"
HANAKO = SimpleNamespace(id=1, name="hanako", url=f"https://{HERE}/@hanako", uri="")
TARO = SimpleNamespace(id=2, name="taro", url="https://yamate.example/@taro", uri="")
KNOWN = {("hanako", ""): HANAKO, ("taro", "yamate.example"): TARO, ("dev", "localhost:3000"): TARO}


def rendered(typed):
    return markup.render(typed, known=KNOWN, homes={HERE}, tag_url=lambda name: f"https://{HERE}/tags/{name}")


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("一行\n二行\n\n三行", "<p>一行<br>二行</p><p>三行</p>"),
        ("<b>x</b> & *y* _z_", "<p>&lt;b&gt;x&lt;/b&gt; &amp; *y* _z_</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ],
)
def test_words_stay_words(typed, html):
    assert rendered(typed).body.html == html
    assert rendered(typed).body.source == typed
    assert rendered(typed).body.text == typed


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://example.jp/a?b=1&c=2 を見て", "https://example.jp/a?b=1&amp;c=2"),
        ("https://example.jp/を見て", "https://example.jp/"),
        ("（https://example.jp/a(b)）", "https://example.jp/a(b)"),
        ("(https://example.jp/a).", "https://example.jp/a"),
        ("http://example.jp:8080/x.", "http://example.jp:8080/x"),
        ("https://mastodon.example/@taro/123", "https://mastodon.example/@taro/123"),
        ("https://example.jp/#見出し", "https://example.jp/#"),
    ],
)
def test_addresses_are_linked(typed, address):
    found = rendered(typed)
    assert f'<a href="{address}"' in found.body.html
    assert found.body.html.count("<a ") == 1
    assert found.body.text == typed


@pytest.mark.parametrize("typed", ["javascript:alert(1)", "https://", "ftp://example.jp", "example.jp"])
def test_what_is_no_web_address_stays(typed):
    assert "<a " not in rendered(typed).body.html


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("@hanako さん", [HANAKO]),
        ("@Hanakoさん、こんにちは", [HANAKO]),
        (f"@hanako@{HERE} さん", [HANAKO]),
        ("@taro@yamate.exampleさん", [TARO]),
        ("@taro@yamate.example.", [TARO]),
        ("@dev@localhost:3000 へ", [TARO]),
        ("（@hanako、@taro@yamate.example）", [HANAKO, TARO]),
        ("@nobody @taro", []),
        ("mail@hanako a@hanako.jp", []),
        ("https://yamate.example/@hanako", []),
    ],
)
def test_mentions_are_those_who_are_known(typed, who):
    found = rendered(typed)
    assert list(found.mentioned) == who
    assert found.body.html.count("u-url mention") == len(who)


def test_a_crowd_is_not_mentioned_whole():
    typed = " ".join(f"@p{number}@yamate.example" for number in range(30))
    assert len(markup.handles(typed, homes={HERE})) == markup.MENTIONS_MOST < 20


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        ("#総務 の #入社手続き、#給与計算", ["総務", "入社手続き", "給与計算"]),
        ("＃全角 #36協定 #123 #a_b", ["全角", "36協定", "a_b"]),
        ("x#y a&#39; https://a.example/#b", []),
        ("#Tag #TAG #ＴＡＧ", ["Tag"]),
        ("#" + "あ" * 41, []),
    ],
)
def test_hashtags(typed, tags):
    assert list(rendered(typed).tags) == tags
    assert markup.tags_of(typed) == tags


def test_length_counts_addresses_and_hosts_as_clients_do():
    assert markup.length("https://example.jp/" + "a" * 500) == 23
    assert markup.length("@taro@yamate.example x") == len("@taro x")


@pytest.mark.parametrize(
    ("typed", "rest"), [("@hanako @taro@yamate.example ありがとう", "ありがとう"), ("ありがとう @hanako", "ありがとう @hanako")]
)
def test_mentions_in_front_come_off(typed, rest):
    assert markup.without_leading_mentions(typed) == rest


@given(st.text(max_size=300))
def test_nothing_typed_becomes_html_of_its_own(typed):
    found = rendered(typed)
    assert found.body.html == text.from_html(found.body.html).html
    assert "<script" not in found.body.html
