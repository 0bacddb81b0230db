"""Votes of others in polls of ours: notes with a name that answer a poll and say nothing.

Mastodon, Misskey and Akkoma send one for each choice, GoToSocial all choices in one Create.
"""

from sqlalchemy.orm import Session

from community import polls
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.notes import Note
from federation.vocabulary.reading import Document

_CHOICES_MOST = 50


def is_vote(session: Session, note: Note) -> bool:
    """Whether `note` chooses in a poll: it says nothing but a name, or names an option of a poll of ours."""
    if note.is_vote:
        return True
    post = known.post(session, note.in_reply_to) if note.in_reply_to and note.name else None
    return post is not None and post.local and polls.position_of(session, post, note.name) is not None


def several(inbound: Inbound) -> list[Document]:
    """The choices that come in one Create; empty where there is one object, as always otherwise."""
    told = inbound.activity.get("object")
    if not isinstance(told, list) or not 1 < len(told) <= _CHOICES_MOST:
        return []
    return [each for each in told if isinstance(each, dict)]


def apply(session: Session, inbound: Inbound, *notes: Note) -> None:
    """Count what `notes` choose, once. Ignored if there is no such poll or option of ours."""
    post = known.post(session, notes[0].in_reply_to or "")
    if post is None or not post.local or post.deleted_at is not None:
        raise Ignored("a vote in a poll that is not ours")
    if any(not is_vote(session, each) or each.in_reply_to != post.uri for each in notes):
        raise Ignored("several things at once that are not votes in one poll")
    chosen = [polls.position_of(session, post, each.name) for each in notes]
    offered = [each for each in chosen if each is not None]
    if len(offered) < len(chosen):
        raise Ignored("a vote for something that the poll does not offer")
    polls.vote(session, account=inbound.actor(session), post=post, choices=offered, uri=notes[0].id)
