"""The keys of our own actors, made when first needed: RSA-2048 for requests, Ed25519 for integrity proofs.

After a rotation (`rotation`) the former RSA key signs what was said before it, so that whoever has not heard of the new
key can tell that it is ours; the news itself is the last thing that it signs.
"""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import founding, ids, inserts, town
from community.errors import NotFound
from community.models import LOCAL, Account
from federation import multikey, seals
from federation.context import Federation
from federation.keyring import OwnKey
from federation.models import ActorKey
from federation.seals import SealBroken
from federation.signatures import LocalKey
from federation.vocabulary import terms

__all__ = ["FORMER_MS", "SealBroken", "ensure_key", "instance_key", "key_for", "key_id"]

FORMER_MS = 48 * 3_600_000
"""For how long a key that was replaced still signs what was said before."""

_LOOK_EVERY_MS = 60_000


async def ensure_key(ctx: Federation, account_id: int) -> LocalKey:
    """The keys of a local account, made on first need. Raises NotFound for a remote or unknown one, SealBroken."""
    return (await _own(ctx, account_id)).key


async def key_for(ctx: Federation, account_id: int, *, said: int, rotated_at: int | None) -> LocalKey:
    """The keys for sending what the account said as the outbox item `said`; `rotated_at` is what the database says now.

    The former key has no other half that makes proofs: whoever heard of the new one would not believe them. Raises as
    `ensure_key`.
    """
    own = ctx.keyring.own.get(account_id)
    if own is None or own.rotated_at != rotated_at:
        own = await _own(ctx, account_id, anew=own is not None)
    if own.former is None or own.rotated_at is None or ids.moment(said) > own.rotated_at:
        return own.key
    return own.former if ctx.town.clock() - own.rotated_at < FORMER_MS else own.key


async def _own(ctx: Federation, account_id: int, *, anew: bool = False) -> OwnKey:
    """What is known of the account's keys, looked up once a minute: another process may have changed them."""
    ring, now = ctx.keyring, ctx.town.clock()
    own = ring.own.get(account_id)
    if own is not None and not anew and now - own.looked_at < _LOOK_EVERY_MS:
        return own
    async with ctx.turns.turn(("own", account_id), most_waiting=1 << 30):
        known = ring.own.get(account_id)
        if known is None or known is own:
            known = await _stored_or_made(ctx, account_id)
            ring.own.put(account_id, known)
    return known


async def instance_key(ctx: Federation) -> LocalKey:
    """The key of the town's own actor, which signs every fetch (federation reference §2.3)."""
    ring = ctx.keyring
    if ring.instance_id is None:
        ring.instance_id = await ctx.database.read(lambda session: founding.instance_account(session).id)
    return await ensure_key(ctx, ring.instance_id)


async def _stored_or_made(ctx: Federation, account_id: int) -> OwnKey:
    own = await ctx.database.read(lambda session: _stored(session, account_id))
    if own is not None and own.key.proof_key is not None:
        return own
    # A town of an earlier version has the first pair and lacks the second.
    made = None if own is not None else await asyncio.to_thread(seals.make_rsa)
    return await ctx.database.write(lambda session: _store(session, account_id, made))


def _stored(session: Session, account_id: int) -> OwnKey | None:
    """The keys as they are stored, opened; None if there are none yet. Raises NotFound, SealBroken."""
    uri = session.scalar(select(Account.uri).where(Account.id == account_id, Account.domain == LOCAL))
    if uri is None:
        raise NotFound("その人は見つかりませんでした。")
    row = session.get(ActorKey, account_id, populate_existing=True)
    if row is None:
        return None
    now, sealing = town.now(session), town.of(session).keys.sealing
    is_remembered = row.rotated_at is not None and now - row.rotated_at < FORMER_MS
    former = seals.open_rsa(sealing, account_id, row.old_sealed) if is_remembered and row.old_sealed else None
    proof_key = None if row.proof_sealed is None else seals.open_proof(sealing, account_id, row.proof_sealed)
    return OwnKey(
        LocalKey(
            key_id(uri), seals.open_rsa(sealing, account_id, row.private_sealed), f"{uri}{terms.PROOF_KEY}", proof_key
        ),
        LocalKey(key_id(uri), former) if former is not None else None,
        row.rotated_at,
        now,
    )


def _store(session: Session, account_id: int, made: tuple[bytes, str] | None) -> OwnKey:
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
    own = _stored(session, account_id)
    assert own is not None
    return own


def key_id(actor_uri: str) -> str:
    """The id of an actor's RSA key; Lemmy wants the fragment."""
    return f"{actor_uri}#main-key"
