"""The sample objects of fediverse-pasture-inputs, and what a town shows of each.

The package comes with its tables, which need a runner that tests do not: a stand-in for the one name that it imports
from there keeps a server framework and a driver of foreign servers out of our tests.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any


def _stand_in() -> None:
    """`fediverse_pasture.runner.entry.Entry` is only named in signatures of the package's tables."""
    for name in ("fediverse_pasture", "fediverse_pasture.runner", "fediverse_pasture.runner.entry"):
        sys.modules.setdefault(name, ModuleType(name))
    sys.modules["fediverse_pasture.runner.entry"].Entry = object  # type: ignore[attr-defined]


_stand_in()

from fediverse_pasture_inputs import available  # noqa: E402

HOST = "http://pasture-one-actor"
_ELSEWHERE = (
    "https://funfedi.dev", "https://codeberg.org", "https://mastodon.social", "https://dummy.example", "http://test_actor",
    "http://invalid.example",
)  # fmt: skip
"""Hosts that the samples lead to. They are moved to the other server of the test: nothing leaves this machine."""


@dataclass(frozen=True)
class Seen:
    """A status of the API, as far as the samples differ. In `content` and `media`, P is the other server."""

    content: str
    media: Sequence[tuple[str, str, str | None]] = ()  # kind, address, description
    tags: Sequence[str] = ()
    mentions: Sequence[str] = ()
    spoiler: str = ""
    sensitive: bool = False
    language: str | None = None
    answers: bool = False
    quotes: bool = False
    url: str = ""  # empty: its id


@dataclass(frozen=True)
class Refused:
    """Nothing is stored; `reason` is what the log says."""

    reason: str


def examples(name: str, origin: str, actor: str, second: str) -> list[dict[str, Any]]:
    """The objects of one sample, moved to a server at `origin` where `actor` and `second` live."""
    text = json.dumps(available[name].examples)
    text = text.replace(f"{HOST}/actor", actor).replace(f"{HOST}/second", second)
    for host in (HOST, *_ELSEWHERE):
        text = text.replace(host, origin)
    return json.loads(text)


def seen(status: dict[str, Any], origin: str) -> Seen:
    """What of `status` counts here."""
    return Seen(
        content=status["content"].replace(origin, "P"),
        media=tuple(
            (each["type"], each["url"].replace(origin, "P"), each["description"]) for each in status["media_attachments"]
        ),
        tags=tuple(each["name"] for each in status["tags"]),
        mentions=tuple(each["acct"] for each in status["mentions"]),
        spoiler=status["spoiler_text"],
        sensitive=status["sensitive"],
        language=status["language"],
        answers=status["in_reply_to_id"] is not None,
        quotes=bool(status.get("quote")),
        url="" if status["url"] == status["uri"] else status["url"].replace(origin, "P"),
    )
