"""The member's own account: who am I, change it, and how my posts begin."""

from collections.abc import Callable
from typing import IO, Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import profiles
from community.profiles import Changes
from webui.keys import THROTTLE
from webui.mastodon.entities import credentials
from webui.mastodon.params import Params
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call
from webui.mastodon.uploads import received
from webui.media import pictures
from webui.media.pictures import Encoded
from webui.media.workshop import WORKSHOP, Workshop
from webui.throttle import Limit

routes = Api()
PER_MEMBER = Limit(tries=30, minutes=30)
"""New pictures; words are bounded as any other call."""

_POSTING = {"public": "open", "unlisted": "unlisted", "private": "followers", "direct": "direct"}
_PICTURES: dict[str, Callable[[IO[bytes]], Encoded]] = {"avatar": pictures.avatar, "header": pictures.header}


@routes.get("/api/v1/accounts/verify_credentials", scope="read:accounts|profile")
async def verify_credentials(call: Call) -> web.Response:
    return reply(await call.read(lambda session: credentials.one(session, call.viewer)))


@routes.patch("/api/v1/accounts/update_credentials", scope="write:accounts", uploads=True)
async def update_credentials(call: Call) -> web.Response:
    return reply(await _change(call, credentials.one))


@routes.get("/api/v1/profile", scope="read:accounts|profile")
async def profile(call: Call) -> web.Response:
    return reply(await call.read(lambda session: credentials.profile(session, call.viewer)))


@routes.patch("/api/v1/profile", scope="write:accounts", uploads=True)
async def update_profile(call: Call) -> web.Response:
    return reply(await _change(call, credentials.profile))


@routes.delete("/api/v1/profile/avatar", scope="write:accounts")
async def remove_avatar(call: Call) -> web.Response:
    return reply(await _apply(call, Changes(avatar="", avatar_description=""), credentials.one))


@routes.delete("/api/v1/profile/header", scope="write:accounts")
async def remove_header(call: Call) -> web.Response:
    return reply(await _apply(call, Changes(header="", header_description=""), credentials.one))


@routes.get("/api/v1/preferences", scope="read:accounts")
async def preferences(call: Call) -> web.Response:
    return reply(await call.read(lambda session: credentials.preferences(session, call.viewer)))


Answer = Callable[..., dict[str, Any]]


async def _change(call: Call, answer: Answer) -> dict[str, Any]:
    """Do what the body asks for, pictures first, for they may be refused."""
    workshop = call.request.app[WORKSHOP]
    async with received(call.request) as sent:
        drawn = {name: each for name in _PICTURES if (each := await _picture(call, workshop, sent, name))}
        asked = _asked(sent)
    keys: dict[str, str] = {}
    try:
        for name, each in drawn.items():
            keys[name] = await workshop.store.put(each.body, each.mime)
        return await _apply(call, Changes(**(asked | keys)), answer)
    except Exception:  # no row will ever name them
        await workshop.store.remove(keys.values())
        raise


async def _apply(call: Call, changes: Changes, answer: Answer) -> dict[str, Any]:
    def unit(session: Session) -> dict[str, Any]:
        profiles.update(session, account_id=call.me, changes=changes)
        session.flush()
        return answer(session, call.viewer)

    return await call.write(unit)


async def _picture(call: Call, workshop: Workshop, sent: Params, name: str) -> Encoded | None:
    """The picture that came under `name`, drawn anew. An empty file is what some apps send for none."""
    file = sent.file(name)
    if file is None:
        return None
    source = file.file
    throttle, limits = call.request.app[THROTTLE], {f"profile-picture@{call.me}": PER_MEMBER}
    throttle.check(limits, "画像をたくさん受けとりました。%(minutes)s分ほど待ってから、もう一度お試しください。")
    throttle.count(limits)
    return await workshop.run(lambda: _PICTURES[name](source))


def _asked(sent: Params) -> dict[str, Any]:
    """The rest of the body in our own words; what did not come is left out, what is unknown is ignored."""
    source, machi = sent.hash("source"), sent.hash("machi")
    asked: dict[str, Any] = {
        "nickname": sent.string("display_name"),
        "note": sent.string("note"),
        "locked": sent.flag("locked"),
        "bot": sent.flag("bot"),
        "discoverable": sent.flag("discoverable"),
        "indexable": sent.flag("indexable"),
        "hides_collections": sent.flag("hide_collections"),
        "avatar_description": sent.string("avatar_description"),
        "header_description": sent.string("header_description"),
        "posting_visibility": _POSTING.get(source.text("privacy") or ""),
        "posting_sensitive": source.flag("sensitive"),
        "posting_language": source.string("language"),
        "quote_policy": _known(source.text("quote_policy"), profiles.QUOTING),
        "accepting": machi.flag("accepting"),
    }
    if sent.given("fields_attributes"):
        asked["fields"] = [
            (each.string("name") or "", each.string("value") or "") for each in sent.hashes("fields_attributes")
        ]
    if sent.given("attribution_domains"):
        asked["attribution_domains"] = sent.all("attribution_domains")
    if machi.given("strengths"):
        asked["strengths"] = machi.all("strengths")
    return {name: value for name, value in asked.items() if value is not None}


def _known(value: str | None, allowed: tuple[str, ...]) -> str | None:
    return value if value in allowed else None
