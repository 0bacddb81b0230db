"""Block: somebody elsewhere has nothing to do with one of us any more (federation reference §1.8)."""

from sqlalchemy.orm import Session

from community import blocks
from community.models import Account, Block
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import Document, uri

_BLOCKED_KINDS = frozenset({"person", "board", "relay"})


def apply(session: Session, inbound: Inbound) -> None:
    """Keep it as a row; follows between the two end."""
    if inbound.activity.get("target") is not None:
        raise Ignored("a Block by which somebody is shut out of a board of another server")
    account = inbound.actor(session)
    target = known.account(session, inbound.object_uri)
    if target is None or not target.local or target.kind not in _BLOCKED_KINDS:
        raise Ignored("the Block names nobody of this town")
    blocks.block(session, account=account, target=target, uri=inbound.id)


def find(session: Session, signer: Account, told: Document | str | None) -> Block | None:
    """The stored block of `signer` that an Undo means: by its id, else by whom it names."""
    block_uri = uri(told)
    found = blocks.by_uri(session, block_uri) if block_uri else None
    if found is not None or not isinstance(told, dict):
        return found
    target_uri = uri(told.get("object"))
    target = known.account(session, target_uri) if target_uri else None
    return blocks.between(session, signer.id, target.id) if target is not None else None
