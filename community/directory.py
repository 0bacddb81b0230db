"""Finding people: by handle, while a name is being typed, in the directory, through those one follows."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from community import distance, names, town
from community.models import LOCAL, Account, Follow, Strength
from community.text import fold
from community.visibility import Viewer

ACTIVE, NEW = "active", "new"
_FINDABLE = ("person", "board", "relay", "service")
_FAMILIAR_MOST = 10
"""How many familiar followers are named for each account."""


def by_handle(session: Session, typed: str) -> int | None:
    """The id of who goes by the handle `typed` (`@name`, `name@host`) here; None if nobody does."""
    name, _, domain = names.plain_handle(typed).partition("@")
    if domain == town.of(session).uris.domain:
        domain = LOCAL
    return session.scalar(
        select(Account.id).where(
            Account.name == name,
            Account.domain == domain,
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
        )
    )


def search(
    session: Session,
    viewer: Viewer,
    typed: str,
    *,
    following: bool = False,
    limit: int = 40,
    offset: int = 0,
) -> list[int]:
    """The ids of those whose handle, name or 得意技 begins like `typed`: who goes by exactly that handle first, then
    those whom `viewer` follows, then members of this town. `following` leaves out everybody else.

    Those from whom the viewer turned away are found by their whole handle alone.
    """
    wanted = names.plain_handle(typed)
    if not wanted:
        return []
    exact = by_handle(session, wanted)
    followed = _followed_by(viewer)
    heard = ~distance.hidden(viewer, Account.id, town.now(session))
    rows = (
        select(Account.id)
        .where(
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
            Account.kind.in_(_FINDABLE),
            or_(Account.id == (exact or 0), _begins(session, wanted, typed) & heard),
        )
        .order_by(
            case((Account.id == (exact or 0), 0), (followed, 1), (Account.domain == LOCAL, 2), else_=3),
            Account.followers_count.desc(),
            Account.id,
        )
        .offset(offset)
        .limit(limit)
    )
    return list(session.scalars(rows.where(followed) if following else rows))


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


def _begins(session: Session, wanted: str, typed: str) -> ColumnElement[bool]:
    """`wanted` is a handle, perhaps with the beginning of a host; `typed` may also be a name or a 得意技."""
    name, at, domain = wanted.partition("@")
    by_name = Account.name.startswith(name, autoescape=True)
    if at:
        here = town.of(session).uris.domain.startswith(domain)
        hosts: Iterable[ColumnElement[bool]] = (
            [Account.domain == LOCAL] if here and domain else []
        )
        return (Account.name == name) & or_(Account.domain.startswith(domain, autoescape=True), *hosts)
    shown = fold(typed)
    skill = exists(_with_skill(shown))
    return or_(by_name, func.lower(Account.display_name).startswith(shown, autoescape=True), skill)


def _with_skill(topic: str) -> Select[str]:
    return (
        select(Strength.topic)
        .where(Strength.account_id == Account.id, Strength.topic.startswith(topic, autoescape=True))
        .correlate(Account)
    )


def _followed_by(viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(
        Follow.follower_id == (viewer.account_id or 0), Follow.followee_id == Account.id, Follow.state == "accepted"
    )
