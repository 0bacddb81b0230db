"""Admin API, reports (scopes admin:read/write:reports). Nobody is shown a report about themselves."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import reports
from community.models import Report
from webui.keys import TEMPLATES
from webui.mastodon import admin, paging
from webui.mastodon.entities import admin as entities
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call
from webui.rendering import language_of

routes = Api()
DEFAULT, MOST = 100, 200
READ, WRITE = "admin:read:reports", "admin:write:reports"


@routes.get("/api/v1/admin/reports", scope=READ)
async def listing(call: Call) -> web.Response:
    """Those that wait, or with `resolved` those that are settled; by `account_id` (who asked) and `target_account_id`."""
    admin.look_after(call)
    window = call.window(default=DEFAULT, most=MOST)
    settled = Report.action_taken_at.is_not(None)
    statement = select(Report).add_columns(Report.id).where(
        settled if call.params.flag("resolved") else ~settled, reports.shown_to(call.viewer)
    )
    if (reporter := call.params.identifier("account_id")) is not None:
        statement = statement.where(Report.account_id == reporter)
    if (target := call.params.identifier("target_account_id")) is not None:
        statement = statement.where(Report.target_id == target)

    def unit(session: Session) -> paging.Shown:
        rows = [row[0] for row in window.rows(session, statement, Report.id)]
        return paging.Shown(_shown(session, call, rows), [row.id for row in rows])

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/admin/reports/{id}", scope=READ)
async def one(call: Call) -> web.Response:
    admin.look_after(call)
    report_id = call.path_id()

    def unit(session: Session) -> list[dict[str, Any]]:
        return _shown(session, call, [reports.require(session, call.viewer, report_id)])

    return reply((await call.read(unit))[0])


@routes.put("/api/v1/admin/reports/{id}", scope=WRITE)
async def update(call: Call) -> web.Response:
    """Another `category`, other `rule_ids`."""
    given = call.params.given("rule_ids")
    numbers = [int(each) for each in call.params.all("rule_ids") if each.isascii() and each.isdigit() and len(each) < 6]

    def deed(session: Session, report: Report) -> None:
        reports.update(session, report, category=call.params.text("category"), rule_ids=numbers if given else None)

    return await _act(call, deed)


@routes.post("/api/v1/admin/reports/{id}/assign_to_self", scope=WRITE)
async def assign_to_self(call: Call) -> web.Response:
    return await _act(call, lambda session, report: reports.assign(session, report, to=call.me))


@routes.post("/api/v1/admin/reports/{id}/unassign", scope=WRITE)
async def unassign(call: Call) -> web.Response:
    return await _act(call, lambda session, report: reports.assign(session, report, to=None))


@routes.post("/api/v1/admin/reports/{id}/resolve", scope=WRITE)
async def resolve(call: Call) -> web.Response:
    return await _act(call, lambda session, report: reports.resolve(session, report, by=call.me))


@routes.post("/api/v1/admin/reports/{id}/reopen", scope=WRITE)
async def reopen(call: Call) -> web.Response:
    return await _act(call, reports.reopen)


async def _act(call: Call, deed: Callable[[Session, Report], object]) -> web.Response:
    admin.look_after(call)
    report_id = call.path_id()

    def unit(session: Session) -> list[dict[str, Any]]:
        report = reports.require(session, call.viewer, report_id)
        deed(session, report)
        return _shown(session, call, [report])

    return reply((await call.write(unit))[0])


def _shown(session: Session, call: Call, rows: list[Report]) -> list[dict[str, Any]]:
    catalogues, language = call.request.app[TEMPLATES].catalogues, language_of(call.request)
    return entities.many_reports(session, call.viewer, rows, catalogues=catalogues, language=language)
