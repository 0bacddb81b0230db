"""What the parts of the server keep on the application and on a request, each under a typed key."""

import asyncio

from aiohttp import web

from community.config import Settings
from community.db import Database
from community.town import Town
from federation.context import FEDERATION
from webui.cookies import CookieNames
from webui.forms import Form
from webui.passphrase_pool import PassphrasePool
from webui.staticfiles import StaticFiles
from webui.templating import Templates
from webui.throttle import Throttle
from webui.visitors import Visitor

__all__ = [
    "COOKIES", "DATABASE", "FEDERATION", "FORM", "LISTENING", "PAGE_HANDLERS", "PASSPHRASES", "PRE_SESSION", "SESSION_TOKEN", "SETTINGS", "STATIC",
    "TEMPLATES", "THROTTLE", "TOWN", "VISITOR", "WORKERS",
]  # fmt: skip

SETTINGS = web.AppKey("machi.settings", Settings)
TOWN = web.AppKey("machi.town", Town)
DATABASE = web.AppKey("machi.database", Database)
TEMPLATES = web.AppKey("machi.templates", Templates)
STATIC = web.AppKey("machi.static", StaticFiles)
PASSPHRASES = web.AppKey("machi.passphrases", PassphrasePool)
THROTTLE = web.AppKey("machi.throttle", Throttle)
COOKIES = web.AppKey("machi.cookies", CookieNames)
WORKERS = web.AppKey("machi.workers", list[asyncio.Task[None]])
LISTENING = web.AppKey("machi.listening", bool)  # False where a process works the queues alone
PAGE_HANDLERS = web.AppKey("machi.page_handlers", frozenset)  # the handlers that people's forms reach

VISITOR = web.RequestKey("machi.visitor", Visitor)
SESSION_TOKEN = web.RequestKey("machi.session_token", str)  # of the member who is looking
FORM = web.RequestKey("machi.form", Form)
PRE_SESSION = web.RequestKey("machi.pre_session", str)  # made for this answer: page() sets the cookie
