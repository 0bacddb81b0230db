"""The keys of our own actors: RSA-2048, made when first needed, sealed with the key file before they are stored."""

import asyncio
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import founding, inserts, town
from community.errors import NotFound
from community.models import LOCAL, Account
from federation.context import Federation
from federation.models import ActorKey
from federation.signatures import LocalKey

_BITS = 2048
_NONCE = 12  # bytes, in front of the sealed text


class SealBroken(Exception):
    """A stored key cannot be opened with this town's key file: the file and the database do not belong together."""


async def ensure_key(ctx: Federation, account_id: int) -> LocalKey:
    """The key of a local account, made on first need. Raises NotFound for a remote or unknown one, SealBroken."""
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
    key = await ctx.database.read(lambda session: _stored(session, account_id))
    if key is not None:
        return key
    private_pem, public_pem = await asyncio.to_thread(_make)  # 50 to 300 ms
    return await ctx.database.write(lambda session: _store(session, account_id, private_pem, public_pem))


def _stored(session: Session, account_id: int) -> LocalKey | None:
    """The key as it is stored, opened; None if there is none yet. Raises NotFound, SealBroken."""
    uri = session.scalar(select(Account.uri).where(Account.id == account_id, Account.domain == LOCAL))
    if uri is None:
        raise NotFound("その人は見つかりませんでした。")
    sealed = session.scalar(select(ActorKey.private_sealed).where(ActorKey.account_id == account_id))
    if sealed is None:
        return None
    # Our own keys were checked when they were made; checking again takes 45 ms.
    private = load_pem_private_key(
        _unsealed(town.of(session).keys.sealing, account_id, sealed),
        None,
        unsafe_skip_rsa_key_validation=True,
    )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise SealBroken(f"the key of account {account_id} is no RSA key")
    return LocalKey(key_id(uri), private)


def _store(session: Session, account_id: int, private_pem: bytes, public_pem: str) -> LocalKey:
    """Keep a new key; if another process was quicker, its key counts."""
    inserts.new_row(
        session,
        ActorKey,
        account_id=account_id,
        public_pem=public_pem,
        private_sealed=_sealed(town.of(session).keys.sealing, account_id, private_pem),
        created_at=town.now(session),
    )
    key = _stored(session, account_id)
    assert key is not None
    return key


def key_id(actor_uri: str) -> str:
    """The id of an actor's one key; Lemmy wants the fragment."""
    return f"{actor_uri}#main-key"


def _make() -> tuple[bytes, str]:
    """A new key pair: the private half as PKCS#8 PEM, the public one as SPKI PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )


def _sealed(sealing: bytes, account_id: int, private_pem: bytes) -> bytes:
    """Bound to its account: a sealed key that is moved to another row does not open."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(sealing).encrypt(nonce, private_pem, _bound_to(account_id))


def _unsealed(sealing: bytes, account_id: int, sealed: bytes) -> bytes:
    try:
        return AESGCM(sealing).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound_to(account_id))
    except (InvalidTag, ValueError) as problem:
        raise SealBroken(
            f"the key of account {account_id} was sealed with another key file than keys/sealing"
        ) from problem


def _bound_to(account_id: int) -> bytes:
    return f"actor_keys:{account_id}".encode()
