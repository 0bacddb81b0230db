"""Posts and accounts by their ids, looked up once in a unit of work however many rules ask.

What is not there is remembered as well; `place` and the storing of actors say when that changes.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from community import posts
from community.models import LOCAL, Account, Post
from community.storage.prepared import Prepared, among_texts
from federation import actors

_POSTS, _ACCOUNTS = "machi.inbox.posts", "machi.inbox.accounts"
_NAMED, _ANSWERS = "machi.inbox.named", "machi.inbox.answers"


class Named(NamedTuple):
    """As much of an account as the rules about addresses ask."""

    uri: str
    id: int
    kind: str
    local: bool
    gone: bool


def begin(session: Session) -> None:
    """Forget everything: a new activity, or a new try."""
    for each in (_POSTS, _ACCOUNTS, _NAMED, _ANSWERS):
        session.info[each] = {}


def post(session: Session, uri: str) -> Post | None:
    """The post that goes by `uri`, also if only its stub is left."""
    found: dict[str, Post | None] = session.info.setdefault(_POSTS, {})
    if uri not in found:
        found[uri] = posts.by_uri(session, uri)
    return found[uri]


def account(session: Session, uri: str) -> Account | None:
    """The account with the actor id `uri`, local or remote, gone ones included."""
    found: dict[str, Account | None] = session.info.setdefault(_ACCOUNTS, {})
    if uri not in found:
        found[uri] = actors.by_uri(session, uri)
    return found[uri]


def named(session: Session, uris: Iterable[str]) -> dict[str, Named]:
    """Those of `uris` that are accounts known here, in the order given: one statement for all that were not asked yet."""
    wanted = tuple(dict.fromkeys(uris))
    kept: dict[str, Named | None] = session.info.setdefault(_NAMED, {})
    new = [each for each in wanted if each not in kept]
    if new:
        kept.update(dict.fromkeys(new))
        for uri, number, kind, domain, deleted_at in _BY_URIS.rows(session, uris=new):
            kept[uri] = Named(uri, number, kind, domain == LOCAL, deleted_at is not None)
    return {uri: found for uri in wanted if (found := kept[uri]) is not None}


def answers(session: Session) -> dict[str, bool]:
    """Whether a post concerns us, by its id, as far as that was asked (`sight`)."""
    found: dict[str, bool] = session.info.setdefault(_ANSWERS, {})
    return found


def add_post(session: Session, stored: Post) -> None:
    session.info.setdefault(_POSTS, {})[stored.uri] = stored


def add_account(session: Session, stored: Account) -> None:
    session.info.setdefault(_ACCOUNTS, {})[stored.uri] = stored
    session.info.setdefault(_NAMED, {}).pop(stored.uri, None)


_account = cast("Table", Account.__table__).c
_BY_URIS = Prepared(
    lambda dialect: select(_account.uri, _account.id, _account.kind, _account.domain, _account.deleted_at).where(
        among_texts(_account.uri, "uris", dialect)
    )
)
