"""Posts that somebody shows first on their profile."""

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from community import events, ids, inserts, town
from community.errors import Invalid, NotAllowed
from community.models import Account, Pin, Post
from community.visibility import DIRECT

MOST = 5
"""How many posts one can pin."""

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


def post_ids(session: Session, account_id: int) -> list[int]:
    """The pinned posts of an account, the latest pin first."""
    rows = session.connection().execute(OF_ACCOUNT, {"account": account_id})
    return [row.post_id for row in rows]
