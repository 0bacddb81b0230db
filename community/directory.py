"""Finding people without words: by handle, in the directory, through those one follows. By words: `community.search`."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from community import distance, names, quiet, town, veils
from community.models import LOCAL, Account, Follow
from community.visibility import Viewer

ACTIVE, NEW = "active", "new"
_FAMILIAR_MOST = 10
"""How many familiar followers are named for each account."""


def by_handle(session: Session, typed: str) -> int | None:
    """The id of who goes by the handle `typed` (`@name`, `name@host`) here; None if nobody does."""
    name, _, domain = names.plain_handle(typed).partition("@")
    if town.of(session).uris.is_home(domain):
        domain = LOCAL
    return session.scalar(
        select(Account.id).where(
            Account.name == name,
            Account.domain == domain,
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
        )
    )


def listed(
    session: Session, viewer: Viewer, *, order: str = ACTIVE, local: bool = False, limit: int = 40, offset: int = 0
) -> list[int]:
    """The ids of people who want to be found, those who spoke last first, or with `order` "new" the latest known."""
    rows = select(Account.id).where(
        Account.kind == "person",
        Account.discoverable.is_(True),
        Account.deleted_at.is_(None),
        Account.suspended_at.is_(None),
        ~distance.hidden(viewer, Account.id, town.now(session)),
        ~veils.veiled(viewer, Account.id),
        quiet.heard(viewer, Account.id),
    )
    if local:
        rows = rows.where(Account.domain == LOCAL)
    if order == ACTIVE:
        rows = rows.order_by(func.coalesce(Account.last_post_at, 0).desc())
    return list(session.scalars(rows.order_by(Account.id.desc()).limit(limit).offset(offset)))


def familiar_followers(session: Session, me: int, account_ids: Sequence[int]) -> dict[int, list[int]]:
    """Of each account, the ids of its latest followers whom `me` follows too; unknown accounts are left out.

    Nobody is named for an account that hides its followers, nor anybody who hides whom they follow.
    """
    known = session.execute(
        select(Account.id, Account.hides_collections).where(
            Account.id.in_(list(account_ids)), Account.deleted_at.is_(None), Account.suspended_at.is_(None)
        )
    ).all()
    found: dict[int, list[int]] = {row.id: [] for row in known}
    own = aliased(Follow)
    rows = session.execute(
        select(Follow.followee_id, Follow.follower_id)
        .join(own, (own.followee_id == Follow.follower_id) & (own.follower_id == me))
        .join(Account, Account.id == Follow.follower_id)
        .where(
            Follow.followee_id.in_([row.id for row in known if not row.hides_collections]),
            Follow.state == "accepted",
            own.state == "accepted",
            Account.hides_collections.is_(False),
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
        )
        .order_by(Follow.id.desc())
    )
    for followee_id, follower_id in rows:
        if len(found[followee_id]) < _FAMILIAR_MOST:
            found[followee_id].append(follower_id)
    return found
