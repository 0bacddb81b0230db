"""通報 from an app."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import reports
from community.models import Account
from community.reports import Complaint
from webui.mastodon import people
from webui.mastodon.entities import reports as entities
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()


@routes.post("/api/v1/reports", scope="write:reports")
async def file(call: Call) -> web.Response:
    params = call.params
    target_id = params.identifier("account_id")
    if target_id is None:
        raise Refusal(404, NOT_FOUND)
    rules = [int(each) for each in params.all("rule_ids") if each.isascii() and each.isdigit() and len(each) < 6]
    complaint = Complaint(
        post_ids=params.identifiers("status_ids"),
        rule_ids=rules,
        category=params.text("category") or reports.OTHER,
        comment=params.text("comment") or "",
    )
    forward = bool(params.flag("forward"))

    def unit(session: Session) -> list[dict[str, Any]]:
        target: Account = people.require(session, call.viewer, target_id)
        report = reports.file(
            session, reporter=people.mine(session, call), target=target, complaint=complaint, forward=forward
        )
        return entities.many(session, call.viewer, [report])

    (filed,) = await call.write(unit)
    return reply(filed)
