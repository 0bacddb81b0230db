"""What a received post carries besides its words: its poll, what it quotes, who may quote it."""

from sqlalchemy.orm import Session

from community import polls, quotes, towns
from community.models import Account, Post
from federation.inbox import stamps
from federation.inbox.inbound import Inbound
from federation.vocabulary.notes import Note
from federation.vocabulary.reading import authority


def attach(
    session: Session, inbound: Inbound, post: Post, note: Note, author: Account, *, quoted: Post | None
) -> None:
    """Keep it beside `post`, which was just stored from `note`; `quoted` is what it quotes, as far as it could be had."""
    if post.quote_policy != note.quote_policy:  # to set what stands costs an empty flush
        post.quote_policy = note.quote_policy
    if note.poll is not None:
        polls.take(session, post, foreign(note))
    _quote(session, inbound, post, note, author, quoted=quoted)


def renew(
    session: Session, inbound: Inbound, post: Post, note: Note, author: Account, *, quoted: Post | None
) -> bool:
    """Take over what `note`, an Update by the author, tells of the poll and of quoting; whether anything changed."""
    changed = note.poll is not None and polls.take(session, post, foreign(note))
    if post.quote_policy != note.quote_policy:
        post.quote_policy = note.quote_policy
        changed = True
    if note.quote != post.quote_uri or (quoted is not None and post.quote_of_id is None):
        changed = quotes.detach(session, post) or note.quote is not None
        _quote(session, inbound, post, note, author, quoted=quoted)
        post.touched += 1
    elif note.quote_authorization != post.quote_authorization:
        stamp = stamps.proved(session, inbound, note)
        changed |= stamp is not None and quotes.accept(session, post=post, stamp=stamp)
    session.flush()
    return changed


def _quote(
    session: Session, inbound: Inbound, post: Post, note: Note, author: Account, *, quoted: Post | None
) -> None:
    """Let `post` quote what `note` quotes; nothing of a host that this town refuses is shown through others."""
    if note.quote is None or towns.is_refused(session, authority(note.quote) or ""):
        return
    stamp = stamps.proved(session, inbound, note) if quoted is not None else None
    quotes.attach(session, post, author=author, quoted=quoted, uri=note.quote, stamp=stamp)


def foreign(note: Note) -> polls.Foreign:
    assert note.poll is not None
    told = note.poll
    return polls.Foreign(told.options, told.multiple, told.expires_at, told.closed, told.voters)
