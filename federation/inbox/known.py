"""Posts and accounts by their ids, looked up once in a unit of work however many rules ask.

What is not there is remembered as well; `place` and the storing of actors say when that changes.
"""

from sqlalchemy.orm import Session

from community import posts
from community.models import Account, Post
from federation import actors

_POSTS, _ACCOUNTS = "machi.inbox.posts", "machi.inbox.accounts"


def begin(session: Session) -> None:
    """Forget everything: a new activity, or a new try."""
    session.info[_POSTS], session.info[_ACCOUNTS] = {}, {}


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


def add_post(session: Session, stored: Post) -> None:
    session.info.setdefault(_POSTS, {})[stored.uri] = stored


def add_account(session: Session, stored: Account) -> None:
    session.info.setdefault(_ACCOUNTS, {})[stored.uri] = stored
