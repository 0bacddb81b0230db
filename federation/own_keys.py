"""The keys of our own actors, made when first needed: RSA-2048 for requests, Ed25519 for integrity proofs.

Which RSA key signs just now, and which one others are told of, can differ for a moment: see `rotation`.
"""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import founding, inserts, town
from community.errors import NotFound
from community.models import LOCAL, Account
from federation import multikey, seals
from federation.context import Federation
from federation.models import ActorKey
from federation.seals import SealBroken
from federation.signatures import LocalKey
from federation.vocabulary import terms

__all__ = ["SealBroken", "ensure_key", "instance_key", "key_id"]


async def ensure_key(ctx: Federation, account_id: int) -> LocalKey:
    """The keys of a local account, made on first need. Raises NotFound for a remote or unknown one, SealBroken."""
    ring = ctx.keyring
    key = ring.own.get(account_id)
    if key is not None:
        return key
    async with ctx.turns.turn(("own", account_id), most_waiting=1 << 30):
        key = ring.own.get(account_id)
        if key is None:
            key = await _stored_or_made(ctx, account_id)
            ring.own.put(account_id, key)
    return key


async def instance_key(ctx: Federation) -> LocalKey:
    """The key of the town's own actor, which signs every fetch (federation reference §2.3)."""
    ring = ctx.keyring
    if ring.instance_id is None:
        ring.instance_id = await ctx.database.read(lambda session: founding.instance_account(session).id)
    return await ensure_key(ctx, ring.instance_id)


async def _stored_or_made(ctx: Federation, account_id: int) -> LocalKey:
    key = await ctx.database.read(lambda session: stored(session, account_id))
    if key is not None and key.proof_key is not None:
        return key
    # A town of an earlier version has the first pair and lacks the second.
    made = None if key is not None else await asyncio.to_thread(seals.make_rsa)
    return await ctx.database.write(lambda session: _store(session, account_id, made))


def stored(session: Session, account_id: int) -> LocalKey | None:
    """The keys as they are stored, opened; None if there are none yet. Raises NotFound, SealBroken."""
    uri = session.scalar(select(Account.uri).where(Account.id == account_id, Account.domain == LOCAL))
    if uri is None:
        raise NotFound("その人は見つかりませんでした。")
    row = session.execute(
        select(ActorKey.private_sealed, ActorKey.proof_sealed).where(ActorKey.account_id == account_id)
    ).one_or_none()
    if row is None:
        return None
    sealing = town.of(session).keys.sealing
    return LocalKey(
        key_id(uri),
        seals.open_rsa(sealing, account_id, row.private_sealed),
        f"{uri}{terms.PROOF_KEY}",
        None if row.proof_sealed is None else seals.open_proof(sealing, account_id, row.proof_sealed),
    )


def _store(session: Session, account_id: int, made: tuple[bytes, str] | None) -> LocalKey:
    """Keep new keys; if another process was quicker, its keys count."""
    sealing = town.of(session).keys.sealing
    if made is not None:
        private_pem, public_pem = made
        inserts.new_row(
            session,
            ActorKey,
            account_id=account_id,
            public_pem=public_pem,
            private_sealed=seals.seal_rsa(sealing, account_id, private_pem),
            created_at=town.now(session),
        )
    proof_key = Ed25519PrivateKey.generate()
    session.execute(
        update(ActorKey)
        .where(ActorKey.account_id == account_id, ActorKey.proof_sealed.is_(None))
        .values(
            proof_multikey=multikey.write(proof_key.public_key()),
            proof_sealed=seals.seal_proof(sealing, account_id, proof_key),
        )
        .execution_options(synchronize_session=False)
    )
    key = stored(session, account_id)
    assert key is not None
    return key


def key_id(actor_uri: str) -> str:
    """The id of an actor's RSA key; Lemmy wants the fragment."""
    return f"{actor_uri}#main-key"
