import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import text
from community.errors import Invalid


def test_markdown_keeps_line_breaks_and_shows_html_as_typed():
    body = text.from_markdown("一行目\n二行目 <script>alert(1)</script>\n\n- 締切を**2段**にする")
    assert body.html == (
        "<p>一行目<br>\n二行目 &lt;script&gt;alert(1)&lt;/script&gt;</p>\n<ul>\n<li>締切を<strong>2段</strong>にする</li>\n</ul>"
    )
    assert body.text == "一行目\n二行目 <script>alert(1)</script>\n\n・締切を2段にする"
    assert body.source.startswith("一行目\n")


def test_what_is_too_long_is_told_at_the_field():
    with pytest.raises(Invalid) as error:
        text.from_markdown("あ" * (text.SOURCE_LIMIT + 1))
    assert error.value.field == "body"


@pytest.mark.parametrize(
    ("given_html", "safe"),
    [
        ("<p onclick=x style=y>a<script>b</script><style>c</style></p>", "<p>a</p>"),
        ('<p class="mention big u-url invisible">a</p>', '<p class="mention u-url">a</p>'),
        ('<a href="javascript:alert(1)">a</a>', '<a rel="nofollow noopener ugc">a</a>'),
        ("<h6>a</h6><table><tr><td>b</td></tr></table>", "ab"),
        ("<iframe src=https://a.example></iframe><object></object><svg><circle/></svg>", ""),
        (
            '<ruby lang="ja">総<rp>(</rp><rt>そう</rt></ruby>',
            '<ruby lang="ja">総<rp>(</rp><rt>そう</rt></ruby>',
        ),
        ("<!-- a --><p>b", "<p>b</p>"),
    ],
)
def test_html_of_others_keeps_only_what_is_harmless(given_html, safe):
    assert text.from_html(given_html).html == safe


def test_a_picture_becomes_a_link():
    body = text.from_html('<p><img src="https://a.example/b.png" alt="図" onerror="x"></p>')
    assert (
        body.html == '<p><a href="https://a.example/b.png" rel="nofollow noopener ugc">図 (a.example)</a></p>'
    )
    assert text.from_markdown("![図](https://a.example/b.png)").html == body.html


@pytest.mark.parametrize(
    ("words", "href", "shown"),
    [
        ("https://bank.example", "https://evil.example/x", "https://bank.example (evil.example)"),
        ("evil.example.bank.example", "https://evil.example/", "evil.example.bank.example (evil.example)"),
        ("evil.example/x をどうぞ", "https://evil.example/x", "evil.example/x をどうぞ"),
        ("@hanako", "https://minato.example/@hanako", "@hanako"),
        ("#年末調整", "https://minato.example/tags/x", "#年末調整"),
        ("書く", "mailto:a@b.example", "書く"),
    ],
)
def test_a_link_shows_where_it_leads(words, href, shown):
    assert text.from_html(f'<a href="{href}" class="mention">{words}</a>').text == shown


def test_hidden_parts_of_a_link_come_to_light():
    body = text.from_html(
        '<a href="https://evil.example/a"><span class="invisible">https://evil.example</span>'
        '<span class="ellipsis">bank.example</span></a>'
    )
    assert "invisible" not in body.html
    assert body.text == "https://evil.examplebank.example (evil.example)"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaning_twice_changes_nothing(junk):
    once = text.from_html(f"<p>{junk}</p><a href='https://a.example/{junk}'>{junk}</a>")
    assert text.from_html(once.html).html == once.html
    assert "<script" not in once.html.lower()


@given(st.text(max_size=300))
def test_any_markdown_can_be_kept(source):
    body = text.from_markdown(source)
    assert "\x00" not in body.html + body.text + body.source
    (body.html + body.text + body.source).encode()


def test_excerpts_are_one_line_with_a_visible_cut():
    assert text.excerpt(" 一行目\n\n二行目 ", 20) == "一行目 二行目"
    assert text.excerpt("あいうえおかきくけこ", 5) == "あいうえ…"


def test_the_same_topic_folds_to_the_same_name():
    assert text.fold("ＢＣＰ") == text.fold("bcp") == "bcp"
    assert text.fold("３６協定 ") == "36協定"


def test_a_line_bears_nothing_deceitful():
    assert text.line("給与\n\u202eの\u200b 話\x00\x07") == "給与 の 話"


@pytest.mark.parametrize(
    "around",
    [
        '<abbr title="x">x</abbr> {}',
        '<a href="https://minato.example/">@hanako<object>{}</object></a>',
        '<a href="https://minato.example/">#防災<table><td>{}</td></table></a>',
    ],
)
def test_nothing_around_a_link_hides_where_it_leads(around):
    link = '<a href="https://evil.example/?a=>">https://bank.example/</a>'
    assert "(evil.example)" in text.from_html(around.format(link)).text


@pytest.mark.parametrize(
    "piece",
    [
        "<img ",
        "<abbr>",
        "<a href=x>",
        "<a ",
        "<ul><li>",
        "<dl><dd>",
        "<b><div>",
        "<",
        "&",
        "<p>",
        "<a><b></a>",
    ],
)
def test_no_html_keeps_the_town_waiting(piece):
    started = time.thread_time()
    text.from_html(piece * (text.HTML_LIMIT // len(piece)))
    assert time.thread_time() - started < 1
