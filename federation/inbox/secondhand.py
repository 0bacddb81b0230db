"""What somebody passes on of what another one said: believed for its own proof, or as its origin tells it.

The word of whoever passes it on, a board or a neighbour, stands for nothing (federation reference §2.3).
"""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from federation import multikey, proofs
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.models import RemoteActor
from federation.vocabulary.notes import is_note
from federation.vocabulary.parse import read_actor
from federation.vocabulary.reading import Document, Unreadable, same_origin, type_of, uri

ABOUT_AN_OBJECT = frozenset({"Create", "Update", "Delete"})
"""What can be seen at its origin even where the activity itself cannot: there is the post, or it is gone."""


def proved_or_from_origin(session: Session, outer: Inbound, carried: Inbound) -> Inbound | list[str]:
    """`carried`, which `outer` brings, if its own proof holds; else as its origin tells it, or what to fetch for that."""
    claim = proofs.claim_of(carried.activity)
    if claim is not None and same_origin(claim.method, carried.actor_uri):
        key = _key_of(session, outer, carried.actor_uri, claim.method)
        if key is None and (wanted := outer.to_fetch([carried.actor_uri])):
            return wanted  # the actor was never met, or has another key by now
        if key is not None and _holds(carried, key):
            return carried
    return _from_origin(outer, carried)


def _holds(carried: Inbound, key: Ed25519PublicKey) -> bool:
    try:
        proofs.verify(carried.activity, key, now=carried.now)
    except proofs.ProofInvalid:
        return False
    return True


def _key_of(session: Session, outer: Inbound, actor_uri: str, method: str) -> Ed25519PublicKey | None:
    """The key `method` of the actor, as its document lists it now or when it was last seen: nobody's key proves what
    another one says (FEP-8b32). None for an actor that is gone.
    """
    account = known.account(session, actor_uri)
    if account is None or account.deleted_at is not None:
        return None
    if (document := outer.documents.get(actor_uri)) is not None:
        return _listed(document, actor_uri, method)
    text = session.scalar(
        select(RemoteActor.proof_multikey)
        .where(RemoteActor.account_id == account.id, RemoteActor.proof_key_id == method)
    )
    try:
        return multikey.read(text) if text else None
    except multikey.Unreadable:
        return None


def _listed(document: Document, actor_uri: str, method: str) -> Ed25519PublicKey | None:
    try:
        actor = read_actor(document)
        fits = actor.id == actor_uri and actor.proof_key_id == method
        return multikey.read(actor.proof_multikey or "") if fits else None
    except (Unreadable, multikey.Unreadable):
        return None


def _from_origin(outer: Inbound, carried: Inbound) -> Inbound | list[str]:
    """An activity of another host, as its origin tells it.

    Where the activity itself cannot be fetched (Mastodon's Creates can, most others not), the post it is about can:
    what its origin serves now is what it says, and what its origin has buried is deleted. Then nothing but somebody
    else's word stands for the id of the activity, and it goes without: they could use up ids that the origin has yet to
    use.
    """
    document = outer.documents.get(carried.id)
    if document is not None:
        return _checked(outer.inside(document, carried.via), carried)
    if carried.id not in outer.unavailable:
        return [carried.id]
    target = carried.object_uri
    if carried.type not in ABOUT_AN_OBJECT or not same_origin(target, carried.actor_uri):
        raise Ignored("what was passed on could not be had from its origin")
    document = outer.documents.get(target)
    if document is not None:
        return _as_update(outer, _nameless(outer, carried), document)
    if target not in outer.unavailable:
        return [target]
    if carried.type != "Delete" or target not in outer.buried:
        raise Ignored("the post that was passed on could not be had from its origin")
    return _nameless(outer, carried)


def _nameless(outer: Inbound, carried: Inbound) -> Inbound:
    return outer.inside({key: value for key, value in carried.activity.items() if key != "id"}, carried.via)


def _checked(fetched: Inbound, carried: Inbound) -> Inbound:
    if fetched.id != carried.id or fetched.actor_uri != carried.actor_uri or fetched.type != carried.type:
        raise Ignored("the origin of what was passed on tells it otherwise")
    return fetched


def _as_update(outer: Inbound, carried: Inbound, document: Document) -> Inbound:
    if carried.type == "Delete" and type_of(document) != "Tombstone":
        raise Ignored("a Delete was passed on of a post that still stands")
    if carried.type == "Delete":
        return carried
    if not is_note(document) or uri(document.get("id")) != carried.object_uri:
        raise Ignored("the post that was passed on is not what its origin serves")
    return outer.inside({**carried.activity, "object": document}, carried.via)
