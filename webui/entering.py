"""Coming in by handle or e-mail address and passphrase, tries counted: one deed for the town's own page and for apps'."""

import unicodedata
from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.orm import Session

from community import doors, members
from community.errors import NotAllowed
from webui.forms import Form
from webui.keys import DATABASE, PASSPHRASES, SESSION_TOKEN, THROTTLE
from webui.security import client_network
from webui.throttle import Limit

_PAIR = Limit(tries=8, minutes=15)  # one name from one network
_NAME = Limit(tries=40, minutes=60)  # one name from anywhere; far above what a forgetful person does
_NETWORK = Limit(tries=60, minutes=15)  # an office shares one address
TOO_MANY = "何度か合わなかったため、少しだけ入り口を閉めています。%(minutes)s分ほど待ってから、もう一度お試しください。"
_WRONG = "名前かパスフレーズが合いませんでした。名前はメールアドレスでも大丈夫です。ゆっくり、もう一度お試しください。"
_WAITING = "申し込みは届いています。まちの人がお迎えの準備をしていますので、もう少しお待ちください。"
_RESTING = "いまは入れないようになっています。まちの運営の方へお問い合わせください。"


async def enter(request: web.Request, form: Form) -> str:
    """The token of a new session for whom the fields `login` and `passphrase` name; the browser's old one ends.

    Raises TooMany after too many tries, NotAllowed in one sentence for a wrong name and a wrong passphrase.
    """
    throttle, limits = request.app[THROTTLE], limits_for(request, "login", form.text("login"))
    throttle.check(limits, TOO_MANY)
    throttle.count(limits)  # before the slow part, so that many tries at once count as many
    token = await _open(request, form)
    throttle.take_back(limits)
    return token


def limits_for(request: web.Request, deed: str, name: str) -> Mapping[str, Limit]:
    """Whose tries are counted, and how many there may be."""
    typed = unicodedata.normalize("NFKC", name).strip().removeprefix("@").casefold()[:300]
    network = client_network(request)
    # NUL cannot be typed: no name can be made to look like a network, or like somebody else's pair.
    return {
        f"{deed}\0pair\0{typed}\0{network}": _PAIR,
        f"{deed}\0name\0{typed}": _NAME,
        f"{deed}\0network\0{network}": _NETWORK,
    }


async def _open(request: web.Request, form: Form) -> str:
    database, name = request.app[DATABASE], form.text("login")
    found = await database.read(lambda session: _known(session, name))
    account_id, stored, state = found or (0, None, "")
    if not await request.app[PASSPHRASES].verify(stored, form.text("passphrase", strip=False)):
        raise NotAllowed(_WRONG)
    if state != "active":
        raise NotAllowed(_WAITING if state == "pending" else _RESTING)
    before = request.get(SESSION_TOKEN)  # of whoever was in before, with this browser

    def unit(session: Session) -> str:
        if before:
            doors.close_session(session, before)
        return doors.open_session(session, account_id)

    return await database.write(unit)


def _known(session: Session, name: str) -> tuple[int, str | None, str] | None:
    found = members.by_login(session, name)
    if found is None:
        return None
    account, member = found
    suspended = member.state == "active" and account.suspended_at is not None
    return account.id, member.passphrase_hash, "suspended" if suspended else member.state
