"""Answering with a page: the language of the reader, what every template may use, notes that outlive a redirect."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from markupsafe import Markup

from community.errors import CommunityError, Invalid, TooMany
from community.models import Account
from federation.negotiation import activity_redirect as to_document
from federation.negotiation import wants_activity
from webui import cookies, csrf, i18n, statuses
from webui.forms import Form
from webui.keys import COOKIES, FORM, PRE_SESSION, SETTINGS, TEMPLATES, TOWN, VISITOR
from webui.visitors import STRANGER, Visitor

__all__ = [
    "again", "explain", "form_of", "found_by_consent", "kept", "language_of", "local_address", "name_document", "page", "redirect", "sentence",
    "to_document", "wants_activity",
]  # fmt: skip


def language_of(request: web.Request) -> str:
    """The reader's language: named in the address (`lang`, as apps do), else chosen in the footer, else the member's
    own, else the browser's, else the town's first.
    """
    languages = request.app[SETTINGS].instance.languages
    visitor = request.get(VISITOR, STRANGER)
    for wish in (
        i18n.accepted(request.query.get("lang", ""), languages),
        request.cookies.get(request.app[COOKIES].language),
        visitor.viewer.locale if visitor.member else None,
    ):
        if wish in languages:
            return str(wish)
    return i18n.accepted(request.headers.get("Accept-Language", ""), languages) or languages[0]


def sentence(request: web.Request, message: str, facts: Mapping[str, object] | None = None) -> str:
    """A sentence in the reader's language."""
    return i18n.translate(request.app[TEMPLATES].catalogues[language_of(request)], message, facts)


def page(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """Render a template into an answer. What templates may use besides `context` is listed in `_surroundings`."""
    text = request.app[TEMPLATES].render(language_of(request), template, _surroundings(request) | context)
    response = web.Response(text=text, content_type="text/html", charset="utf-8", status=status)
    # Not stored by caches in between; the browser may keep it for its Back button, with what was typed.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept, Accept-Language, Cookie"
    settings, names = request.app[SETTINGS], request.app[COOKIES]
    if PRE_SESSION in request:
        cookies.put(response, settings, names.pre_session, request[PRE_SESSION])
    if names.flash in request.cookies:
        cookies.drop(response, settings, names.flash)
    return response


def _surroundings(request: web.Request) -> dict[str, Any]:
    town = request.app[TOWN]
    instance = town.settings.instance
    visitor: Visitor = request.get(VISITOR, STRANGER)

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf.token(request))

    return {
        "town": instance,
        "visitor": visitor,
        "path": request.path,
        "here": request.path_qs if request.method == "GET" else "/",  # where a language switch leads back to
        "now": town.clock(),
        "languages": {language: i18n.NAMES[language] for language in instance.languages},
        "flash": _flash(request),
        "blank_form": Form,
        "csrf_field": csrf_field,
    }


def found_by_consent(response: web.Response, authors: Iterable[Account]) -> web.Response:
    """Have search engines leave out a page with words of anybody among `authors` who does not want to be found there."""
    if not all(author.indexable for author in authors):
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def again(
    request: web.Request, template: str, form: Form, error: CommunityError, **context: Any
) -> web.Response:
    """Show a form again with everything that was typed and the sentence of `error` beside its field (or on top)."""
    explain(request, form, error)
    response = page(request, template, status=statuses.of(error), form=form, **context)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def kept(request: web.Request, form: Form, error: CommunityError) -> web.Response:
    """What was typed into a form that has no page any more, so that it can be copied; with the sentence of `error`."""
    return again(request, "kept.html", form, error)


def explain(request: web.Request, form: Form, error: CommunityError) -> None:
    """Put the sentence of `error` beside its field of `form`, or on top of it."""
    field = error.field if isinstance(error, Invalid) else ""
    form.errors[field] = sentence(request, error.message, error.facts)


def redirect(
    request: web.Request, address: str, message: str = "", facts: Mapping[str, object] | None = None
) -> web.Response:
    """Lead on to `address` (303) after a deed, with a sentence to be shown once on the next page."""
    response = web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
    if message:
        content = json.dumps([message, dict(facts or {})]).encode()
        secret = request.app[TOWN].keys.secret
        sealed = cookies.seal(secret, "flash", content)
        cookies.put(response, request.app[SETTINGS], request.app[COOKIES].flash, sealed)
    return response


def _flash(request: web.Request) -> str:
    """The sentence that the deed before left, or the empty string."""
    value = request.cookies.get(request.app[COOKIES].flash)
    if not value:
        return ""
    content = cookies.unseal(request.app[TOWN].keys.secret, "flash", value)
    if content is None:
        return ""
    message, facts = json.loads(content)
    return sentence(request, message, facts)


def local_address(text: str, default: str = "/") -> str:
    """`text` if it is a path of this town (what `next` and `back` fields may hold), else `default`."""
    harmless = (
        text.startswith("/")
        and not text.startswith(("//", "/\\"))
        and text.isprintable()
        and len(text) < 2000
    )
    return text if harmless else default


def name_document(response: web.Response, uri: str) -> web.Response:
    """Tell programs, in the Link header, at which id the document stands that this page shows."""
    response.headers["Link"] = f'<{uri}>; rel="alternate"; type="application/activity+json"'
    return response


def form_of(request: web.Request) -> Form:
    """The form that was sent with this request, after the CSRF guard let it through."""
    return request.get(FORM) or Form()
