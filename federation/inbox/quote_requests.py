"""QuoteRequest, and the answers to ours (FEP-044f): who may show whose post inside their own."""

from sqlalchemy.orm import Session

from community import quote_stamps, quotes, town
from community.models import Account, Post
from federation.inbox import known, placing
from federation.inbox.inbound import Ignored, Inbound
from federation.outbox import sayings
from federation.vocabulary.notes import is_note
from federation.vocabulary.reading import Document, same_origin, type_of, uri

_TYPE = "QuoteRequest"


def needs(session: Session, inbound: Inbound) -> list[str]:
    """The quoting post, if it is not enclosed: whoever is quoted may want to see it."""
    quoted, quoting_uri = _asked_about(session, inbound)
    if known.post(session, quoting_uri) is not None or quoted.deleted_at is not None:
        return []
    enclosed = inbound.activity.get("instrument")
    if isinstance(enclosed, dict) and is_note(enclosed) and uri(enclosed.get("attributedTo")) == inbound.actor_uri:
        inbound.documents.setdefault(quoting_uri, enclosed)  # its author signed it
    return placing.needs_of_context(session, inbound, quoting_uri, above=placing.PARENTS_MOST)


def apply(session: Session, inbound: Inbound) -> None:
    """Somebody elsewhere wants to quote a post of ours: as its author has it, they are given a stamp or refused."""
    requester = inbound.actor(session)
    quoted, quoting_uri = _asked_about(session, inbound)
    quoting = placing.known_or_fetched(session, inbound, quoting_uri, above=placing.PARENTS_MOST)
    if quoting is not None and quoting.author_id != requester.id:
        raise Ignored("a QuoteRequest for what somebody else wrote")
    stamp = quotes.ask(
        session, author=requester, quoted=quoted, quoting_uri=quoting_uri, request_uri=inbound.id
    )
    if stamp is None:
        inbound.remark = "the QuoteRequest is refused"
    elif quoting is not None and quoting.quote_uri == quoted.uri:
        _show(session, quoting, requester, quoted, quote_stamps.uri_of(session, stamp))


def accept(session: Session, inbound: Inbound) -> bool:
    """Accept of a QuoteRequest of ours: the quote stands by the stamp that is its result. False if it is another Accept."""
    post = _answered(session, inbound)
    if post is None:
        return False
    stamp = uri(inbound.activity.get("result"))
    if stamp is None or not same_origin(stamp, inbound.actor_uri):
        raise Ignored("an Accept of a QuoteRequest without a stamp of the quoted author's own server")
    quotes.accept(session, post=post, stamp=stamp)
    return True


def reject(session: Session, inbound: Inbound) -> bool:
    """Reject of a QuoteRequest of ours, at once or later. False if it is another Reject."""
    post = _answered(session, inbound)
    if post is None:
        return False
    quotes.refuse(session, post=post)
    return True


def _asked_about(session: Session, inbound: Inbound) -> tuple[Post, str]:
    """The post of ours, and the id of the one that quotes it, which has to be of the asker's own server."""
    quoted = known.post(session, inbound.object_uri)
    if quoted is None or not quoted.local or quoted.deleted_at is not None or quoted.kind == "boost":
        raise Ignored("a QuoteRequest for nothing that stands here")
    quoting_uri = uri(inbound.activity.get("instrument"))
    if quoting_uri is None or not same_origin(quoting_uri, inbound.actor_uri):
        raise Ignored("a QuoteRequest for a post of another host")
    return quoted, quoting_uri


def _show(session: Session, quoting: Post, requester: Account, quoted: Post, stamp: str) -> None:
    if quoting.quote_of_id == quoted.id and quoting.quote_state == quotes.ACCEPTED:
        quoting.quote_authorization = stamp
        session.flush()
        return
    quotes.attach(session, quoting, author=requester, quoted=quoted, uri=quoted.uri, stamp=stamp)
    quotes.touch(session, quoting.id)


def _answered(session: Session, inbound: Inbound) -> Post | None:
    """The post of ours whose quote the signer decides about; None if the activity is about something else."""
    told = inbound.object
    if told is not None and type_of(told) != _TYPE:
        return None
    said = sayings.said_under(session, inbound.object_uri)
    if said is not None and said.type != _TYPE:
        return None
    if said is not None and said.post_id is not None:
        post = session.get(Post, said.post_id)
    elif told is not None:
        post = _instrument(session, told)
    else:
        return None
    if post is None or post.quote_of_id is None or not town.of(session).uris.is_local(post.uri):
        raise Ignored(f"{inbound.type} of a QuoteRequest that nobody of this town made")
    quoted = session.get_one(Post, post.quote_of_id)
    if session.get_one(Account, quoted.author_id).uri != inbound.actor_uri:
        raise Ignored(f"{inbound.type} of a QuoteRequest by somebody who is not quoted")
    return post


def _instrument(session: Session, told: Document) -> Post | None:
    address = uri(told.get("instrument"))
    return known.post(session, address) if address is not None else None
