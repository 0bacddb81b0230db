"""Keys, and whose word they prove: our own actors' to sign with, other actors' to verify with.

A remote key is remembered, else taken from the actor's row, else fetched: the key's address names an owner, and the
owner's own document has to list the key (federation reference §2.3).
"""

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from community import towns
from community.models import Account
from community.storage.prepared import Prepared, text_param
from federation import actors, key_documents, nodeinfo
from federation.context import Federation
from federation.http import PermanentFailure, Refused, TemporaryFailure
from federation.key_documents import PublicKey
from federation.keyring import Failure, RemoteKey
from federation.models import RemoteActor
from federation.own_keys import SealBroken, ensure_key, instance_key, key_for
from federation.signatures import LocalKey, SignatureInvalid, SignedRequest, verify
from federation.turns import Crowded
from federation.vocabulary.parse import is_actor
from federation.vocabulary.reading import Unreadable, authority, same_origin, uri

__all__ = [
    "HostRefused", "KeyGone", "KeyUnavailable", "LocalKey", "RemoteKey", "SealBroken", "ensure_key", "instance_key",
    "key_for", "prove", "public_key", "until_met",
]  # fmt: skip

COOLDOWN_MS = 300_000
"""How long a key that was fetched, or is not to be had, is not asked for again."""

_HICCUP_MS = 30_000  # the same after a failure that may pass
_REMEMBERED_MS = 300_000
_GONE = (404, 410)


class KeyUnavailable(Exception):
    """The key cannot be had at this moment. Answered with 503, so that the sender tries again."""


class KeyGone(SignatureInvalid):
    """The key, or the actor it belonged to, does not exist any more (or never did)."""


class HostRefused(SignatureInvalid):
    """The key is of a host that this town has nothing to do with. Answered with 403."""


async def prove(ctx: Federation, signed: SignedRequest) -> str:
    """The id of the actor who made the signature of `signed`.

    If the key known here does not fit, it is fetched anew, at most once in five minutes. Raises SignatureInvalid
    (also as KeyGone or HostRefused) and KeyUnavailable.
    """
    known = await public_key(ctx, signed.key_id)
    try:
        verify(signed, known.key)
    except SignatureInvalid:
        fresh = await _fresher(ctx, signed.key_id, known)
        if fresh is None:
            raise
        verify(signed, fresh.key)
        return fresh.owner
    return known.owner


async def public_key(ctx: Federation, key_id: str) -> RemoteKey:
    """The key that `key_id` names and the actor whose it is. Raises as `prove` does."""
    remembered = ctx.keyring.others.get(key_id)
    if remembered is not None and ctx.town.clock() - remembered[1] < _REMEMBERED_MS:
        return remembered[0]
    stored = await _stored(ctx, key_id)
    return stored if stored is not None else await _asked(ctx, key_id, lambda: ctx.keyring.others.get(key_id))


async def until_met(ctx: Federation, key_id: str) -> int:
    """Seconds to wait before the key of a host that was never met is fetched: not too many of one domain are met at once.
    0 for every other key.
    """
    host = authority(key_id)
    if host is None or ctx.keyring.others.get(key_id) is not None:
        return 0
    known = await ctx.database.glance(lambda session: actors.is_host_known(session, host))
    return 0 if known else ctx.rates.new_host(host)


async def _fresher(ctx: Federation, key_id: str, known: RemoteKey) -> RemoteKey | None:
    """Another key than `known` by the same id: stored meanwhile by someone else, or fetched; None if there is none."""
    stored = await _stored(ctx, key_id)
    if stored is not None and stored != known:
        return stored
    asked = ctx.keyring.asked.get(key_id)
    if asked is not None and ctx.town.clock() - asked < COOLDOWN_MS:
        return None
    fresh = await _asked(ctx, key_id, lambda: None)
    return fresh if fresh != known else None


async def _stored(ctx: Federation, key_id: str) -> RemoteKey | None:
    row = await ctx.database.glance(lambda session: _row(session, key_id))
    if row is None:
        return None
    of, text, owner, gone = row
    if gone:
        raise KeyGone(f"{owner} is gone")
    return _remember(ctx, key_id, RemoteKey(of(text), owner))


def _row(session: Session, key_id: str) -> tuple[Callable[[str], PublicKey], str, str, bool] | None:
    """The key as text and what reads it, the actor id, and whether the actor is gone."""
    for statement, of in _STORED:
        for text, owner, deleted_at in statement.rows(session, key_id=key_id):
            return of, text, owner, deleted_at is not None
    return None


