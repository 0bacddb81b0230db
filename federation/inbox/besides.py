"""What a received post carries besides its words: its poll, what it quotes, who may quote it."""

from sqlalchemy.orm import Session

from community import polls, quotes, towns
from community.models import Account, Post
from federation.inbox import known
from federation.vocabulary.notes import Note


def attach(session: Session, post: Post, note: Note, author: Account, quoted: Post | None) -> None:
    """Keep it beside `post`, which was just stored from `note`; `quoted` is what it quotes, as far as it could be had."""
    if post.quote_policy != note.quote_policy:  # to set what stands costs an empty flush
        post.quote_policy = note.quote_policy
    if note.poll is not None:
        polls.take(session, post, foreign(note))
    if note.quote is not None:
        quotes.attach(session, post, author=author, quoted=quoted, uri=note.quote)


def renew(session: Session, post: Post, note: Note, author: Account) -> bool:
    """Take over what `note`, an Update by the author, tells of the poll and of quoting; whether anything changed."""
    changed = note.poll is not None and polls.take(session, post, foreign(note))
    if post.quote_policy != note.quote_policy:
        post.quote_policy = note.quote_policy
        changed = True
    if note.quote != post.quote_uri:
        changed = quotes.detach(session, post) or note.quote is not None
        if note.quote is not None:
            quotes.attach(session, post, author=author, quoted=known.post(session, note.quote), uri=note.quote)
        post.touched += 1
    session.flush()
    return changed


def foreign(note: Note) -> polls.Foreign:
    assert note.poll is not None
    told = note.poll
    return polls.Foreign(told.options, told.multiple, told.expires_at, told.closed, told.voters)
