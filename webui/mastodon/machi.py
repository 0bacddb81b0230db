"""What only our towns know, for apps that know them: ありがとう, 決め手 and 旗 (docs/mastodon-api.md)."""

from collections.abc import Callable

import orjson
from aiohttp import web
from sqlalchemy.orm import Session

from community import composing, joins, questions, text, thanking, thanks, visibility
from community.models import Account, Post
from webui.mastodon.entities import statuses
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()


@routes.post("/api/v1/machi/statuses/{id}/thanks", scope="write:statuses")
async def give_thanks(call: Call) -> web.Response:
    """ありがとう for the answer `id`, with `message`, `tone` (kind | clear | grounded) and `private` as wanted; or, if
    `id` is one's own reply that the town offers to make one (`machi.offers`), that reply becomes its words. The answer
    that was thanked comes back.
    """
    post_id, params = call.path_id(), call.params
    message, tone, private = params.text("message"), params.text("tone"), bool(params.flag("private"))

    def unit(session: Session) -> orjson.Fragment:
        me = session.get_one(Account, call.me)
        post = visibility.require(session, call.viewer, post_id)
        if thanking.is_own_reply(post, me):
            given = thanking.give_words(session, author=me, reply=post)
        else:
            words = None
            if message is not None:
                words = composing.render(session, message, composing.accounts_in(session, message, by=call.me)).body
            given = thanks.give(
                session, giver=me, answer=post, message=words or text.EMPTY, tone=tone, private=private
            )
        session.flush()
        return statuses.one(session, call.viewer, given.post_id)

    return reply(await call.write(unit))


@routes.delete("/api/v1/machi/statuses/{id}/thanks", scope="write:statuses")
async def withdraw_thanks(call: Call) -> web.Response:
    """Take one's ありがとう for the answer `id` back, and its words with it."""
    post_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        answer = visibility.require(session, call.viewer, post_id)
        thanks.withdraw(session, giver=session.get_one(Account, call.me), answer=answer)
        session.flush()
        return statuses.one(session, call.viewer, post_id)

    return reply(await call.write(unit))


@routes.post("/api/v1/machi/statuses/{id}/solve", scope="write:statuses")
async def solve(call: Call) -> web.Response:
    """The asker says that the answer `id` decided it (決め手); the question, 解決 now, comes back."""
    answer_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        answer = visibility.require(session, call.viewer, answer_id)
        question = visibility.require(session, call.viewer, answer.root_id or answer.id)
        questions.solve(session, question=question, answer=answer, by=session.get_one(Account, call.me))
        session.flush()
        return statuses.one(session, call.viewer, question.id)

    return reply(await call.write(unit))


@routes.post("/api/v1/machi/statuses/{id}/reopen", scope="write:statuses")
async def reopen(call: Call) -> web.Response:
    """The asker takes the choice back: the question `id` (or that of the answer `id`) waits again."""
    post_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        post = visibility.require(session, call.viewer, post_id)
        question = visibility.require(session, call.viewer, post.root_id or post.id)
        questions.reopen(session, question=question, by=session.get_one(Account, call.me))
        session.flush()
        return statuses.one(session, call.viewer, question.id)

    return reply(await call.write(unit))


@routes.post("/api/v1/machi/statuses/{id}/join", scope="write:statuses")
async def join(call: Call) -> web.Response:
    """Gather round the flag `id`; it comes back. 409 if it is full or over."""

    def deed(session: Session, me: Account, flag: Post) -> None:
        joins.join(session, account=me, flag=flag)

    return await _gather(call, deed)


@routes.post("/api/v1/machi/statuses/{id}/leave", scope="write:statuses")
async def leave(call: Call) -> web.Response:
    """Not to come after all; the flag comes back."""

    def deed(session: Session, me: Account, flag: Post) -> None:
        joins.leave(session, account=me, flag=flag)

    return await _gather(call, deed)


async def _gather(call: Call, deed: Callable[[Session, Account, Post], None]) -> web.Response:
    flag_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        deed(session, session.get_one(Account, call.me), visibility.require(session, call.viewer, flag_id))
        session.flush()
        return statuses.one(session, call.viewer, flag_id)

    return reply(await call.write(unit))
