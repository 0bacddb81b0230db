"""Markdown as HTML that is not safe yet (`community.text` cleans it). Loaded when the first text is written."""

import html
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token


def render(source: str) -> str:
    """CommonMark with strikethrough; line breaks stay, HTML shows as it was typed, a picture becomes a link to it."""
    return str(_MARKDOWN.render(source))


class _Renderer(RendererHTML):
    """CommonMark as HTML, with a link where a picture would be."""

    def image(self, tokens: Any, idx: int, options: Any, env: Any) -> str:  # noqa: ARG002
        token: Token = tokens[idx]
        source = html.escape(str(token.attrGet("src") or ""))
        return f'<a href="{source}">{html.escape(token.content) or source}</a>'


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer).enable(
    "strikethrough"
)
