"""Making sure that it is the member who sits at the keyboard, before what cannot be undone."""

from aiohttp import web

from community.errors import Invalid
from community.models import Member
from webui import auth
from webui.forms import Form
from webui.keys import DATABASE, PASSPHRASES

_WRONG = "いまのパスフレーズが合いませんでした。ほかの設定は変わっていません。もう一度お試しください。"


async def passphrase(request: web.Request, form: Form, field: str) -> None:
    """Raises Invalid beside `field` unless it holds the member's passphrase."""
    me = auth.me(request)
    stored = await request.app[DATABASE].read(lambda session: session.get_one(Member, me).passphrase_hash)
    if not await request.app[PASSPHRASES].verify(stored, form.text(field, strip=False)):
        raise Invalid(field, _WRONG)
