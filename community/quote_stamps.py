"""Stamps: the consent of an author of this town to be quoted in one post, as a row that others can fetch (FEP-044f).

A consent that was taken back is kept as well: it is never given again for the same two posts.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, ids, inserts, town
from community.models import Account, Post, QuoteStamp


def grant(
    session: Session, *, quoted: Post, account: Account, quoting_uri: str, request_uri: str | None = None
) -> QuoteStamp | None:
    """The stamp for the post `quoting_uri` by `account`, new or as it stands; None if it was taken back, or given to
    somebody else. `request_uri` is the QuoteRequest that asked for it.
    """
    now = town.now(session)
    inserts.new_row(
        session, QuoteStamp, id=ids.new(now), post_id=quoted.id, account_id=account.id, quoting_uri=quoting_uri,
        request_uri=request_uri, created_at=now,
    )  # fmt: skip
    row = between(session, quoted.id, quoting_uri)
    return row if row is not None and row.revoked_at is None and row.account_id == account.id else None


def revoke(session: Session, *, quoted: Post, account: Account, quoting_uri: str) -> None:
    """Take the consent back, also one that nobody asked for; again changes nothing."""
    given = grant(session, quoted=quoted, account=account, quoting_uri=quoting_uri)
    if given is None:
        return
    given.revoked_at = town.now(session)
    session.flush()
    events.record(session, events.StampRevoked(given.id))


def between(session: Session, post_id: int, quoting_uri: str) -> QuoteStamp | None:
    """The stamp, also one that was taken back, by which `quoting_uri` quotes the post `post_id`."""
    return session.scalar(
        select(QuoteStamp).where(QuoteStamp.post_id == post_id, QuoteStamp.quoting_uri == quoting_uri)
    )


def is_revoked(session: Session, post_id: int, quoting_uri: str) -> bool:
    """Whether the author of the post does not want it quoted there any more."""
    row = between(session, post_id, quoting_uri)
    return row is not None and row.revoked_at is not None


def uri_of(session: Session, stamp: QuoteStamp) -> str:
    return town.of(session).uris.quote_stamp(stamp.id)


def by_uri(session: Session, uri: str) -> QuoteStamp | None:
    """The stamp of this town that goes by `uri`, also one that was taken back."""
    head, _, tail = uri.rpartition("/")
    known = head == f"{town.of(session).uris.origin}/quotes" and tail.isdecimal() and len(tail) < 20
    return session.get(QuoteStamp, int(tail)) if known and int(tail) <= ids.LARGEST else None
