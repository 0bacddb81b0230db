"""Joining from an app, by the same rules as on the town's own page: open, after approval, by invitation, or not at all."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import admission, apps, members, names, passphrases
from community.errors import CommunityError, Invalid
from community.models import LOCAL, Account, Member
from webui import i18n
from webui.keys import PASSPHRASES, TEMPLATES, THROTTLE
from webui.mastodon import tokens
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call
from webui.rendering import language_of
from webui.security import client_network
from webui.throttle import Limit

routes = Api()
_PER_NETWORK = Limit(tries=5, minutes=30)
_TOO_MANY = "短い時間に続けて申し込みがありました。%(minutes)s分ほど待ってから、もう一度お試しください。"
_CLOSED = "いま、このまちは新しいなかまを迎えていません。読むことは、いつでもできます。"
_BY_INVITATION = "このまちに入るには招待コードが必要です。まちの人からもらったコードを書いてください。"
_AGREE = "まちの約束をお読みいただき、よろしければ同意してください。"
_NO_LANGUAGE = "ことば（locale）は、ja や en のように書いてください。"
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_FIELDS = {"name": "username", "nickname": "username", "application": "reason", "passphrase": "password"}
"""What the domain's fields are called by apps; the others bear the same name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a field does not fit: Mastodon's code, and the sentence for people."""

    field: str
    code: str
    sentence: Invalid


@routes.post("/api/v1/accounts", scope="write:accounts", access="app")
async def sign_up(call: Call) -> web.Response:
    """A token for a new member. While somebody waits to be let in, it is good for nothing yet."""
    mode, sent = call.town.settings.instance.registrations, call.params
    assert call.holder is not None
    app_id = call.holder.app_id
    if app_id is None:
        raise Refusal(403, "This action is not allowed")
    if mode == "closed" or (mode == "invite" and not sent.text("invite_code")):
        raise Refusal(403, call.sentence(_CLOSED if mode == "closed" else _BY_INVITATION))
    throttle, limits = call.request.app[THROTTLE], {"sign-up@" + client_network(call.request): _PER_NETWORK}
    throttle.check(limits, _TOO_MANY)
    throttle.count(limits)  # before the slow part, so that many at once count as many
    try:
        told = await _new_member(call, app_id, mode)
    except Exception:
        throttle.take_back(limits)
        raise
    return reply(told, headers={"Cache-Control": "no-store"})


async def _new_member(call: Call, app_id: int, mode: str) -> dict[str, Any]:
    sent = call.params
    host, needs_reason = call.town.uris.host, mode == "approval" and not sent.text("invite_code")
    problems = await call.read(lambda session: _problems(session, sent, host, needs_reason=needs_reason))
    if problems:
        raise _refusal(call, problems)
    passphrase_hash = await call.request.app[PASSPHRASES].hash(sent.string("password") or "")
    locale = _locale(call)
    try:
        return await call.write(lambda session: _join(session, sent, app_id, passphrase_hash, locale))
    except Invalid as error:
        raise _refusal(call, [_late(error)]) from error


@routes.post("/api/v1/emails/confirmations", scope="write:accounts")
async def confirm_email(call: Call) -> web.Response:
    """Nothing is ever sent: an address is optional here and opens no door by itself."""
    raise Refusal(403, "This town does not confirm e-mail addresses: there is nothing to send")


def _join(session: Session, sent: Params, app_id: int, passphrase_hash: str, locale: str) -> dict[str, Any]:
    joined = members.join(
        session,
        name=sent.text("username") or "",
        nickname=sent.text("username") or "",
        passphrase_hash=passphrase_hash,
        application=sent.text("reason") or "",
        email=sent.text("email"),
        locale=locale,
        invite_code=sent.text("invite_code"),
    )
    issued = apps.issue_to_member(session, app_id=app_id, account_id=joined.account.id)
    # No letter will ever bring a lost member back: the app should show this once, as our own page does.
    return tokens.entity(issued) | {"machi": {"recovery_code": joined.recovery_code}}


def _problems(session: Session, sent: Params, host: str, *, needs_reason: bool) -> list[Problem]:
    """Everything that does not fit, field by field."""
    found = [
        _username(session, sent.text("username") or "", host),
        _email(session, sent.text("email")),
        _password(sent.string("password") or ""),
        None if sent.flag("agreement") else Problem("agreement", "ERR_ACCEPTED", Invalid("agreement", _AGREE)),
        _reason(sent.text("reason") or "", needed=needs_reason),
        _language(sent.text("locale")),
    ]
    return [problem for problem in found if problem is not None]


def _username(session: Session, typed: str, host: str) -> Problem | None:
    plain = names.plain_handle(typed)
    refused = _raised(lambda: names.handle(typed, host=host))
    if refused is not None:
        if not plain:
            code = "ERR_BLANK"
        elif len(plain) > names.HANDLE_LIMIT:
            code = "ERR_TOO_LONG"
        else:
            code = "ERR_INVALID" if names.HANDLE.fullmatch(plain) is None else "ERR_RESERVED"
        return Problem("username", code, refused)
    taken = session.execute(select(Account.id).where(Account.name == plain, Account.domain == LOCAL)).first()
    return None if taken is None else Problem("username", "ERR_TAKEN", members.name_taken(plain))


def _email(session: Session, typed: str | None) -> Problem | None:
    try:
        address = admission.email(typed)
    except Invalid as refused:
        return Problem("email", "ERR_INVALID", refused)
    if address is None:
        return None
    taken = session.execute(select(Member.account_id).where(Member.email == address)).first()
    return None if taken is None else Problem("email", "ERR_TAKEN", admission.unusable_email())


def _password(typed: str) -> Problem | None:
    refused = _raised(lambda: passphrases.check(typed))
    return None if refused is None else Problem("password", "ERR_TOO_SHORT" if typed else "ERR_BLANK", refused)


def _reason(typed: str, *, needed: bool) -> Problem | None:
    refused = _raised(lambda: admission.application(typed, needed=needed))
    return None if refused is None else Problem("reason", "ERR_TOO_LONG" if typed.strip() else "ERR_BLANK", refused)


def _language(typed: str | None) -> Problem | None:
    """Only what names no language is refused: a phone set to another one is told things in ours."""
    if typed is None or _LOCALE.fullmatch(typed):
        return None
    return Problem("locale", "ERR_INCLUSION", Invalid("locale", _NO_LANGUAGE))


def _raised(check: Callable[[], object]) -> Invalid | None:
    try:
        check()
    except Invalid as refused:
        return refused
    return None


def _late(error: Invalid) -> Problem:
    """What only shows when the row is written: an invitation that is no good, or somebody else was quicker."""
    field = _FIELDS.get(error.field, error.field)
    return Problem(field, "ERR_TAKEN" if field in {"username", "email"} else "ERR_INVALID", error)


def _locale(call: Call) -> str:
    wish = (call.params.text("locale") or "").replace("_", "-")
    return i18n.accepted(wish, call.town.settings.instance.languages) or language_of(call.request)


def _refusal(call: Call, problems: list[Problem]) -> Refusal:
    told = [(each, _sentence(call, each.sentence)) for each in problems]
    details: dict[str, list[dict[str, str]]] = {}
    for problem, sentence in told:
        details.setdefault(problem.field, []).append({"error": problem.code, "description": sentence})
    return Refusal(422, "Validation failed: " + " ".join(sentence for _, sentence in told), details=details)


def _sentence(call: Call, error: CommunityError) -> str:
    """In the language that the newcomer chose: they have no settings yet, and apps often say nothing else."""
    return i18n.translate(call.request.app[TEMPLATES].catalogues[_locale(call)], error.message, error.facts)
