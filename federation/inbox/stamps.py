"""The consents by which others quote: proved at the host of the quoted author, and forgotten when they are taken back.

What a quoting post says of its own consent counts for nothing: only the stamp itself does, as the server of the quoted
author serves it (FEP-044f; federation reference §1.2).
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import quote_stamps, quotes, town
from community.models import Account, Post
from federation.inbox import known
from federation.inbox.inbound import Inbound
from federation.vocabulary import extras
from federation.vocabulary.notes import Note
from federation.vocabulary.reading import same_origin, uri


def needs(session: Session, inbound: Inbound, note: Note) -> list[str]:
    """The stamp that `note` names, if it may be believed at all and is not known already."""
    stamp = note.quote_authorization
    if stamp is None or note.quote is None or not same_origin(stamp, note.quote):
        return []
    if town.of(session).uris.is_local(stamp):
        return []
    post = known.post(session, note.id)
    return [] if post is not None and post.quote_authorization == stamp else inbound.to_fetch([stamp])


def proved(session: Session, inbound: Inbound, note: Note) -> str | None:
    """The address of the consent by which `note` quotes; None if there is none, or it is not what it should be."""
    stamp = note.quote_authorization
    if stamp is None or note.quote is None:
        return None
    if town.of(session).uris.is_local(stamp):
        return stamp if _is_ours(session, stamp, note) else None
    document = inbound.documents.get(stamp)
    told = extras.consent(document) if document is not None else None
    author = _author_of(session, inbound, note.quote)
    if told is None or author is None or not same_origin(stamp, author):
        return None
    said = extras.Consent(id=stamp, author=author, quoting=note.id, quoted=note.quote)
    return stamp if told == said else None


def withdrawn(session: Session, inbound: Inbound) -> bool:
    """Delete of a stamp by the author who gave it: what quoted them by it does so no more. Whether it was one."""
    taken_back = False
    for post in session.scalars(select(Post).where(Post.quote_authorization == inbound.object_uri)).all():
        quoted = session.get(Post, post.quote_of_id) if post.quote_of_id is not None else None
        if quoted is not None and session.get_one(Account, quoted.author_id).uri == inbound.actor_uri:
            quotes.withdraw(session, post=post)
            taken_back = True
    return taken_back


def _is_ours(session: Session, stamp: str, note: Note) -> bool:
    row = quote_stamps.by_uri(session, stamp)
    if row is None or row.revoked_at is not None or row.quoting_uri != note.id:
        return False
    return session.get_one(Post, row.post_id).uri == note.quote


def _author_of(session: Session, inbound: Inbound, quoted_uri: str) -> str | None:
    quoted = known.post(session, quoted_uri)
    if quoted is not None:
        return session.get_one(Account, quoted.author_id).uri
    document = inbound.documents.get(quoted_uri)
    return uri(document.get("attributedTo")) if document is not None else None
