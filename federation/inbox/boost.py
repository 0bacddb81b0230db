"""Announce by a person: a boost (federation reference §1.1). What boards announce is read in `announce`."""

from sqlalchemy.orm import Session

from community import boosts, town, towns
from community.models import Post
from community.visibility import FOLLOWERS, OPEN, UNLISTED
from federation.inbox import known, placing, sight
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import terms
from federation.vocabulary.reading import authority, moment, uris


def needs(session: Session, inbound: Inbound) -> list[str]:
    """The post, if it is not known and somebody here follows who passes it on."""
    _check(session, inbound)
    return placing.needs_of_context(session, inbound, inbound.object_uri)


def apply(session: Session, inbound: Inbound) -> None:
    """A boost of a post that is known, or was fetched from its origin; whatever else came inside counts for nothing."""
    _check(session, inbound)
    post = placing.known_or_fetched(session, inbound, inbound.object_uri)
    if post is None:
        raise Ignored("what was boosted could not be had from its origin")
    boosts.boost(
        session,
        account=inbound.actor(session),
        post=post,
        visibility=_visibility(inbound),
        uri=inbound.id,
        published=moment(inbound.activity.get("published")),
    )


def take_back(session: Session, account_id: int, boost: Post) -> None:
    """Undo it; only the one who did it may."""
    if boost.author_id != account_id:
        raise Ignored("an Undo of what somebody else did")
    boosts.remove(session, boost)


def find(session: Session, account_id: int, *, uri: str, target: str | None) -> Post | None:
    """A boost by its id, else by who passed what on."""
    found = boosts.by_uri(session, uri)
    if found is not None or target is None:
        return found
    post = known.post(session, target)
    return boosts.between(session, account_id, post.id) if post is not None else None


def _check(session: Session, inbound: Inbound) -> None:
    """Ignored unless it passes on a post of ours, or somebody here follows who passes it on."""
    target = inbound.object_uri
    host = authority(target)
    if host is None or towns.is_refused(session, host):
        raise Ignored("a boost of something of a host that this town refuses, or of nothing")
    booster = inbound.actor(session)
    if not town.of(session).uris.is_local(target) and not sight.is_followed(session, [booster.id]):
        raise Ignored("nobody here follows who boosted it")


def _visibility(inbound: Inbound) -> str:
    if not terms.PUBLIC_NAMES.isdisjoint(uris(inbound.activity.get("to"))):
        return OPEN
    return FOLLOWERS if terms.PUBLIC_NAMES.isdisjoint(uris(inbound.activity.get("cc"))) else UNLISTED
