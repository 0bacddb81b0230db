"""Whether a text meets the filters of a member. Compiled once for each version of the filters, and kept in memory.

Words are compared as they sound alike: full and half width, capitals and small letters are the same. A whole word ends
where its script ends: "excel" is met in 「Excelで」 and not in "excellent". Japanese is written without gaps, so a
Japanese word is met wherever it stands.
"""

import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from community import town
from community.models import Filter, FilterKeyword, FilterStatus, Member
from community.storage.prepared import Prepared, param
from community.storage.sessions import may_be_undone

_KEPT = 4_096  # members whose filters stay compiled
# A letter or digit of a script that separates its words: what is left of \w without kana, kanji, Hangul and Thai.
_LETTER = (
    r"[^\W_\u0e00-\u0e7f\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_STARTS, _ENDS = re.compile(_LETTER), re.compile(_LETTER + r"\Z")
_GAP = re.compile(r"\s+")
_TRIED_MOST = 32  # places where a whole word is only a part of another, before it counts as not met


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word as it was typed and as it is looked for: plainly, for thousands of patterns take minutes to compile."""

    typed: str
    folded: str
    starts: bool  # no letter may stand before it
    ends: bool  # nor after it

    @classmethod
    def of(cls, typed: str, *, whole: bool) -> "Keyword":
        folded = fold(typed).strip()
        starts = whole and _STARTS.match(folded) is not None
        return cls(typed, folded, starts, whole and _ENDS.search(folded) is not None)

    def is_met(self, folded_text: str) -> bool:
        at = folded_text.find(self.folded)
        if not (self.starts or self.ends):
            return at >= 0
        for _ in range(_TRIED_MOST):
            if at < 0:
                return False
            end = at + len(self.folded)
            open_before = not self.starts or at == 0 or _STARTS.match(folded_text, at - 1) is None
            if open_before and (not self.ends or _STARTS.match(folded_text, end) is None):
                return True
            at = folded_text.find(self.folded, at + 1)
        return False


@dataclass(frozen=True, slots=True)
class Rule:
    """One filter, ready to be asked."""

    id: int
    title: str
    contexts: tuple[str, ...]
    action: str
    expires_at: int | None
    words: tuple[Keyword, ...]
    posts: frozenset[int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A filter that was met: by which of its words, and by which post. Either may be empty, never both."""

    rule: Rule
    words: tuple[str, ...]
    posts: tuple[int, ...]

    def told(self) -> dict[str, object]:
        rule = self.rule
        return {
            "filter": {
                "id": str(rule.id),
                "title": rule.title,
                "context": list(rule.contexts),
                "expires_at": None if rule.expires_at is None else _utc(rule.expires_at),
                "filter_action": rule.action,
            },
            "keyword_matches": list(self.words) or None,
            "status_matches": [str(it) for it in self.posts] or None,
        }


class Compiled:
    """The filters of one member that are in force until `until` (milliseconds; None: until they change)."""

    __slots__ = ("_posts", "_rules", "_worded", "until")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._worded = any(rule.words for rule in self._rules)
        self._posts: frozenset[int] = frozenset[int]().union(*(rule.posts for rule in self._rules))
        self.until = min((rule.expires_at for rule in self._rules if rule.expires_at is not None), default=None)

    def __bool__(self) -> bool:
        """Whether there is anything to ask: text need not be gathered for a member without filters."""
        return bool(self._rules)

    def match(
        self, text: str, post_id: int | None, context: str | None = None
    ) -> list[dict[str, object]]:
        """The filters that `text` or the post meets, as apps read it (FilterResult): all, or those for one `context`.

        `text` is everything that can be read of the post: title, warning, words, choices, descriptions of pictures.
        Mastodon tells of all and leaves it to the app to look at the context.
        """
        return [hit.told() for hit in self.hits(text, post_id, context)]

    def hits(self, text: str, post_id: int | None, context: str | None = None) -> list[Hit]:
        """The same, for ourselves."""
        if not self._worded and post_id not in self._posts:
            return []
        folded = fold(text) if self._worded else ""
        found = []
        for rule in self._rules:
            if context is not None and context not in rule.contexts:
                continue
            words = tuple(word.typed for word in rule.words if word.is_met(folded))
            posts = (post_id,) if post_id is not None and post_id in rule.posts else ()
            if words or posts:
                found.append(Hit(rule, words, posts))
        return found

    def hides(self, text: str, post_id: int | None, context: str) -> bool:
        """Whether a filter that hides is met in `context`."""
        return any(hit.rule.action == "hide" for hit in self.hits(text, post_id, context))


NOTHING = Compiled(())
_lock = threading.Lock()
_compiled: OrderedDict[tuple[int, int], Compiled] = OrderedDict()


def of(session: Session, account_id: int | None, version: int | None = None) -> Compiled:
    """The filters of a member in force now; those of nobody are empty. `version`: the member's `filters_version`, if known."""
    if account_id is None:
        return NOTHING
    if version is None:
        session.flush()
        version = next((number for (number,) in _VERSION.rows(session, account=account_id)), 0)
    return compiled(session, account_id, version)


def compiled(session: Session, account_id: int, version: int) -> Compiled:
    """The same for a caller who knows the member's `filters_version` already: mostly no query at all.

    What a writing unit compiles is not kept: its version might yet be undone.
    """
    if not version:
        return NOTHING
    now = town.now(session)
    key = (account_id, version)
    with _lock:
        known = _compiled.get(key)
        if known is not None and (known.until is None or known.until > now):
            _compiled.move_to_end(key)
            return known
    made = _compile(session, account_id, now)
    if may_be_undone(session):
        return made
    with _lock:
        _compiled[key] = made
        if len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    return made


def forget() -> None:
    """Let go of everything that was compiled: for tests."""
    with _lock:
        _compiled.clear()


def fold(text: str) -> str:
    """`text` as it is compared: NFKC, case folded, every gap one space."""
    return _GAP.sub(" ", unicodedata.normalize("NFKC", text).casefold())


def _utc(moment: int) -> str:
    shown = datetime.fromtimestamp(moment // 1000, UTC).isoformat(timespec="seconds")
    return f"{shown.removesuffix('+00:00')}.{moment % 1000:03}Z"


def _force() -> Select[Filter]:
    return (
        select(Filter)
        .where(
            Filter.account_id == bindparam("account_id"),
            or_(Filter.expires_at.is_(None), Filter.expires_at > bindparam("now")),
        )
        .order_by(Filter.id)
    )


_IN_FORCE = _force()
_member = Member.__table__.c
_VERSION = Prepared(lambda _dialect: select(_member.filters_version).where(_member.account_id == param("account")))


def _compile(session: Session, account_id: int, now: int) -> Compiled:
    rows = session.scalars(_IN_FORCE, {"account_id": account_id, "now": now}).all()
    if not rows:
        return NOTHING
    wanted = [row.id for row in rows]
    words: dict[int, list[Keyword]] = {it: [] for it in wanted}
    posts: dict[int, set[int]] = {it: set() for it in wanted}
    for filter_id, keyword, whole in session.execute(
        select(FilterKeyword.filter_id, FilterKeyword.keyword, FilterKeyword.whole_word)
        .where(FilterKeyword.filter_id.in_(wanted))
        .order_by(FilterKeyword.id)
    ):
        words[filter_id].append(Keyword.of(keyword, whole=whole))
    for filter_id, post_id in session.execute(
        select(FilterStatus.filter_id, FilterStatus.post_id).where(FilterStatus.filter_id.in_(wanted))
    ):
        posts[filter_id].add(post_id)
    return Compiled(
        Rule(
            row.id, row.title, tuple(row.contexts), row.action, row.expires_at, tuple(words[row.id]),
            frozenset(posts[row.id]),
        )
        for row in rows
    )  # fmt: skip
