"""The template engine: one Jinja environment per language, everything escaped, a misspelt name an error."""

import gettext
import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from community.text import excerpt
from webui.i18n import Catalogues
from webui.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "templates"
JAPAN = timezone(timedelta(hours=9), "JST")
"""The towns' clock on screen. Japan has no summer time, so no time-zone data is needed."""

_MINUTE = 60_000
_WEEK = 7 * 86_400_000
_PATTERNS = {"ja": ("y年M月d日", "y年M月d日 H:mm"), "en": ("MMM d, y", "MMM d, y, H:mm")}
_STARTS = {"ja": "y年M月d日（E）H:mm", "en": "EEE, MMM d, y, H:mm"}


class Templates:
    """Renders a template in a language."""

    def __init__(self, catalogues: Catalogues, static: StaticFiles, folder: Path = FOLDER) -> None:
        self.catalogues = catalogues
        self._environments = {
            language: _environment(language, catalogue, static, folder)
            for language, catalogue in catalogues.items()
        }

    def render(self, language: str, name: str, context: Mapping[str, Any]) -> str:
        """The whole text of template `name`. Raises what Jinja raises for a template that is wrong."""
        return self._environments[language].get_template(name).render(context)


def _environment(
    language: str, catalogue: gettext.NullTranslations, static: StaticFiles, folder: Path
) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled(),
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True, pgettext=catalogue.pgettext
    )
    dates = _Dates(language, catalogue.gettext("たったいま"))
    environment.globals.update(static=static.url, locale=language)
    environment.filters.update(
        excerpt=excerpt, when=dates.when, day=dates.day, clock=dates.clock, as_of=dates.as_of, start=dates.start
    )
    return environment


def _compiled() -> FileSystemBytecodeCache | None:
    """Where compiled templates outlive the process: a folder of this user alone under the system's temporary one.

    Compiling them all takes most of a second. Templates compiled under other rules (this file) are left alone.
    """
    rules = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    try:
        return FileSystemBytecodeCache(pattern=f"__machi_{rules}_%s.cache")
    except RuntimeError:  # the folder belongs to somebody else: compile for this process alone
        return None


def moment(milliseconds: int) -> datetime:
    """A moment as the towns' clock shows it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(JAPAN)


class _Dates:
    """The filters for times, in one language."""

    def __init__(self, language: str, just_now: str) -> None:
        self._language = language
        self._locale = Locale.parse(language)  # parsing it anew for every date would cost more than the date
        self._just_now = just_now
        self._day, self._exact = _PATTERNS[language]

    @pass_context
    def when(self, context: Context, milliseconds: int) -> Markup:
        """How long ago (within a week), else the day; as <time> with the exact moment for who points at it."""
        at = moment(milliseconds)
        age = max(context["now"] - milliseconds, 0)
        if age < _MINUTE:
            text = self._just_now
        elif age < _WEEK:
            ago = timedelta(milliseconds=-age)
            text = format_timedelta(ago, add_direction=True, locale=self._locale, threshold=0.95)
            if self._language == "ja":
                text = text.replace(" ", "")  # 「2時間前」: Japanese sets no space after a number
        else:
            text = self.day(milliseconds)
        exact = format_datetime(at, self._exact, locale=self._locale)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            at.isoformat(timespec="minutes"), exact, text
        )

    def day(self, milliseconds: int) -> str:
        """The day of a moment, written out."""
        return format_date(moment(milliseconds), self._day, locale=self._locale)

    def clock(self, milliseconds: int) -> str:
        """The day and the hour and minute of a moment."""
        return format_datetime(moment(milliseconds), self._exact, locale=self._locale)

    def start(self, milliseconds: int) -> Markup:
        """When something will begin, with its day of the week; as <time>."""
        at = moment(milliseconds)
        text = format_datetime(at, _STARTS[self._language], locale=self._locale)
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="minutes"), text)

    def as_of(self, month: str) -> str:
        """A month as stored (YYYY-MM), written out: 2026年11月, November 2026. What is no month stays as it is."""
        year, _, number = month.partition("-")
        try:
            day = date(int(year), int(number), 1)
        except ValueError:
            return month
        return format_date(day, "y年M月" if self._language == "ja" else "MMMM y", locale=self._locale)