def _kept(named: str, text: str) -> Prepared:
    """The actor by the id of one of its keys, with the key in the column `text`."""
    wire, account = cast("Table", RemoteActor.__table__).c, cast("Table", Account.__table__).c
    return Prepared(
        lambda _dialect: select(wire[text], account.uri, account.deleted_at)
        .join(Account.__table__, account.id == wire.account_id)
        .where(wire[named] == text_param("key_id"), wire[text].is_not(None))
        .limit(1)
    )


_STORED = (
    (_kept("key_id", "public_key_pem"), key_documents.of_pem),
    (_kept("proof_key_id", "proof_multikey"), key_documents.of_multikey),
)


def _remember(ctx: Federation, key_id: str, key: RemoteKey) -> RemoteKey:
    ctx.keyring.others.put(key_id, (key, ctx.town.clock()))
    return key


async def _asked(
    ctx: Federation, key_id: str, meanwhile: Callable[[], tuple[RemoteKey, int] | None]
) -> RemoteKey:
    """Fetch the key. A host is asked for one key at a time; what failed a moment ago is not tried again."""
    ring = ctx.keyring
    host = authority(key_id)
    if host is None or ctx.town.uris.is_local(key_id):
        raise SignatureInvalid("the keyId is no address of another server")
    try:
        async with ctx.turns.turn(("keys", host)):
            learnt = meanwhile()  # whoever waited with us may have brought it
            if learnt is not None and ctx.town.clock() - learnt[1] < _REMEMBERED_MS:
                return learnt[0]
            failure = ring.failures.get(key_id)
            if failure is not None and ctx.town.clock() < failure.until:
                raise failure.kind(failure.reason)
            with ring.fetching.place(host) as placed:
                if not placed:
                    raise KeyUnavailable("too many keys are being fetched")
                return await _fetched_or_noted(ctx, key_id, host)
    except Crowded as problem:
        raise KeyUnavailable(f"too many keys of {host} are being fetched") from problem


async def _fetched_or_noted(ctx: Federation, key_id: str, host: str) -> RemoteKey:
    if await ctx.database.glance(lambda session: towns.is_refused(session, host)):
        raise HostRefused(f"{host} is refused here")
    ring = ctx.keyring
    if ctx.town.settings.limits.enabled and ring.allowances.is_spent(host, ctx.town.clock()):
        raise KeyUnavailable(f"{host} was asked for too many keys just now")
    ring.asked.put(key_id, ctx.town.clock())
    try:
        key = await _fetched(ctx, key_id)
    except (SignatureInvalid, KeyUnavailable) as problem:
        ring.allowances.note(host, ctx.town.clock(), failed=True)
        pause = _HICCUP_MS if isinstance(problem, KeyUnavailable) else COOLDOWN_MS
        ring.failures.put(key_id, Failure(type(problem), str(problem), ctx.town.clock() + pause))
        raise
    ring.failures.drop(key_id)
    ring.allowances.note(host, ctx.town.clock(), failed=False)
    ctx.aside(nodeinfo.software(ctx, host))  # a new acquaintance: boards will want to know how to speak to it
    return _remember(ctx, key_id, key)


async def _fetched(ctx: Federation, key_id: str) -> RemoteKey:
    """The key from its own server, and its owner stored."""
    try:
        actor = await _owner(ctx, key_id)
        key = RemoteKey(key_documents.listed(actor, key_id), str(actor["id"]))
        account_gone = await ctx.database.write(
            lambda session: actors.upsert(session, actor).deleted_at is not None
        )
    except PermanentFailure as failure:
        refusal = KeyGone if failure.status in _GONE else SignatureInvalid
        raise refusal(str(failure)) from failure
    except TemporaryFailure as failure:
        raise KeyUnavailable(str(failure)) from failure
    except (Refused, Unreadable) as failure:
        raise SignatureInvalid(str(failure)) from failure
    if account_gone:
        raise KeyGone(f"{key.owner} is gone")
    return key


async def _owner(ctx: Federation, key_id: str) -> dict[str, Any]:
    """The document of the actor who owns the key, proved to come from the actor's own id.

    The key's address leads to the actor itself, or, as on GoToSocial, to a stub that names it.
    """
    signer = await instance_key(ctx)
    found = await ctx.http.get_json(key_id, signer=signer)
    body = found.body
    if is_actor(body) and body.get("inbox") and found.id == found.url:
        owner: str | None = found.id
    else:
        entry = body if uri(body.get("id")) == key_id else key_documents.entry(body, key_id)
        owner = uri(entry.get("owner") or entry.get("controller")) or uri(body.get("id"))
        if owner is not None and same_origin(owner, key_id):
            body = await ctx.http.get_object(owner, signer=signer)
    if owner is None or not same_origin(owner, key_id) or body.get("id") != owner:
        raise SignatureInvalid("the key names no owner on its own host")
    return body
