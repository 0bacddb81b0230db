"""Whom a member turned away from, and whom they recommend: the lists, and whole servers."""

from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from community import domain_blocks, town
from community.models import Account, Block, DomainBlock, Endorsement, Mute
from webui.mastodon import paging, people
from webui.mastodon.entities import accounts
from webui.mastodon.entities.times import iso_or_none
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_DOMAINS, _DOMAINS_MOST = 100, 200


@routes.get("/api/v1/blocks", scope="read:blocks")
async def blocks(call: Call) -> web.Response:
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        rows = select(Block.target_id.label("account_id"), Block.id.label("cursor"))
        return people.page(session, call, window, rows.where(Block.account_id == call.me), Block.id)

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/mutes", scope="read:mutes")
async def mutes(call: Call) -> web.Response:
    """Each with the moment at which the mute ends, if it does."""
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        running = or_(Mute.expires_at.is_(None), Mute.expires_at > town.now(session))
        rows = window.rows(
            session,
            select(Mute.target_id, Mute.id, Mute.expires_at).where(Mute.account_id == call.me, running),
            Mute.id,
        )
        shown = accounts.by_id(session, call.viewer, [row.target_id for row in rows])
        return paging.Shown(
            [_until(shown[row.target_id], row.expires_at) for row in rows if row.target_id in shown],
            [row.id for row in rows],
        )

    return call.paged(await call.read(unit), window)


def _until(account: orjson.Fragment, expires_at: int | None) -> dict[str, Any]:
    entity: dict[str, Any] = orjson.loads(orjson.dumps(account))
    return entity | {"mute_expires_at": iso_or_none(expires_at)}


@routes.get("/api/v1/endorsements", scope="read:accounts")
async def endorsements(call: Call) -> web.Response:
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        rows = select(Endorsement.target_id.label("account_id"), Endorsement.id.label("cursor"))
        own = rows.where(Endorsement.account_id == call.me)
        return people.page(session, call, window, own, Endorsement.id)

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/domain_blocks", scope="read:blocks")
async def servers(call: Call) -> web.Response:
    window = call.window(default=_DOMAINS, most=_DOMAINS_MOST)

    def unit(session: Session) -> paging.Shown:
        rows = window.rows(
            session,
            select(DomainBlock.domain, DomainBlock.id).where(DomainBlock.account_id == call.me),
            DomainBlock.id,
        )
        return paging.Shown([row.domain for row in rows], [row.id for row in rows])

    return call.paged(await call.read(unit), window)


@routes.post("/api/v1/domain_blocks", scope="write:blocks")
async def shut_out(call: Call) -> web.Response:
    domain = _domain(call)
    await call.write(
        lambda session: domain_blocks.block(session, account=session.get_one(Account, call.me), domain=domain)
    )
    return reply({})


@routes.delete("/api/v1/domain_blocks", scope="write:blocks")
async def let_in(call: Call) -> web.Response:
    domain = _domain(call)
    await call.write(
        lambda session: domain_blocks.unblock(session, account=session.get_one(Account, call.me), domain=domain)
    )
    return reply({})


def _domain(call: Call) -> str:
    domain = call.params.text("domain")
    if domain is None:
        raise Refusal(422, "Validation failed: Domain can't be blank")
    return domain
