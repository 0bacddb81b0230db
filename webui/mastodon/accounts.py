"""Accounts and what a member does about them: /api/v1/accounts. Their posts are in `timelines`."""

from typing import Any

import orjson
from aiohttp import web
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from community import (
    account_notes,
    blocks,
    directory,
    distance,
    endorsements,
    follows,
    lists,
    mutes,
    tag_follows,
    town,
    veils,
)
from community import search as people_search
from community.errors import CommunityError
from community.follows import Wishes
from community.models import Account, Endorsement, Follow
from federation import lookup
from webui.mastodon import paging, people
from webui.mastodon.entities import accounts, relationships
from webui.mastodon.entities import lists as list_entities
from webui.mastodon.entities import tags as tag_entities
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_ASKED_MOST = 200  # accounts by id in one request


@routes.get("/api/v1/accounts", scope="read:accounts", access="public")
async def several(call: Call) -> web.Response:
    ids = call.params.identifiers("id")[:_ASKED_MOST]
    return reply(await call.read(lambda session: accounts.many(session, call.viewer, ids)))


@routes.get("/api/v1/accounts/lookup", scope="read:accounts", access="public")
async def look_up(call: Call) -> web.Response:
    """Who goes by `acct` here; nobody is asked elsewhere."""
    acct = call.params.text("acct") or ""

    def unit(session: Session) -> orjson.Fragment:
        return accounts.one(session, call.viewer, directory.by_handle(session, acct) or 0)

    return reply(await call.read(unit))


@routes.get("/api/v1/accounts/search", scope="read:accounts")
async def search(call: Call) -> web.Response:
    """Whom an app offers while somebody is named: members of the town and people known from elsewhere."""
    params = call.params
    typed = (params.text("q") or "").strip()
    limit = call.window(default=people.DEFAULT, most=people.MOST).limit
    offset = max(params.integer("offset") or 0, 0)
    named = typed.removeprefix("@")
    if params.flag("resolve") and offset == 0 and ("@" in named or "://" in named):
        await _resolve(call, typed)

    def unit(session: Session) -> list[orjson.Fragment]:
        found = people_search.people(
            session, call.viewer, typed, following=bool(params.flag("following")), limit=limit, offset=offset
        )
        return accounts.many(session, call.viewer, found)

    return reply(await call.read(unit))


async def _resolve(call: Call, typed: str) -> None:
    """Fetch whom `typed` names in full; whoever cannot be had is simply not found."""
    try:
        await lookup.account(call.federation, typed)
    except CommunityError:
        return


@routes.get("/api/v1/accounts/relationships", scope="read:follows")
async def relations(call: Call) -> web.Response:
    ids = call.params.identifiers("id")[:_ASKED_MOST]
    with_suspended = bool(call.params.flag("with_suspended"))

    def unit(session: Session) -> list[dict[str, Any]]:
        known = select(Account.id).where(Account.id.in_(ids), Account.deleted_at.is_(None))
        if not with_suspended:
            known = known.where(Account.suspended_at.is_(None))
        there = set(session.scalars(known))
        there -= veils.among_these(session, call.viewer, there)
        return relationships.many(session, call.me, [each for each in ids if each in there])

    return reply(await call.glance(unit))


@routes.get("/api/v1/accounts/familiar_followers", scope="read:follows")
async def familiar(call: Call) -> web.Response:
    """Of each account, its followers whom the member follows too."""
    asked = call.params.identifiers("id")[:_ASKED_MOST]

    def unit(session: Session) -> list[dict[str, Any]]:
        hidden = veils.among_these(session, call.viewer, asked)
        ids = [each for each in asked if each not in hidden]
        found = directory.familiar_followers(session, call.me, ids)
        shown = accounts.by_id(session, call.viewer, {each for some in found.values() for each in some})
        return [
            {"id": str(each), "accounts": [shown[one] for one in found[each] if one in shown]}
            for each in ids
            if each in found
        ]

    return reply(await call.read(unit))


@routes.get("/api/v1/accounts/{id}", scope="read:accounts", access="public")
async def one(call: Call) -> web.Response:
    account_id = call.path_id()
    shown = await call.glance(lambda session: accounts.one(session, call.viewer, account_id))
    if call.viewer.account_id is not None:
        lookup.profile_opened(call.federation, account_id)
    return reply(shown)


@routes.get("/api/v1/accounts/{id}/followers", scope="read:accounts", access="public")
async def followers(call: Call) -> web.Response:
    return await _ties(call, follower_of=True)


@routes.get("/api/v1/accounts/{id}/following", scope="read:accounts", access="public")
async def following(call: Call) -> web.Response:
    return await _ties(call, follower_of=False)


async def _ties(call: Call, *, follower_of: bool) -> web.Response:
    account_id = call.path_id()
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        account = people.require(session, call.viewer, account_id)
        if not _shows_collections(session, call, account):
            return paging.Shown([], [])
        shown, whose = (
            (Follow.follower_id, Follow.followee_id) if follower_of else (Follow.followee_id, Follow.follower_id)
        )
        rows = _heard(
            session, call, select(shown.label("account_id"), Follow.id.label("cursor")), account, shown
        ).where(whose == account_id, Follow.state == follows.ACCEPTED)
        return people.page(session, call, window, rows, Follow.id)

    return call.paged(await call.read(unit), window)


