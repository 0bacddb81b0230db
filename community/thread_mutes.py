"""会話を静かにする: a thread from which a member wants no more notices. Nobody else learns of it."""

from sqlalchemy import bindparam, delete, select, true
from sqlalchemy.orm import Session

from community import inserts
from community.models import Post, ThreadMute

_MUTED = select(true()).where(
    ThreadMute.account_id == bindparam("account"), ThreadMute.root_id == bindparam("root")
)


def mute(session: Session, *, account_id: int, post: Post) -> None:
    """No more notices for `account_id` from the thread in which `post` stands; again changes nothing."""
    inserts.new_row(session, ThreadMute, account_id=account_id, root_id=post.root_id or post.id)


def unmute(session: Session, *, account_id: int, post: Post) -> None:
    """Notices again; nothing happens if there were some all along."""
    root_id = post.root_id or post.id
    session.execute(
        delete(ThreadMute).where(ThreadMute.account_id == account_id, ThreadMute.root_id == root_id)
    )


def is_muted(session: Session, account_id: int, root_id: int) -> bool:
    """Whether the member wants no notices from the thread that begins with the post `root_id`."""
    facts = {"account": account_id, "root": root_id}
    return session.connection().execute(_MUTED, facts).first() is not None


def forget(session: Session, account_id: int) -> None:
    """The member leaves."""
    session.execute(delete(ThreadMute).where(ThreadMute.account_id == account_id))
