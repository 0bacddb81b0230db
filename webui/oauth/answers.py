"""The way back: what came of an authorization request, taken to the app as it wished."""

from urllib.parse import quote

from aiohttp import web

from community import redirect_uris
from webui.keys import SETTINGS
from webui.oauth.asking import Way, is_out_of_band
from webui.rendering import page
from webui.security import CONTENT_SECURITY_POLICY


def code(request: web.Request, way: Way, value: str) -> web.Response:
    """Hand the app its code; out of band, show it to be copied."""
    if is_out_of_band(way):
        response = page(request, "oauth/code.html", code=value)
        response.headers["Cache-Control"] = "no-store"
        return response
    return _send(request, way, code=value)


def refusal(request: web.Request, way: Way, error: str, description: str) -> web.Response:
    """Tell the app that it gets none, and why; out of band, tell the person."""
    if is_out_of_band(way):
        return page(request, "oauth/refused.html", status=403 if error == "access_denied" else 400, error=error)
    return _send(request, way, error=error, error_description=description)


def let_through(request: web.Request, response: web.Response, way: Way) -> web.Response:
    """Have the browser follow the form of `response` to where the answer will lead.

    Browsers hold the policy's form-action against each step of a redirect. The app's own address may lead on to
    another https one.
    """
    source = redirect_uris.source(way.redirect_uri)
    if source is None:
        return response
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action 'self' https: {source}")
    if request.app[SETTINGS].instance.scheme == "https" and not source.startswith("http:"):
        policy += "; upgrade-insecure-requests"
    response.headers["Content-Security-Policy"] = policy
    return response


def _send(request: web.Request, way: Way, **facts: str) -> web.Response:
    told = facts | ({} if way.state is None else {"state": way.state})
    if way.mode == "form_post":
        response = page(request, "oauth/post_back.html", target=way.redirect_uri, facts=told)
        response.headers["Cache-Control"] = "no-store"
        return let_through(request, response, way)
    # By hand: the registered address goes back byte for byte, which no URL library promises.
    sign = "#" if way.mode == "fragment" else "&" if "?" in way.redirect_uri else "?"
    pairs = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in told.items())
    location = way.redirect_uri + sign + pairs
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})
