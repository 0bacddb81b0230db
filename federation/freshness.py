"""How old what we know of other servers' posts and profiles may be before they are asked for anew."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town
from community.models import LOCAL, Account, Post
from community.storage.prepared import Prepared, param
from federation import errands
from federation.models import RemoteActor

POST_OLD_MS = 900_000
"""How old (ms) what we know of a post may be when it is opened: a thread is asked for once in so long, at most."""

PROFILE_OLD_MS = 86_400_000
_SPREAD = 60  # seconds
_ASKED_FOR = ("open", "unlisted", "sister")
_OLD_PROFILE = Prepared(
    lambda _dialect: (
        select(Account.uri)
        .join(RemoteActor, RemoteActor.account_id == Account.id)
        .where(RemoteActor.account_id == param("account"), RemoteActor.fetched_at <= param("before"))
        .where(Account.domain != LOCAL, Account.deleted_at.is_(None))
    )
)


def is_old(session: Session, post: Post) -> bool:
    """Whether a post of elsewhere, which may be asked for, was last read from its origin a while ago."""
    if post.local or post.deleted_at is not None or post.visibility not in _ASKED_FOR or post.boost_of_id is not None:
        return False
    return town.now(session) - (post.refreshed_at or post.created_at) >= POST_OLD_MS


def old_profile(session: Session, account_id: int) -> tuple[str, ...]:
    """The id of the actor, if it lives elsewhere and its profile has grown old; one indexed look."""
    rows = _OLD_PROFILE.rows(session, account=account_id, before=town.now(session) - PROFILE_OLD_MS)
    return tuple(row[0] for row in rows)


def spoke(session: Session, account_id: int) -> None:
    """Somebody elsewhere said something: a profile that grew old is asked for, at a moment of the next minute."""
    for uri in old_profile(session, account_id):
        errands.enqueue(session, errands.PROFILE, uri, errands.later(session, _SPREAD))
