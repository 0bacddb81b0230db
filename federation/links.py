"""The `link` elements of a page or an XRD, and the Link header: where else the same thing stands."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from federation import outward
from federation.http import Page
from federation.media_types import is_activity

_LONGEST = 256 * 1024  # characters; heads of pages are shorter
_HEADER_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_HEADER_PARAMETER = re.compile(r';\s*(rel|type)="?([^";,]*(?:;[^";]*)?)"?', re.IGNORECASE)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Mapping[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "link":
            self.found.append({name: value or "" for name, value in attrs})


def links(text: str) -> list[Mapping[str, str]]:
    """The attributes of every `link` element, names in lower case."""
    parser = _Links()
    parser.feed(text[:_LONGEST])
    return parser.found


def activity_of(page: Page) -> str | None:
    """The address of the ActivityStreams document of `page`, if it names one. Raises Refused if that is no address."""
    for each in (*_of_header(page.links), *links(page.text)):
        if (
            "alternate" in each.get("rel", "").lower().split()
            and is_activity(each.get("type", ""))
            and each.get("href")
        ):
            return outward.joined(page.url, each["href"])
    return None


def _of_header(header: str) -> list[Mapping[str, str]]:
    return [
        {"href": address}
        | {name.lower(): value.strip() for name, value in _HEADER_PARAMETER.findall(parameters)}
        for address, parameters in _HEADER_LINK.findall(header)
    ]
