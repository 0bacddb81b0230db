"""The host that people read is the host they are led to."""

import pytest

from community import hosts, text


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("minato.example", "minato.example"), ("日本語.example", "日本語.example"), ("まちの総務.example", "まちの総務.example"),
        ("xn--wgv71a119e.example", "日本語.example"), ("ａｐｐｌｅ.example", "apple.example"),  # browsers go there too
        ("аpple.example", "xn--pple-43d.example"),  # Cyrillic а
        ("xn--pple-43d.example", "xn--pple-43d.example"), ("аррӏе.example", "xn--80ak6aa92e.example"),
        ("bücher.example", "xn--bcher-kva.example"), ("machiノ.example", "xn--machi-bu4d.example"),
        ("日本аpple.example", "xn--pple-43d1911mo4b.example"), ("💩.example", "xn--ls8h.example"),
        ("xn--.example", "xn--.example"), ("xn--wgv71a119e.xn--pple-43d", "日本語.xn--pple-43d"), ("127.0.0.1", "127.0.0.1"),
    ],
)  # fmt: skip
def test_only_japanese_letters_are_shown_as_such(host: str, shown: str) -> None:
    assert hosts.shown(host) == shown


@pytest.mark.parametrize(
    ("words", "href", "seen"),
    [
        ("apple.example", "https://аpple.example/", "apple.example (xn--pple-43d.example)"),
        ("аpple.example", "https://аpple.example/", "аpple.example (xn--pple-43d.example)"),
        ("аpple.example", "https://xn--pple-43d.example/", "аpple.example (xn--pple-43d.example)"),
        ("日本語.example", "https://xn--wgv71a119e.example/", "日本語.example"),
        ("ここ", "https://xn--wgv71a119e.example/", "ここ (日本語.example)"),
        ("xn--wgv71a119e.example", "https://日本語.example/", "xn--wgv71a119e.example"),
    ],
)
def test_no_letter_that_looks_like_another_hides_where_a_link_leads(words: str, href: str, seen: str) -> None:
    once = text.from_html(f'<a href="{href}">{words}</a>')
    assert once.text == seen
    assert text.from_html(once.html).html == once.html
