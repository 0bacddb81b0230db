"""Forms: what was typed, kept exactly so that it can be shown again, and the sentence beside what does not fit."""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from copy import copy

from aiohttp import web
from sqlalchemy.orm import Session

from community import ids, submissions
from community.errors import NotFound
from community.text import storable

FORM_LIMIT = 512 * 1024
"""Bytes in one form; a question of 20,000 characters, percent-encoded, takes a third of it."""

FORM_SECONDS = 60.0
"""How long a form may be on its way; whoever sends it drop by drop has to make room for others."""

SECRET_FIELDS = frozenset({"passphrase", "old_passphrase", "confirm_passphrase", "code", "phrase", "key"})
"""What is never shown again, not even to the person who typed it."""

NOT_HERE = "お探しのページは見つかりませんでした。"
_CHOICE = re.compile(r"[a-z0-9_-]{0,40}")
_CONTROLS = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"}


class Form:
    """The fields of a form. Templates read `value`, `values`, `chosen` and `error`; handlers `text`, `all`, `checked`."""

    def __init__(self, fields: Mapping[str, Iterable[str]] | None = None) -> None:
        self._fields = {name: [_clean(text) for text in texts] for name, texts in (fields or {}).items()}
        self.errors: dict[str, str] = {}  # field → sentence in the reader's language; "" for the whole form
        self.place = ""  # what sets the ids of its fields apart from those of other forms on the page

    @classmethod
    def blank(cls, **values: str | Iterable[str] | None) -> "Form":
        """A form nobody has sent yet, filled with what is known; None leaves a field empty."""
        fields = {
            name: [value] if isinstance(value, str) else list(value)
            for name, value in values.items()
            if value is not None
        }
        return cls(fields)

    def at(self, place: object) -> "Form":
        """The same form for one of several places on a page."""
        here = copy(self)
        here.place = f"-{place}"
        return here

    def text(self, name: str, *, strip: bool = True) -> str:
        """What stands in a field, or the empty string. Line ends are single newlines."""
        found = self._fields.get(name)
        if not found:
            return ""
        return found[0].strip() if strip else found[0]

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times, empty ones left out."""
        return [value.strip() for value in self._fields.get(name, []) if value.strip()]

    def checked(self, name: str) -> bool:
        """Whether a box with this name was ticked."""
        return bool(self.text(name))

    @property
    def submission(self) -> str:
        """The random key made with the form, by which a second sending is known; empty if the form bore none."""
        return self.text("submission")[:64]

    @property
    def fresh_submission(self) -> str:
        """The key to put into the form that is shown now: the one it came with, else a new one."""
        return self.submission or secrets.token_hex(16)

    def value(self, name: str, default: str = "") -> str:
        """What to show in a field again; secrets are never shown again."""
        if name in SECRET_FIELDS:
            return ""
        found = self._fields.get(name)
        return found[0] if found else default

    def chosen(self, name: str, option: str, *, default: bool = False) -> bool:
        """Whether to show `option` (of a radio, a select or several boxes) as chosen."""
        if not self._fields:
            return default
        return option in self._fields.get(name, [])

    def error(self, name: str) -> str:
        """The sentence beside a field, or the empty string."""
        return self.errors.get(name, "")

    def typed(self) -> list[tuple[str, str, bool]]:
        """Name, value and whether a person wrote it, of every field but secrets: for sending a lost form again.

        What looks like a choice or a key was not written by hand and need not be shown.
        """
        hidden = SECRET_FIELDS | {"csrf"}
        return [
            (name, text, _CHOICE.fullmatch(text) is None)
            for name, texts in self._fields.items()
            if name not in hidden
            for text in texts
        ]


def _clean(text: str) -> str:
    """Line ends as newlines; no NUL, halves of characters and controls, which no database and no reader wants."""
    return storable(text).replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)


async def receive(request: web.Request) -> Form:
    """Read a form from the wire, once; for the CSRF guard, which does it before any page handler runs.

    Raises HTTPRequestEntityTooLarge beyond FORM_LIMIT, HTTPRequestTimeout after FORM_SECONDS and HTTPBadRequest for what
    no browser sends.
    """
    if (request.content_length or 0) > FORM_LIMIT:
        raise web.HTTPRequestEntityTooLarge(max_size=FORM_LIMIT, actual_size=request.content_length or 0)
    try:
        async with asyncio.timeout(FORM_SECONDS):
            posted = await request.post()
    except web.HTTPException:
        raise
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except Exception as error:  # whatever the readers of aiohttp trip over was sent wrongly
        raise web.HTTPBadRequest from error
    fields: dict[str, list[str]] = {}
    for name, value in posted.items():
        if isinstance(value, str):  # files have their own door
            fields.setdefault(name, []).append(value)
    return Form(fields)


def once(session: Session, key: str, deed: Callable[[], str]) -> str:
    """Do `deed` unless the form with this submission key was already done; the address to lead the sender to.

    Runs inside the unit of work: deed and memory of it are committed together.
    """
    if not key:
        return deed()
    known = submissions.remembered(session, key)
    if known is not None:
        return known
    address = deed()
    submissions.remember(session, key, address)
    return address


def identifier(text: str) -> int:
    """An id as it stands in an address or a field. Raises NotFound for what cannot be one."""
    if text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= ids.LARGEST:
        return int(text)
    raise NotFound(NOT_HERE)


def id_in_path(request: web.Request, name: str = "id") -> int:
    """The id in the request's path. Raises NotFound."""
    return identifier(request.match_info[name])


def query(request: web.Request, name: str) -> str:
    """A parameter of the address, cleaned and stripped; the empty string when it is not there."""
    return _clean(request.query.get(name, "")).strip()


def cursor(request: web.Request, name: str = "max_id") -> int | None:
    """Where a page of a list begins; None (the newest) for what is no id."""
    try:
        return identifier(query(request, name))
    except NotFound:
        return None