def _shows_collections(session: Session, call: Call, account: Account) -> bool:
    """Whether the member may read whom an account follows: their own always, else if its owner shows it to them."""
    if call.viewer.account_id == account.id:
        return True
    return not account.hides_collections and not _is_barred(session, call, account)


def _is_barred(session: Session, call: Call, account: Account) -> bool:
    """Whether `account` blocks the member who asks."""
    me = call.viewer.account_id
    return me is not None and blocks.between(session, account.id, me) is not None


def _heard(session: Session, call: Call, rows: Select[*tuple[Any, ...]], account: Account, shown: Any) -> Select[*tuple[Any, ...]]:
    """Somebody else's collection without those from whom the member turned away."""
    if call.viewer.account_id == account.id:
        return rows
    return rows.where(~distance.hidden(call.viewer, shown, town.now(session)))


@routes.post("/api/v1/accounts/{id}/follow", scope="write:follows")
async def follow(call: Call) -> web.Response:
    params = call.params
    wishes = Wishes(
        boosts=params.flag("reblogs"),
        notify=params.flag("notify"),
        languages=params.all("languages") if params.given("languages") else None,
    )
    return await people.act(
        call,
        lambda session, me, them: follows.request(session, follower=me, followee=them, wishes=wishes),
    )


@routes.post("/api/v1/accounts/{id}/unfollow", scope="write:follows")
async def unfollow(call: Call) -> web.Response:
    return await people.act(
        call, lambda session, me, them: follows.end(session, follower=me, followee=them)
    )


@routes.post("/api/v1/accounts/{id}/remove_from_followers", scope="write:follows")
async def remove_from_followers(call: Call) -> web.Response:
    return await people.act(
        call, lambda session, me, them: follows.remove_follower(session, followee=me, follower=them)
    )


@routes.post("/api/v1/accounts/{id}/block", scope="write:blocks")
async def block(call: Call) -> web.Response:
    return await people.act(call, lambda session, me, them: blocks.block(session, account=me, target=them))


@routes.post("/api/v1/accounts/{id}/unblock", scope="write:blocks")
async def unblock(call: Call) -> web.Response:
    return await people.act(call, lambda session, me, them: blocks.unblock(session, account=me, target=them))


@routes.post("/api/v1/accounts/{id}/mute", scope="write:mutes")
async def mute(call: Call) -> web.Response:
    notifications = call.params.flag("notifications")
    seconds = call.params.integer("duration") or 0
    return await people.act(
        call,
        lambda session, me, them: mutes.mute(
            session,
            account=me,
            target=them,
            notifications=notifications is not False,
            seconds=seconds,
        ),
    )


@routes.post("/api/v1/accounts/{id}/unmute", scope="write:mutes")
async def unmute(call: Call) -> web.Response:
    return await people.act(call, lambda session, me, them: mutes.unmute(session, account=me, target=them))


@routes.post("/api/v1/accounts/{id}/note", scope="write:accounts")
async def note(call: Call) -> web.Response:
    comment = call.params.string("comment") or ""
    return await people.act(
        call,
        lambda session, me, them: account_notes.put(session, account=me, target=them, comment=comment),
    )


@routes.post("/api/v1/accounts/{id}/pin", scope="write:accounts")
@routes.post("/api/v1/accounts/{id}/endorse", scope="write:accounts")
async def endorse(call: Call) -> web.Response:
    return await people.act(
        call, lambda session, me, them: endorsements.endorse(session, account=me, target=them)
    )


@routes.post("/api/v1/accounts/{id}/unpin", scope="write:accounts")
@routes.post("/api/v1/accounts/{id}/unendorse", scope="write:accounts")
async def unendorse(call: Call) -> web.Response:
    return await people.act(
        call, lambda session, me, them: endorsements.take_back(session, account=me, target=them)
    )


@routes.get("/api/v1/accounts/{id}/endorsements", scope="read:accounts", access="public")
async def endorsed(call: Call) -> web.Response:
    """Whom somebody recommends on their profile, without those from whom the viewer turned away."""
    account_id = call.path_id()
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        account = people.require(session, call.viewer, account_id)
        if _is_barred(session, call, account):
            return paging.Shown([], [])
        rows = select(Endorsement.target_id.label("account_id"), Endorsement.id.label("cursor"))
        rows = _heard(session, call, rows, account, Endorsement.target_id)
        return people.page(session, call, window, rows.where(Endorsement.account_id == account_id), Endorsement.id)

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/accounts/{id}/lists", scope="read:lists")
async def on_lists(call: Call) -> web.Response:
    """The member's lists on which the account stands."""
    account_id = call.path_id()

    def unit(session: Session) -> list[dict[str, str | bool]]:
        people.require(session, call.viewer, account_id)
        return [list_entities.one(each) for each in lists.of(session, call.me, with_account=account_id)]

    return reply(await call.read(unit))


@routes.get("/api/v1/accounts/{id}/featured_tags", scope="read:accounts", access="public")
async def featured_tags(call: Call) -> web.Response:
    account_id = call.path_id()

    def unit(session: Session) -> list[dict[str, Any]]:
        people.require(session, call.viewer, account_id)
        return [tag_entities.featured(session, used) for used in tag_follows.featured(session, account_id)]

    return reply(await call.read(unit))
