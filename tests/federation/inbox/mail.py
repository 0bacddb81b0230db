"""Letters for the inbox: documents in the shapes of other software (`wire/`), and the rules that work on them.

`deliver` does what the worker does without its queue and its network: what an activity needs is looked up among the
documents that the test hands in, and what is not there cannot be had.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from community import follows, town
from community.models import Account
from federation import actors
from federation.inbox import registry
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import reading
from tests import factories

WIRE = Path(__file__).parent.parent / "wire"
HERE = "https://minato.example"
FILES = sorted(f"{path.parent.name}/{path.stem}" for path in WIRE.glob("*/*.json"))

ACTORS = (
    "mastodon/actor", "misskey/actor", "gotosocial/actor", "lemmy/group", "lemmy/person", "piefed/group",
    "piefed/person", "nodebb/group", "nodebb/person", "mbin/group", "mbin/person", "discourse/group",
    "discourse/person", "machi/member", "machi/board", "machi/relay", "machi/instance",
)  # fmt: skip


def load(name: str, posts: Mapping[int, str] | None = None) -> dict[str, Any]:
    """The document `software/name`. Its posts of this town, …/posts/1 and so on, stand for the addresses in `posts`."""
    text = (WIRE / f"{name}.json").read_text()
    for number, uri in (posts or {}).items():
        text = text.replace(f'"{HERE}/posts/{number}"', json.dumps(uri))
    return reading.load(text.encode())


def know(session: Session, *names: str) -> None:
    """Store these actors, as if they had been met before."""
    for name in names:
        actors.upsert(session, load(name))


def follower_of_ken(session: Session, name: str = "hanako") -> Account:
    """A member who follows けん of Mastodon."""
    ken = actors.upsert(session, load("mastodon/actor"))
    member = factories.member(session, name)
    follows.accept(session, follow=follows.request(session, follower=member, followee=ken))
    return member


def deliver(
    session: Session, activity: dict[str, Any], *documents: dict[str, Any], buried: str = ""
) -> Inbound:
    """Let `activity` have its effect, with the actors of `wire/` and `documents` to be had at their origins.

    Raises what the worker would log: Ignored, or what a service refuses with. `buried` is an id that answers 410.
    """
    shelf = {each["id"]: each for each in (*map(load, ACTORS), *documents)}
    inbound = Inbound(activity, town.now(session))
    while wanted := registry.handle(session, inbound):
        assert len(inbound.documents) + len(inbound.unavailable) <= 20
        inbound.documents |= {uri: shelf[uri] for uri in wanted if uri in shelf}
        inbound.unavailable |= {uri for uri in wanted if uri not in shelf}
        inbound.buried |= {uri for uri in wanted if uri == buried}
    return inbound


def refusal(session: Session, activity: dict[str, Any], *documents: dict[str, Any], buried: str = "") -> str:
    """Why `activity` is ignored; an empty text if it is not."""
    try:
        return deliver(session, activity, *documents, buried=buried).remark
    except Ignored as reason:
        return str(reason)
