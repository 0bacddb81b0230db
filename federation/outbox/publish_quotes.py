"""Quotes with consent (FEP-044f): asking others whether one of us may quote them, and answering those who ask us."""

from sqlalchemy.orm import Session

from community import anonymity, events, ids, quote_stamps, quotes, town
from community.models import Account, Post, QuoteStamp
from federation.outbox import addressing, sayings
from federation.outbox.hearing import hearers
from federation.outbox.moments import moment
from federation.vocabulary import activities, audience, render, terms
from federation.vocabulary.audience import Audience

_SHOWN = ("open", "unlisted")


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.PostCreated, quoted)
    bus.subscribe(events.QuoteGranted, granted)
    bus.subscribe(events.QuoteRefused, refused)
    bus.subscribe(events.StampRevoked, revoked)


def quoted(session: Session, event: events.PostCreated) -> None:
    """QuoteRequest to the author elsewhere whose consent a new post of ours needs.

    The post is enclosed where everybody may read it, for Mastodon looks at it before it agrees; of another one only the
    id is told.
    """
    post = session.get_one(Post, event.post_id)
    if not post.local or post.quote_state != quotes.PENDING or post.quote_of_id is None or post.deleted_at is not None:
        return
    about = session.get_one(Post, post.quote_of_id)
    author = anonymity.public_author(session, about)
    if author.local or post.visibility == "town":
        return
    quoter = anonymity.public_author(session, post)
    instrument = render.note(session, post) if post.visibility in _SHOWN else post.uri
    now = town.now(session)
    activity = activities.quote_request(_new_uri(session), quoter, about.uri, instrument, author=author, now=now)
    inboxes = addressing.of_accounts(session, (author,), own=True)
    sayings.say(session, quoter, activity, inboxes, about=f"{post.uri}#quote", at=now, post=post)


def granted(session: Session, event: events.QuoteGranted) -> None:
    """Accept, with the stamp as its result."""
    stamp = session.get_one(QuoteStamp, event.stamp_id)
    uri = quote_stamps.uri_of(session, stamp)
    _answer(
        session, "Accept", request_uri=event.request_uri, quoting_uri=stamp.quoting_uri, post_id=stamp.post_id,
        requester_id=stamp.account_id, stamp=uri,
    )  # fmt: skip


def refused(session: Session, event: events.QuoteRefused) -> None:
    _answer(
        session, "Reject", request_uri=event.request_uri, quoting_uri=event.quoting_uri, post_id=event.post_id,
        requester_id=event.account_id,
    )  # fmt: skip


def revoked(session: Session, event: events.StampRevoked) -> None:
    """Delete of the stamp, to who quotes and to whoever may show the two posts together."""
    stamp = session.get_one(QuoteStamp, event.stamp_id)
    post, quoter = session.get_one(Post, stamp.post_id), session.get_one(Account, stamp.account_id)
    around = audience.company(session, post)
    if post.visibility not in _SHOWN:
        return
    now = town.now(session)
    heard = Audience((terms.PUBLIC, quoter.uri), ())
    uri = quote_stamps.uri_of(session, stamp)
    at = moment(around.author, now)
    activity = activities.delete(_new_uri(session), around.author, uri, now=at, heard=heard)
    inboxes = [
        *addressing.of_accounts(session, (quoter,)),
        *hearers(session, post, around),
        *addressing.reached(session, post.uri),
        *addressing.reached(session, stamp.quoting_uri),
    ]
    sayings.say(session, around.author, activity, inboxes, about=uri, at=now, post=post)


def _answer(
    session: Session,
    kind: str,
    *,
    request_uri: str,
    quoting_uri: str,
    post_id: int,
    requester_id: int,
    stamp: str | None = None,
) -> None:
    post, requester = session.get_one(Post, post_id), session.get_one(Account, requester_id)
    author = anonymity.public_author(session, post)
    now = town.now(session)
    activity = activities.answer_to_quote(
        kind, _new_uri(session), author,
        request_uri=request_uri, requester=requester, quoted_uri=post.uri, quoting_uri=quoting_uri,
        now=moment(author, now), stamp=stamp,
    )  # fmt: skip
    inboxes = addressing.of_accounts(session, (requester,), own=True)
    sayings.say(session, author, activity, inboxes, about=request_uri, at=now)


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
