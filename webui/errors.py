"""What a person or a program is told when something does not work. Never a traceback, never a text lost."""

import json
import logging
import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from community.errors import CommunityError, TooMany
from webui import statuses
from webui.auth import LoginNeeded
from webui.csrf import StaleAnswer, StaleToken
from webui.forms import NOT_HERE
from webui.keys import PAGE_HANDLERS
from webui.mastodon import refusals
from webui.rendering import form_of, page, sentence

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = logging.getLogger(__name__)

_PROGRAM_PATHS = (
    "/api/", "/oauth/", "/inbox", "/users/", "/boards/", "/posts/", "/activities/", "/quotes/", "/tags/", "/actor", "/sisters",
    "/nodeinfo", "/.well-known/",
)  # fmt: skip
_UNREADABLE = "送られたものを読みとれませんでした。前の画面に戻って、もう一度お試しください。"
_HTTP_SENTENCES = {
    400: _UNREADABLE,
    408: _UNREADABLE,
    403: "このページは開けません。",
    404: NOT_HERE,
    405: "このページは、そのやり方では開けません。",
    413: "一度に送れる長さをこえていました。前の画面に戻ると、書いた文は残っています。少し短くして送ってください。",
}
_OURS = "うまく動きませんでした。こちらの不具合です。書いた文は、前の画面に戻ると残っています。少し待ってから、もう一度お試しください。"


@web.middleware
async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into a page, or into {"error": …} for programs."""
    try:
        return await handler(request)
    except CommunityError as error:
        return _community(request, error)
    except web.HTTPException as error:
        if (
            error.status < 400 or error.content_type != "text/plain"
        ):  # a redirect, or an answer made on purpose
            raise
        if request.path.startswith("/api/"):  # apps never read HTML, whatever they say they accept
            return refusals.http(error)
        return _plain(
            request, error.status, _HTTP_SENTENCES.get(error.status, _OURS), error.headers.get("Allow")
        )
    except Exception:
        mark = secrets.token_hex(4)
        log.exception("request %s failed: %s %s", mark, request.method, request.rel_url.raw_path)
        return _plain(request, 500, _OURS, mark=mark)


def _community(request: web.Request, error: CommunityError) -> web.Response:
    status = statuses.of(error)
    if isinstance(error, StaleToken | LoginNeeded) and not _for_program(request):
        return page(
            request,
            "errors/unsent.html",
            status=status,
            sentence=sentence(request, error.message, error.facts),
            form=form_of(request),
            action=request.path_qs,
            login_needed=isinstance(error, LoginNeeded),
        )
    if isinstance(error, StaleAnswer) and not _for_program(request):
        told = sentence(request, error.message, error.facts)
        return page(request, "errors/anew.html", status=status, sentence=told, address=request.path_qs)
    answer = _plain(request, status, error.message, facts=error.facts)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _plain(
    request: web.Request,
    status: int,
    message: str,
    allow: str | None = None,
    *,
    facts: dict[str, object] | None = None,
    mark: str = "",
) -> web.Response:
    told = sentence(request, message, facts)
    if _for_program(request):
        answer = web.Response(
            status=status,
            body=json.dumps({"error": told}, ensure_ascii=False).encode(),
            content_type="application/json",
        )
    else:
        answer = page(
            request, "errors/error.html", status=status, sentence=told, status_code=status, mark=mark
        )
    if allow:
        answer.headers["Allow"] = allow
    return answer


def _for_program(request: web.Request) -> bool:
    """Whether the answer is read by a program: its Accept header says so, or its path without a wish for HTML."""
    accept = request.headers.get("Accept", "")
    if "text/html" in accept:
        return False
    if "json" in accept:
        return True
    of_a_page = request.match_info.handler in request.app[PAGE_HANDLERS]
    return not of_a_page and request.path.startswith(_PROGRAM_PATHS)
