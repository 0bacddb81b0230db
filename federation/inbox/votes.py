"""Votes of others in polls of ours: notes with a name that answer a poll and say nothing."""

from sqlalchemy.orm import Session

from community import polls
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.notes import Note


def is_vote(session: Session, note: Note) -> bool:
    """Whether `note` chooses in a poll: it says nothing but a name, or names an option of a poll of ours."""
    if note.is_vote:
        return True
    post = known.post(session, note.in_reply_to) if note.in_reply_to and note.name else None
    return post is not None and post.local and polls.position_of(session, post, note.name) is not None


def apply(session: Session, inbound: Inbound, note: Note) -> None:
    """Count the vote, once. Ignored if there is no such poll or option of ours."""
    post = known.post(session, note.in_reply_to or "")
    if post is None or not post.local or post.deleted_at is not None:
        raise Ignored("a vote in a poll that is not ours")
    chosen = polls.position_of(session, post, note.name)
    if chosen is None:
        raise Ignored("a vote for something that the poll does not offer")
    polls.vote(session, account=inbound.actor(session), post=post, choices=[chosen], uri=note.id)
