"""How far an app says that its member has read. No time of a visit is kept (`community.markers`)."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import markers
from community.models import Marker
from webui.mastodon.entities.times import iso
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()


@routes.get("/api/v1/markers", scope="read:statuses")
async def listing(call: Call) -> web.Response:
    """That of the notices is always told once it is asked for: apps rely on it."""
    asked = [it for it in call.params.all("timeline") if it in markers.TIMELINES]

    def unit(session: Session) -> Mapping[str, Any]:
        found = markers.of(session, call.me, asked)
        shown = {timeline: _marker(row) for timeline, row in found.items()}
        if "notifications" in asked and "notifications" not in shown:
            shown["notifications"] = {"last_read_id": "0", "version": 0, "updated_at": iso(0)}
        return shown

    return reply(await call.read(unit))


@routes.post("/api/v1/markers", scope="write:statuses")
async def put(call: Call) -> web.Response:
    read = {
        timeline: last
        for timeline in markers.TIMELINES
        if (last := call.params.hash(timeline).identifier("last_read_id")) is not None
    }

    def unit(session: Session) -> Mapping[str, Any]:
        moved = markers.put(session, account_id=call.me, read=read)
        return {timeline: _marker(row) for timeline, row in moved.items()}

    return reply(await call.write(unit))


def _marker(row: Marker) -> dict[str, Any]:
    return {"last_read_id": str(row.last_read_id), "version": row.version, "updated_at": iso(row.updated_at)}
