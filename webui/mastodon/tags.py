"""Tags: what they are, following them, showing them on the profile. What bears them is in `timelines`."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import boards, follows, tag_follows
from community.models import Account, FollowedTag, Tag
from community.text import fold
from webui.mastodon import paging, people
from webui.mastodon.entities import tags as entities
from webui.mastodon.entities import words
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_FOLLOWED, _FOLLOWED_MOST = 100, 200


@routes.get("/api/v1/tags/{name}", scope="read:follows", access="public")
async def one(call: Call) -> web.Response:
    """A tag that nobody used is known too, and empty."""
    name = call.request.match_info["name"]

    def unit(session: Session) -> dict[str, Any]:
        return _shown(session, call, tag_follows.named(session, name), name)

    return reply(await call.read(unit))


@routes.post("/api/v1/tags/{name}/follow", scope="write:follows")
async def follow(call: Call) -> web.Response:
    """The hashtag of a board is the board: whoever follows one follows the other."""
    return await _act(call, _follow)


@routes.post("/api/v1/tags/{name}/unfollow", scope="write:follows")
async def unfollow(call: Call) -> web.Response:
    return await _act(call, _unfollow)


@routes.post("/api/v1/tags/{name}/feature", scope="write:accounts")
async def feature(call: Call) -> web.Response:
    return await _act(call, _feature)


@routes.post("/api/v1/tags/{name}/unfeature", scope="write:accounts")
async def unfeature(call: Call) -> web.Response:
    return await _act(call, tag_follows.unfeature)


def _follow(session: Session, *, account: Account, name: str) -> Tag:
    board = _board(session, name)
    if board is not None:
        follows.request(session, follower=account, followee=board)
    return tag_follows.follow(session, account=account, name=name)


def _unfollow(session: Session, *, account: Account, name: str) -> Tag | None:
    board = _board(session, name)
    if board is not None:
        follows.end(session, follower=account, followee=board)
    return tag_follows.unfollow(session, account=account, name=name)


def _board(session: Session, name: str) -> Account | None:
    """The board of this town whose hashtag is written like this."""
    wanted = fold(name.removeprefix("#"))
    hashtags = (
        (fold(words.label_as_tag(boards.label(entry.account, "ja"))), entry.account)
        for entry in boards.all(session)
    )
    return next((account for hashtag, account in hashtags if hashtag == wanted), None)


def _feature(session: Session, *, account: Account, name: str) -> Tag:
    return session.get_one(Tag, tag_follows.feature(session, account=account, name=name).tag_id)


async def _act(call: Call, deed: Callable[..., Tag | None]) -> web.Response:
    """Have the member do `deed` about the tag in the path; the answer is the tag as it stands to them then."""
    name = call.request.match_info["name"]

    def unit(session: Session) -> dict[str, Any]:
        tag = deed(session, account=people.mine(session, call), name=name)
        session.flush()
        return _shown(session, call, tag, name)

    return reply(await call.write(unit))


def _shown(session: Session, call: Call, tag: Tag | None, typed: str) -> dict[str, Any]:
    if tag is None:
        return entities.unknown(session, call.viewer, typed)
    return entities.one(session, call.viewer, tag)


@routes.get("/api/v1/followed_tags", scope="read:follows")
async def followed(call: Call) -> web.Response:
    window = call.window(default=_FOLLOWED, most=_FOLLOWED_MOST)

    def unit(session: Session) -> paging.Shown:
        rows = window.rows(
            session,
            select(Tag, FollowedTag.id.label("cursor"))
            .join(FollowedTag, FollowedTag.tag_id == Tag.id)
            .where(FollowedTag.account_id == call.me),
            FollowedTag.id,
        )
        return paging.Shown(
            entities.many(session, call.viewer, [row.Tag for row in rows]), [row.cursor for row in rows]
        )

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/featured_tags", scope="read:accounts")
async def featured(call: Call) -> web.Response:
    return reply(
        await call.read(
            lambda session: [entities.featured(session, used) for used in tag_follows.featured(session, call.me)]
        )
    )


@routes.post("/api/v1/featured_tags", scope="write:accounts")
async def show(call: Call) -> web.Response:
    name = call.params.text("name")
    if name is None:
        raise Refusal(422, "Validation failed: Tag is invalid")

    def unit(session: Session) -> dict[str, Any]:
        row = tag_follows.feature(session, account=people.mine(session, call), name=name)
        return entities.featured(session, tag_follows.use(session, row))

    return reply(await call.write(unit))


@routes.get("/api/v1/featured_tags/suggestions", scope="read:accounts")
async def suggested(call: Call) -> web.Response:
    """The tags that the member uses most and does not show yet."""
    return reply(
        await call.read(
            lambda session: entities.many(session, call.viewer, tag_follows.suggested(session, call.me))
        )
    )


@routes.delete("/api/v1/featured_tags/{id}", scope="write:accounts")
async def hide(call: Call) -> web.Response:
    featured_id = call.path_id()
    await call.write(
        lambda session: tag_follows.unfeature_by_id(
            session, account=people.mine(session, call), featured_id=featured_id
        )
    )
    return reply({})
