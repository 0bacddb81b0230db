"""From what a member typed to what is stored here: people and boards by handle or address, posts by address.

The one door to the network for pages. Whatever goes wrong out there comes back as one kind sentence.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts as stored_posts
from community import town, towns
from community.errors import NotAllowed, NotFound
from community.models import Account
from federation import actors, bringing, documents, errands, nodeinfo, resolver, webfinger
from federation.catching_up.looking import (
    featured_opened,
    poll_opened,
    post_opened,
    profile_opened,
    thread_opened,
)
from federation.context import Federation
from federation.http import Page, PermanentFailure, Refused, TemporaryFailure
from federation.keys import instance_key
from federation.links import activity_of
from federation.models import RemoteActor
from federation.vocabulary.parse import read_actor
from federation.vocabulary.reading import Unreadable, authority
from federation.webfinger import Handle

FRESH_MS = 86_400_000
"""How old (ms) what we know of a remote account may be before a lookup asks for it again."""

__all__ = [
    "account", "featured_opened", "poll_opened", "post", "post_opened", "profile_opened", "thread_opened",
]  # fmt: skip

_NOBODY = "「%(wanted)s」は見つかりませんでした。名前とまちのアドレスを、もう一度たしかめてください。"
_NO_POST = "「%(wanted)s」は見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
_NO_ANSWER = "「%(wanted)s」のまちから、いま返事がありません。しばらくしてから、もう一度お試しください。"
_STOPPED = "%(domain)s とは、やりとりを止めています。"
_LONGEST_SHOWN = 100
_KINDS = ("person", "board", "relay", "instance")
_OUR_PATH = re.compile(r"/(?:@|users/|boards/)([^/?#]+)/?")


async def account(ctx: Federation, text: str) -> int:
    """The id of the account that `text` names: `@name@host`, `name@host:port`, `acct:…`, `@name` for one of ours, or
    the address of an actor or of a profile page. A remote one is fetched, and stored or brought up to date.

    Raises NotFound, NotAllowed for a host that this town has nothing to do with.
    """
    wanted = text.strip()
    if wanted.startswith(("https://", "http://")):
        return await _by_address(ctx, wanted)
    handle = webfinger.parse(wanted)
    if handle is None:
        raise NotFound(_NOBODY, wanted=wanted[:_LONGEST_SHOWN])
    return await _by_handle(ctx, handle, wanted)


async def post(ctx: Federation, uri: str) -> int:
    """The id of the post at the address `uri`; a remote one is fetched, with what it answers, and stored.

    Whether somebody may see it is not asked here. Raises as `account` does.
    """
    wanted = uri.strip()
    post_id = await ctx.database.read(lambda session: _known_post(session, wanted))
    if post_id is not None:
        return post_id
    if ctx.town.uris.is_local(wanted):
        raise NotFound(_NO_POST, wanted=wanted[:_LONGEST_SHOWN])
    await _check_host(ctx, authority(wanted))
    async with _kindly(_NO_POST, wanted):
        document = await _document(ctx, wanted)
        return await _placed(ctx, document)


async def _by_handle(ctx: Federation, handle: Handle, wanted: str) -> int:
    if not handle.host or ctx.town.uris.is_home(handle.host):
        return await _ours(ctx, handle.name, wanted)
    known, fresh = await ctx.database.read(lambda session: _known_handle(session, handle))
    if known is not None and fresh:
        return known
    await _check_host(ctx, handle.host)
    try:
        async with _kindly(_NOBODY, wanted):
            found = await webfinger.resolve(ctx, handle)
            if ctx.town.uris.is_local(found.actor):
                if not ctx.town.uris.is_home(found.handle.host):
                    raise Refused(f"{found.handle.acct} is no name of ours")
                return await _by_address(ctx, found.actor)
            await _check_host(ctx, authority(found.actor))
            actor = await ctx.http.get_object(found.actor, signer=await instance_key(ctx))
            return await _stored(ctx, actor, found.handle)
    except NotFound:
        if known is None:
            raise
        return known  # better what we know than nothing, while the other side cannot be asked


async def _by_address(ctx: Federation, wanted: str) -> int:
    if ctx.town.uris.is_local(wanted):
        path = _OUR_PATH.fullmatch(wanted.removeprefix(ctx.town.uris.origin))
        name = path[1] if path else ctx.town.uris.host if wanted == ctx.town.uris.actor else ""
        return await _ours(ctx, name, wanted)
    known, fresh = await ctx.database.read(lambda session: _known_actor(session, wanted))
    if known is not None and fresh:
        return known
    await _check_host(ctx, authority(wanted))
    try:
        async with _kindly(_NOBODY, wanted):
            return await _stored(ctx, await _document(ctx, wanted))
    except NotFound:
        if known is None:
            raise
        return known


async def _document(ctx: Federation, address: str) -> dict[str, Any]:
    """The object that stands at `address`, or that the page there is about, fetched from where its id is."""
    signer = await instance_key(ctx)
    found = await ctx.http.get_page(address, signer=signer)
    if isinstance(found, Page):
        named = activity_of(found) or await webfinger.resolve_address(ctx, address)
        await _check_host(ctx, authority(named))
        return await ctx.http.get_object(named, signer=signer)
    return await ctx.http.proved(found, signer=signer)


async def _stored(ctx: Federation, document: dict[str, Any], claimed: Handle | None = None) -> int:
    """Store the actor under its handle, which has to be the `claimed` one. Raises Unreadable if it is no actor."""
    actor = read_actor(document)
    host = authority(actor.id) or ""
    await _check_host(ctx, host)
    domain = await webfinger.home_of(ctx, document, claimed)
    await _check_host(ctx, domain)
    account_id = await ctx.database.write(lambda session: _store(session, document, domain))
    ctx.aside(nodeinfo.software(ctx, host))
    return account_id


def _store(session: Session, document: dict[str, Any], domain: str) -> int:
    row = actors.upsert(session, document, domain=domain)
    if row.deleted_at is not None:
        raise NotFound(_NOBODY, wanted=row.handle)
    return row.id


async def _placed(ctx: Federation, document: dict[str, Any]) -> int:
    """Store the post that `document` describes, with its author and what it answers; its id here."""
    post_id = await bringing.bring(ctx, document, partial(resolver.dereference, ctx))
    if post_id is None:
        raise NotFound(_NO_POST, wanted=str(document["id"])[:_LONGEST_SHOWN])
    # Somebody looks at it now: what was said under it elsewhere comes after it.
    await ctx.database.write(lambda session: errands.enqueue(session, errands.REPLIES, str(document["id"])))
    return post_id


async def _ours(ctx: Federation, name: str, wanted: str) -> int:
    row = await ctx.database.read(
        lambda session: documents.local_account(session, name.casefold(), *_KINDS) if name else None
    )
    if row is None or row.deleted_at is not None:
        raise NotFound(_NOBODY, wanted=wanted[:_LONGEST_SHOWN])
    return row.id


def _known_handle(session: Session, handle: Handle) -> tuple[int | None, bool]:
    """The account stored under `handle`, and whether it was fetched lately."""
    row = session.execute(
        select(Account.id, RemoteActor.fetched_at)
        .join(RemoteActor, RemoteActor.account_id == Account.id)
        .where(
            Account.domain == handle.host,
            Account.name == handle.name.casefold(),
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
        )
    ).one_or_none()
    return _with_age(session, None if row is None else (row[0], row[1]))


def _known_actor(session: Session, uri: str) -> tuple[int | None, bool]:
    row = session.execute(
        select(Account.id, RemoteActor.fetched_at)
        .join(RemoteActor, RemoteActor.account_id == Account.id)
        .where(Account.uri == uri, Account.deleted_at.is_(None), Account.suspended_at.is_(None))
    ).one_or_none()
    return _with_age(session, None if row is None else (row[0], row[1]))


def _with_age(session: Session, row: tuple[int, int] | None) -> tuple[int | None, bool]:
    return (None, False) if row is None else (row[0], town.now(session) - row[1] < FRESH_MS)


def _known_post(session: Session, uri: str) -> int | None:
    row = stored_posts.by_uri(session, uri)
    return row.id if row is not None and row.deleted_at is None else None


async def _check_host(ctx: Federation, host: str | None) -> None:
    if host is not None and await ctx.database.read(lambda session: towns.is_refused(session, host)):
        raise NotAllowed(_STOPPED, domain=host)


@asynccontextmanager
async def _kindly(sentence: str, wanted: str) -> AsyncIterator[None]:
    """Tells what went wrong out there in one sentence about what was `wanted`."""
    shown = wanted[:_LONGEST_SHOWN]
    try:
        yield
    except TemporaryFailure as failure:
        raise NotFound(_NO_ANSWER, wanted=shown) from failure
    except (PermanentFailure, Refused, Unreadable) as failure:
        raise NotFound(sentence, wanted=shown) from failure
