"""Pictures for posts: uploaded, asked for, described, taken back.

A picture is ready when the answer comes, so 202 and 206, by which Mastodon says that it is still at work, are never
needed; what is neither ready nor broken would be told so all the same.
"""

from aiohttp import web
from sqlalchemy.orm import Session

from community import media
from community.errors import Conflict
from community.models import Media
from webui.keys import THROTTLE
from webui.mastodon.entities import media as entities
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call
from webui.mastodon.uploads import received
from webui.media import pictures
from webui.media.workshop import WORKSHOP, Workshop
from webui.throttle import Limit

routes = Api()
PER_MEMBER = Limit(tries=30, minutes=30)
_AT_WORK = 206


@routes.post("/api/v2/media", scope="write:media", uploads=True)
async def upload(call: Call) -> web.Response:
    return await _upload(call)


@routes.post("/api/v1/media", scope="write:media", uploads=True)
async def upload_and_wait(call: Call) -> web.Response:
    return await _upload(call)


@routes.get("/api/v1/media/{id}", scope="write:media")
async def show(call: Call) -> web.Response:
    """An upload that no post shows yet; of others, and of posts, nobody learns here."""
    media_id = call.path_id()

    def unit(session: Session) -> Media:
        return media.own(session, account_id=call.me, media_id=media_id)

    found = await call.read(unit)
    if found.post_id is not None:
        raise Refusal(404, "Record not found")
    if found.state == media.FAILED:
        raise Refusal(422, "Error processing thumbnail for uploaded media")
    return reply(entities.one(found, call.town), status=200 if found.state == media.READY else _AT_WORK)


@routes.put("/api/v1/media/{id}", scope="write:media", uploads=True)
async def change(call: Call) -> web.Response:
    """Words, focus and small picture, before and after it was attached."""
    media_id, workshop = call.path_id(), call.request.app[WORKSHOP]
    await call.read(lambda session: media.own(session, account_id=call.me, media_id=media_id))
    async with received(call.request) as sent:
        description, focus = sent.string("description"), focus_of(sent)
        small = await _thumbnail(workshop, sent)
    preview = None if small is None else await workshop.store.put(small.body, small.mime)

    def unit(session: Session) -> Media:
        return media.describe(
            session,
            account_id=call.me,
            media_id=media_id,
            description=description,
            focus=focus,
            preview=preview,
            small=None if small is None else media.sized(small.width, small.height),
        )

    try:
        changed = await call.write(unit)
    except Exception:
        await workshop.store.remove([preview])
        raise
    return reply(entities.one(changed, call.town))


@routes.delete("/api/v1/media/{id}", scope="write:media")
async def remove(call: Call) -> web.Response:
    media_id = call.path_id()
    try:
        await call.write(lambda session: media.discard(session, account_id=call.me, media_id=media_id))
    except Conflict as error:
        raise Refusal(422, "Media attachment is currently used by a status") from error
    return reply({})


def focus_of(sent: Params) -> tuple[float, float] | None:
    """`focus` as "x,y", each from -1 to 1; None for anything else."""
    try:
        x, y = (float(each) for each in (sent.text("focus") or "").split(","))
    except ValueError:
        return None
    finite = abs(x) < float("inf") and abs(y) < float("inf")  # NaN is smaller than nothing
    return (x, y) if finite else None


async def _upload(call: Call) -> web.Response:
    workshop = call.request.app[WORKSHOP]
    _count(call)
    async with received(call.request) as sent:
        file = sent.file("file")
        if file is None:
            raise Refusal(422, "Validation failed: File can't be blank")
        source = file.file
        picture = await workshop.run(lambda: pictures.of_post(source))
        small = await _thumbnail(workshop, sent) or picture.small
        description, focus = sent.string("description") or "", focus_of(sent)
    keys: list[str] = []

    def unit(session: Session) -> Media:
        return media.new(
            session,
            account_id=call.me,
            kind="image",
            mime=picture.whole.mime,
            file=keys[0],
            preview=keys[1],
            blurhash=picture.blurhash,
            meta={
                "original": media.sized(picture.whole.width, picture.whole.height),
                "small": media.sized(small.width, small.height),
            },
            size=len(picture.whole.body),
            description=description,
            focus=focus,
        )

    try:
        for each in (picture.whole, small):
            keys.append(await workshop.store.put(each.body, each.mime))  # noqa: PERF401 - those before a failure count
        kept = await call.write(unit)
    except Exception:  # no row will ever name the files
        await workshop.store.remove(keys)
        raise
    return reply(entities.one(kept, call.town))


def _count(call: Call) -> None:
    """Raises TooMany: a picture costs the town far more than a word."""
    throttle, limits = call.request.app[THROTTLE], {f"media@{call.me}": PER_MEMBER}
    throttle.check(limits, "画像をたくさん受けとりました。%(minutes)s分ほど待ってから、もう一度お試しください。")
    throttle.count(limits)


async def _thumbnail(workshop: Workshop, sent: Params) -> pictures.Encoded | None:
    file = sent.file("thumbnail")
    if file is None:
        return None
    source = file.file
    return await workshop.run(lambda: pictures.small(source))
