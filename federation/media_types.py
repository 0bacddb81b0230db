"""Media types of the wire: what is asked for, and which answers are taken (federation reference §2.4, §3)."""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache

ACTIVITY_JSON = "application/activity+json"
_LD_JSON = "application/ld+json"
_REMEMBERED = 64  # headers taken apart: nearly all senders write the same few
_PROFILE = "https://www.w3.org/ns/activitystreams"


@dataclass(frozen=True, slots=True)
class Accepts:
    """The Accept header of a request, and whether a Content-Type that comes back fits it."""

    header: str
    fits: Callable[[str], bool]
    beginning: bool = False  # of what is too long, the beginning will do


def is_activity(content_type: str) -> bool:
    """Whether a Content-Type is one of the two of ActivityStreams. Plain JSON is not: uploads may be served as that."""
    kind, profile = _parsed(content_type)
    return kind == ACTIVITY_JSON or (kind == _LD_JSON and _PROFILE in profile.split())


def charset(content_type: str) -> str:
    """The character set that a Content-Type names, in lower case; empty if it names none."""
    header = Message()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    return (header.get_content_charset() or "").lower()


def _is_one_of(*kinds: str) -> Callable[[str], bool]:
    return lambda content_type: _parsed(content_type)[0] in kinds


@lru_cache(_REMEMBERED)
def _parsed(content_type: str) -> tuple[str, str]:
    """The type in lower case, and its profile."""
    header = Message()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    profile = header.get_param("profile", "")
    return header.get_content_type(), profile if isinstance(profile, str) else ""


AS2 = Accepts(f'{ACTIVITY_JSON}, {_LD_JSON}; profile="{_PROFILE}"', is_activity)
JSON = Accepts("application/json", _is_one_of("application/json"))
JRD = Accepts(
    "application/jrd+json, application/json", _is_one_of("application/jrd+json", "application/json")
)
XRD = Accepts(
    "application/xrd+xml", _is_one_of("application/xrd+xml", "application/xml", "text/xml", "text/plain")
)
_PAGES = _is_one_of("text/html", "application/xhtml+xml")
HTML = Accepts("text/html, application/xhtml+xml", _PAGES, beginning=True)
ANY_PAGE = Accepts(
    f"{AS2.header}, text/html;q=0.5", lambda content_type: is_activity(content_type) or _PAGES(content_type)
)
