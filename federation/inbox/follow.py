"""Follow, and the two answers to it (federation reference §1.8)."""

from sqlalchemy.orm import Session

from community import events, follows, town
from community.models import Account, Follow
from federation.inbox import join, known, quote_requests, sisterhood
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import Document, uri

_FOLLOWED_KINDS = frozenset({"person", "board", "relay"})


def apply(session: Session, inbound: Inbound) -> None:
    """A remote actor wants to follow one of us: our side answers by its own setting."""
    follower = inbound.actor(session)
    followee = known.account(session, inbound.object_uri)
    if followee is None or not followee.local or followee.kind not in _FOLLOWED_KINDS:
        raise Ignored("the Follow names nobody of this town who can be followed")
    apart = follows.are_apart(session, follower=follower, followee=followee)
    if apart or followee.moved_to_uri is not None:
        # Said as a refusal like any other: else the other side would wait for ever.
        events.record(session, events.FollowRejected(inbound.id, follower.id, followee.id))
        reason = "the two have nothing to do with each other" if apart else "who is followed moved away"
        inbound.remark = f"the Follow is refused: {reason}"
        return
    follows.request(session, follower=follower, followee=followee, uri=inbound.id)


def accept(session: Session, inbound: Inbound) -> None:
    """A remote actor lets one of us follow, or quote them; or a town becomes our sister."""
    if sisterhood.accept(session, inbound) or quote_requests.accept(session, inbound):
        return
    follows.accept(session, follow=_ours(session, inbound))


def reject(session: Session, inbound: Inbound) -> None:
    """A remote actor refuses one of us as a follower, at once or later; or a town does not want to be our sister."""
    if sisterhood.end(session, inbound) or quote_requests.reject(session, inbound):
        return
    if join.declined(session, inbound):
        return
    follows.reject(session, follow=_ours(session, inbound))


def find(session: Session, told: Document | str | None) -> Follow | None:
    """The stored follow that is meant by a Follow as others send it back: by its id, else by its two ends."""
    follow_uri = uri(told)
    follow = follows.by_uri(session, follow_uri) if follow_uri else None
    if follow is not None or not isinstance(told, dict):
        return follow
    follower = _account(session, told.get("actor"))
    followee = _account(session, told.get("object"))
    return follows.between(session, follower.id, followee.id) if follower and followee else None


def _ours(session: Session, inbound: Inbound) -> Follow:
    """The follow that is answered: asked by one of us, of the one who answers."""
    signer = inbound.actor(session)
    follow = find(session, inbound.object or inbound.object_uri)
    if follow is None or follow.followee_id != signer.id:
        raise Ignored(f"{inbound.type} of a Follow that is not known, or was asked of somebody else")
    follower = session.get_one(Account, follow.follower_id)
    if not town.of(session).uris.is_local(follower.uri):
        raise Ignored(f"{inbound.type} of a Follow that nobody of this town asked for")
    return follow


def _account(session: Session, told: object) -> Account | None:
    address = uri(told)
    return known.account(session, address) if address else None
