"""Who wants a document and who wants a page (federation reference §2.4), and how documents are answered."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from multidict import CIMultiDict

from federation.vocabulary import render

ACTIVITY_JSON = "application/activity+json"
BY_SIGNATURE = "Accept, Signature"
"""What an answer depends on that some get and others do not."""

_CONTENT_TYPE = f"{ACTIVITY_JSON}; charset=utf-8"
_DOCUMENTS = frozenset({ACTIVITY_JSON, "application/ld+json"})
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PART = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
"""One range of an Accept header; a comma between quotation marks ends none."""
_PIECE = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
_LONGEST_REMEMBERED = 300


class Ready(NamedTuple):
    """An answer that was made before it is asked for: it can be given again and again."""

    body: bytes
    headers: CIMultiDict[str]
    status: int = 200

    def response(self) -> web.Response:
        return web.Response(body=self.body, status=self.status, headers=self.headers.copy())


def wants_activity(request: web.Request) -> bool:
    """Whether the Accept header asks for an ActivityStreams document, at least as much as for a page.

    For pages: such an asker is sent on with `activity_redirect`. A header that names neither (`*/*`, none at all)
    asks for the page there.
    """
    documents, pages = _preferences(request)
    return documents > 0 and documents >= pages


def wants_page(request: web.Request) -> bool:
    """Whether the Accept header asks for HTML, and more than for a document.

    On an id path everybody else is served the document itself.
    """
    documents, pages = _preferences(request)
    return pages > documents


def activity_redirect(uri: str) -> web.Response:
    """Sends an asker for the document of a page to its id. Pages say `Vary: Accept` themselves as well."""
    return web.Response(status=302, headers={"Location": uri, "Vary": "Accept"})


def page_redirect(url: str) -> web.Response:
    """Sends a reader who came to an id to the page of it."""
    return web.Response(status=303, headers={"Location": url, "Vary": "Accept"})


def document_response(
    document: dict[str, Any], *, status: int = 200, vary: str = "Accept", max_age: int | None = None
) -> web.Response:
    """`document` with its context. `max_age` (seconds) lets shared caches keep it; without, nobody does."""
    return ready_document(document, status=status, vary=vary, max_age=max_age).response()


def ready_document(
    document: dict[str, Any], *, status: int = 200, vary: str = "Accept", max_age: int | None = None
) -> Ready:
    """What `document_response` answers, to be kept."""
    caching = f"public, max-age={max_age}" if max_age is not None else "no-cache"
    headers = {"Content-Type": _CONTENT_TYPE, "Vary": vary, "Cache-Control": caching}
    return Ready(orjson.dumps(render.with_context(document)), CIMultiDict(headers), status)


def json_response(document: dict[str, Any], content_type: str) -> web.Response:
    """Something about this server that any page anywhere may read."""
    return ready_json(document, content_type).response()


def ready_json(document: dict[str, Any], content_type: str, also: Mapping[str, str] | None = None) -> Ready:
    """What `json_response` answers, to be kept, with further headers."""
    headers = {"Content-Type": content_type, "Access-Control-Allow-Origin": "*", **(also or {})}
    return Ready(orjson.dumps(document), CIMultiDict(headers))


def open_to_all(response: web.Response) -> web.Response:
    """Let scripts of other sites read `response`: discovery is for everyone."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def refusal(status: int, sentence: str) -> web.Response:
    """An error as machines read it; it tells no more than its status."""
    return web.Response(
        body=orjson.dumps({"error": sentence}),
        status=status,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Vary": "Accept",
            "Cache-Control": "no-store",
        },
    )


def not_found() -> web.Response:
    """The same for what is missing and for what is not for this asker."""
    return refusal(404, "Not found")


def _preferences(request: web.Request) -> tuple[float, float]:
    """How much the asker wants a document and a page, each from 0 to 1."""
    told = request.headers.getall("Accept", ())
    accept = told[0] if len(told) == 1 else ",".join(told)
    return _remembered(accept) if len(accept) <= _LONGEST_REMEMBERED else _read(accept)


def _read(accept: str) -> tuple[float, float]:
    wanted = {"document": 0.0, "page": 0.0}
    for part in _PART.findall(accept):
        kind, *parameters = (piece.strip().lower() for piece in _PIECE.findall(part) or [""])
        name = "document" if kind in _DOCUMENTS else "page" if kind in _PAGES else ""
        if name:
            wanted[name] = max(wanted[name], _quality(parameters))
    return wanted["document"], wanted["page"]


_remembered = lru_cache(maxsize=512)(_read)  # everybody sends one of a few


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if equals and name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
