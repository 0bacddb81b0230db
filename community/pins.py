"""Posts that somebody shows first on their profile."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from community import events, ids, inserts, town
from community.errors import Invalid, NotAllowed
from community.models import Account, Pin, Post
from community.visibility import DIRECT, OPEN, UNLISTED, Viewer, visible_to

MOST = 5
"""How many posts one can pin."""

FOREIGN_MOST = 20
"""How many posts that an account of elsewhere shows first are shown first here."""

OF_ACCOUNT = (
    select(Pin.id, Pin.post_id).where(Pin.account_id == bindparam("account")).order_by(Pin.id.desc())
)
"""The pins of an account, the latest first. Who may see the posts is another question."""


def pin(session: Session, *, account: Account, post: Post) -> None:
    """Show `post` first on the profile of its author; again changes nothing.

    Invalid("pin_others") for what somebody else wrote, Invalid("pin_direct") for what was said to a few, Invalid("pin") beyond MOST.
    """
    if post.author_id != account.id or post.kind == "boost":
        raise Invalid("pin_others", "固定できるのは、ご自分の書いたものです。")
    if post.visibility == DIRECT:
        raise Invalid("pin_direct", "宛先の限られたものは固定できません。")
    now = town.now(session)
    added = inserts.new_row(
        session, Pin, id=ids.new(now), account_id=account.id, post_id=post.id, created_at=now
    )
    if not added:
        return
    pinned = session.scalar(select(func.count()).select_from(Pin).where(Pin.account_id == account.id)) or 0
    if pinned > MOST:
        raise Invalid("pin", "固定できるのは%(most)s件までです。", most=MOST)
    events.record(session, events.Pinned(account.id, post.id))


def unpin(session: Session, *, account: Account, post: Post) -> None:
    """Let `post` stand among the others again; nothing happens if it did. NotAllowed for somebody else's."""
    if post.author_id != account.id:
        raise NotAllowed("固定できるのは、ご自分の書いたものです。")
    gone = session.execute(
        delete(Pin).where(Pin.account_id == account.id, Pin.post_id == post.id).returning(Pin.id)
    ).first()
    if gone is not None:
        events.record(session, events.Unpinned(account.id, post.id))


def show(session: Session, *, account: Account, found: Sequence[Post]) -> None:
    """Have exactly those of `found` stand first, in this order, that `account`, of another server, wrote for everybody."""
    shown = [each for each in found if each.author_id == account.id and _is_for_all(each)][:FOREIGN_MOST]
    if post_ids(session, account.id) == [each.id for each in shown]:
        return
    session.execute(delete(Pin).where(Pin.account_id == account.id))
    now = town.now(session)
    for post in reversed(shown):
        session.add(Pin(id=ids.new(now), account_id=account.id, post_id=post.id, created_at=now))
        session.flush()


def _is_for_all(post: Post) -> bool:
    return post.deleted_at is None and post.kind != "boost" and post.visibility in (OPEN, UNLISTED)


def shown(session: Session, viewer: Viewer, account_id: int) -> list[Post]:
    """What the account shows first, the latest pin first, as far as `viewer` may see it."""
    rows = select(Post).join(Pin, Pin.post_id == Post.id).where(Pin.account_id == account_id, visible_to(viewer))
    return list(session.scalars(rows.order_by(Pin.id.desc())))


def post_ids(session: Session, account_id: int) -> list[int]:
    """The pinned posts of an account, the latest pin first."""
    rows = session.connection().execute(OF_ACCOUNT, {"account": account_id})
    return [row.post_id for row in rows]
