"""What a post says in an app: an app knows no titles, boards or 決め手, so they stand in the words.

A question begins with its title in bold and ends with its board's hashtag and mention and a link to its page; a solved
one also with the link to its 決め手. A 旗 is told the same way, with when and where. Everything else says what it says.
"""

from html import escape
from urllib.parse import quote

SOLVED = "✅ 解決: "
FLAG = "🚩 "


def of_question(title: str, body: str, *, board: str, page: str, solution: str) -> str:
    """The HTML of a question; `board` and `solution` are HTML or empty, `page` is an address."""
    foot = f'{board} <a href="{escape(page)}">{escape(_shown(page))}</a>'.strip()
    return f"<p><strong>{escape(title)}</strong></p>{body}{solution}<p>{foot}</p>"


def of_plan(lines: list[str], *, closed: bool) -> str:
    """When and where, as the last paragraph of what a 旗 says."""
    said = [*(["おひらきになりました。"] if closed else []), *lines]
    return f"<p>🗓 {'<br>'.join(map(escape, said))}</p>" if said else ""


def board(name: str, label: str, url: str, tags: str) -> str:
    """The hashtag and the mention of a board, linked."""
    hashtag = label_as_tag(label)
    return (
        f'<a href="{escape(tags + quote(hashtag, safe=""))}" class="mention hashtag" rel="tag">#<span>{escape(hashtag)}</span></a> '
        f'<span class="h-card"><a href="{escape(url)}" class="u-url mention">@<span>{escape(name)}</span></a></span>'
    )


def solution(url: str) -> str:
    """The last paragraph of a solved question."""
    return f'<p>{SOLVED}<a href="{escape(url)}">{escape(_shown(url))}</a></p>'


def label_as_tag(label: str) -> str:
    """A board's name as a hashtag: 労務・社会保険 → 労務_社会保険, for a dot ends a tag on most servers."""
    return "_".join(part for part in "".join(c if c.isalnum() or c in "ー々" else " " for c in label).split())


def _shown(url: str) -> str:
    return url.partition("://")[2] or url
