"""What a member does with a post: favourite, boost, bookmark, pin, silence its thread; and who else did."""

from collections.abc import Callable

import orjson
from aiohttp import web
from sqlalchemy import or_, select, union_all
from sqlalchemy.orm import Session

from community import bookmarks, boosts, likes, pins, thread_mutes, visibility
from community.models import Account, Like, Post, Thanks
from webui.mastodon import drafts, paging
from webui.mastodon.entities import accounts, statuses
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_ACCOUNTS, _ACCOUNTS_MOST = 40, 80
Deed = Callable[[Session, Account, Post], None]


def _like(session: Session, me: Account, post: Post) -> None:
    likes.like(session, account=me, post=post)


def _unlike(session: Session, me: Account, post: Post) -> None:
    likes.unlike(session, account=me, post=post)


def _keep(session: Session, me: Account, post: Post) -> None:
    bookmarks.keep(session, account_id=me.id, post=post)


def _drop(session: Session, me: Account, post: Post) -> None:
    bookmarks.drop(session, account_id=me.id, post=post)


def _pin(session: Session, me: Account, post: Post) -> None:
    pins.pin(session, account=me, post=post)


def _unpin(session: Session, me: Account, post: Post) -> None:
    pins.unpin(session, account=me, post=post)


def _mute(session: Session, me: Account, post: Post) -> None:
    thread_mutes.mute(session, account_id=me.id, post=post)


def _unmute(session: Session, me: Account, post: Post) -> None:
    thread_mutes.unmute(session, account_id=me.id, post=post)


_DEEDS: tuple[tuple[str, str, Deed], ...] = (
    ("favourite", "write:favourites", _like),
    ("unfavourite", "write:favourites", _unlike),
    ("bookmark", "write:bookmarks", _keep),
    ("unbookmark", "write:bookmarks", _drop),
    ("pin", "write:accounts", _pin),
    ("unpin", "write:accounts", _unpin),
    ("mute", "write:mutes", _mute),
    ("unmute", "write:mutes", _unmute),
)


def _offer(name: str, scope: str, deed: Deed) -> None:
    """The endpoint of one deed. Done to a boost, it is done to what that passes on; the answer shows the new state."""

    @routes.post(f"/api/v1/statuses/{{id}}/{name}", scope=scope)
    async def act(call: Call) -> web.Response:
        post_id = call.path_id()

        def unit(session: Session) -> orjson.Fragment:
            post = seen(session, call, post_id)
            deed(session, session.get_one(Account, call.me), post)
            session.flush()
            return statuses.one(session, call.viewer, post.id)

        return reply(await drafts.in_their_words(call, unit))


for _name, _scope, _deed in _DEEDS:
    _offer(_name, _scope, _deed)


@routes.post("/api/v1/statuses/{id}/reblog", scope="write:statuses")
async def reblog(call: Call) -> web.Response:
    post_id = call.path_id()
    wanted = drafts.VISIBILITIES.get(call.params.text("visibility") or "")

    def unit(session: Session) -> orjson.Fragment:
        post = seen(session, call, post_id)
        made = boosts.boost(session, account=session.get_one(Account, call.me), post=post, visibility=wanted)
        return statuses.one(session, call.viewer, made.id)

    return reply(await call.write(unit))


@routes.post("/api/v1/statuses/{id}/unreblog", scope="write:statuses")
async def unreblog(call: Call) -> web.Response:
    post_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        post = seen(session, call, post_id)
        boosts.unboost(session, account=session.get_one(Account, call.me), post=post)
        return statuses.one(session, call.viewer, post.id)

    return reply(await call.write(unit))


@routes.get("/api/v1/statuses/{id}/favourited_by", scope="read:accounts", access="public")
async def favourited_by(call: Call) -> web.Response:
    """いいね and ありがとう alike; what was given for one pair of eyes is told to the two alone."""
    post_id, window = call.path_id(), call.window(default=_ACCOUNTS, most=_ACCOUNTS_MOST)
    me = call.viewer.account_id

    def unit(session: Session) -> paging.Shown:
        post = seen(session, call, post_id)
        told = or_(Thanks.private.is_(False), Thanks.giver_id == me, Thanks.receiver_id == me)
        both = union_all(
            select(Like.id, Like.account_id).where(Like.post_id == post.id),
            select(Thanks.id, Thanks.giver_id).where(Thanks.post_id == post.id, told),
        ).subquery()
        rows = window.rows(session, select(both.c.id, both.c.account_id), both.c.id)
        return paging.Shown(
            accounts.many(session, call.viewer, list(dict.fromkeys(row.account_id for row in rows))),
            [row.id for row in rows],
        )

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/statuses/{id}/reblogged_by", scope="read:accounts", access="public")
async def reblogged_by(call: Call) -> web.Response:
    post_id, window = call.path_id(), call.window(default=_ACCOUNTS, most=_ACCOUNTS_MOST)

    def unit(session: Session) -> paging.Shown:
        post = seen(session, call, post_id)
        rows = window.rows(session, boosts.boosters(call.viewer, post), Post.id)
        return paging.Shown(
            accounts.many(session, call.viewer, [row.account_id for row in rows]), [row.id for row in rows]
        )

    return call.paged(await call.read(unit), window)


def seen(session: Session, call: Call, post_id: int) -> Post:
    """The post, or what it passes on; NotFound if the member may not see it."""
    post = visibility.require(session, call.viewer, post_id)
    return post if post.boost_of_id is None else visibility.require(session, call.viewer, post.boost_of_id)
