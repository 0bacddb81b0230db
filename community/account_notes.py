"""A private line about somebody, for the eyes of the member who wrote it."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from community.errors import Invalid
from community.models import Account, AccountNote
from community.text import storable

MOST = 2_000
"""Characters."""


def put(session: Session, *, account: Account, target: Account, comment: str) -> None:
    """Keep `comment` about `target` instead of what was kept; an empty one clears it. Invalid("comment") if too long."""
    words = storable(comment).strip()
    if len(words) > MOST:
        raise Invalid("comment", "メモは%(most)s文字までにしてください。", most=MOST)
    session.execute(
        delete(AccountNote).where(AccountNote.account_id == account.id, AccountNote.target_id == target.id)
    )
    if words:
        session.add(AccountNote(account_id=account.id, target_id=target.id, comment=words))
        session.flush()
