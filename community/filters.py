"""Filters: words and posts that a member does not want to meet, and where. Only the member ever sees them.

Every change makes `members.filters_version` grow, so what is compiled for matching can be kept by (member, version).
How they are matched is in `community.filter_matching`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from community import events, ids, town, visibility
from community.errors import Invalid, NotFound, TooMany
from community.filter_matching import Compiled, Hit, compiled, forget, of
from community.models import Filter, FilterKeyword, FilterStatus, Member
from community.visibility import Viewer

__all__ = [
    "ACTIONS", "CONTEXTS", "Compiled", "Full", "Hit", "Word", "add_post", "add_word", "change", "change_word",
    "compiled", "create", "every", "forget", "full", "of", "post", "posts_of", "remove", "remove_post", "remove_word",
    "require", "word", "words_of",
]  # fmt: skip

T = TypeVar("T")
CONTEXTS = ("home", "notifications", "public", "thread", "account")
ACTIONS = ("warn", "hide", "blur")
FILTERS_MOST = 200
"""How many filters a member may have; all together of at most `PARTS_MOST` words, and as many posts: each page of an app
is held against all of them."""
PARTS_MOST = 1_000
TITLE_MOST = 200
WORD_MOST = 200
_LONGEST = 10 * 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Word:
    """A change to the words of a filter: a new one without `id`; with it, one that changes or (`gone`) goes."""

    id: int | None = None
    text: str | None = None
    whole: bool | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Full:
    """A filter with its words and posts, in the order in which they were added."""

    filter: Filter
    words: list[FilterKeyword]
    posts: list[FilterStatus]


def every(session: Session, account_id: int) -> list[Full]:
    """All filters of a member, the oldest first; three queries."""
    found = session.scalars(select(Filter).where(Filter.account_id == account_id).order_by(Filter.id))
    return full(session, list(found))


def full(session: Session, rows: Sequence[Filter]) -> list[Full]:
    """`rows` with what belongs to them; two queries."""
    wanted = [row.id for row in rows]
    words: dict[int, list[FilterKeyword]] = {it: [] for it in wanted}
    posts: dict[int, list[FilterStatus]] = {it: [] for it in wanted}
    for word_row in session.scalars(
        select(FilterKeyword).where(FilterKeyword.filter_id.in_(wanted)).order_by(FilterKeyword.id)
    ):
        words[word_row.filter_id].append(word_row)
    for post_row in session.scalars(
        select(FilterStatus).where(FilterStatus.filter_id.in_(wanted)).order_by(FilterStatus.id)
    ):
        posts[post_row.filter_id].append(post_row)
    return [Full(row, words[row.id], posts[row.id]) for row in rows]


def require(session: Session, account_id: int, filter_id: int) -> Filter:
    """The member's own filter `filter_id`; NotFound for anybody else's."""
    return _own(session.scalar(select(Filter).where(Filter.id == filter_id, Filter.account_id == account_id)))


def create(
    session: Session,
    *,
    account_id: int,
    title: str,
    contexts: Sequence[str],
    action: str | None = None,
    expires_in: int | None = None,
    words: Sequence[Word] = (),
) -> Filter:
    """A new filter that ends after `expires_in` seconds, or never.

    Invalid names the field title, context, filter_action, expires_in or keywords; TooMany over `FILTERS_MOST`.
    """
    count = session.scalar(select(func.count()).where(Filter.account_id == account_id)) or 0
    if count >= FILTERS_MOST:
        raise TooMany("フィルターは%(limit)s個までです。", limit=FILTERS_MOST)
    now = town.now(session)
    row = Filter(
        id=ids.new(now),
        account_id=account_id,
        title=_title(title),
        contexts=_contexts(contexts),
        action=_action(action or "warn"),
        expires_at=_end(now, expires_in),
    )
    session.add(row)
    session.flush()
    _put_words(session, row, words)
    _changed(session, account_id)
    return row


def change(
    session: Session,
    *,
    row: Filter,
    title: str | None = None,
    contexts: Sequence[str] | None = None,
    action: str | None = None,
    expires_in: int | None = None,
    for_ever: bool = False,
    words: Sequence[Word] = (),
) -> Filter:
    """Change what is given; `for_ever` takes the end away. Invalid as in `create`, NotFound for a word not of it."""
    if title is not None:
        row.title = _title(title)
    if contexts is not None:
        row.contexts = _contexts(contexts)
    if action is not None:
        row.action = _action(action)
    if for_ever or expires_in is not None:
        row.expires_at = None if for_ever else _end(town.now(session), expires_in)
    _put_words(session, row, words)
    _changed(session, row.account_id)
    return row


def remove(session: Session, row: Filter) -> None:
    """Take a filter away, with everything in it."""
    session.execute(delete(FilterKeyword).where(FilterKeyword.filter_id == row.id))
    session.execute(delete(FilterStatus).where(FilterStatus.filter_id == row.id))
    session.delete(row)
    _changed(session, row.account_id)


def words_of(session: Session, row: Filter) -> list[FilterKeyword]:
    return full(session, [row])[0].words


def posts_of(session: Session, row: Filter) -> list[FilterStatus]:
    return full(session, [row])[0].posts


def word(session: Session, account_id: int, word_id: int) -> tuple[Filter, FilterKeyword]:
    """One word of the member's own filters, and its filter; NotFound otherwise."""
    found = session.execute(
        select(Filter, FilterKeyword)
        .join(FilterKeyword, FilterKeyword.filter_id == Filter.id)
        .where(FilterKeyword.id == word_id, Filter.account_id == account_id)
    ).one_or_none()
    return _own(None if found is None else (found[0], found[1]))


def post(session: Session, account_id: int, entry_id: int) -> tuple[Filter, FilterStatus]:
    """One entry for a post in the member's own filters, and its filter; NotFound otherwise."""
    found = session.execute(
        select(Filter, FilterStatus)
        .join(FilterStatus, FilterStatus.filter_id == Filter.id)
        .where(FilterStatus.id == entry_id, Filter.account_id == account_id)
    ).one_or_none()
    return _own(None if found is None else (found[0], found[1]))


def add_word(session: Session, *, row: Filter, text: str | None, whole: bool | None) -> FilterKeyword:
    """Add a word to a filter. Invalid("keyword") for none and for one too long."""
    added = _add_word(session, row, text, whole)
    _changed(session, row.account_id)
    return added


def change_word(
    session: Session, *, row: Filter, entry: FilterKeyword, text: str | None, whole: bool | None
) -> FilterKeyword:
    """Change what is given of a word of `row`. Invalid("keyword") for one that does not fit."""
    entry.keyword = entry.keyword if text is None else _word(text)
    entry.whole_word = entry.whole_word if whole is None else whole
    _changed(session, row.account_id)
    return entry


def remove_word(session: Session, *, row: Filter, entry: FilterKeyword) -> None:
    session.delete(entry)
    _changed(session, row.account_id)


def add_post(session: Session, *, viewer: Viewer, row: Filter, post_id: int) -> FilterStatus:
    """Put a post into a filter; one that is in it already stays so. NotFound for what the member may not see."""
    visibility.require(session, viewer, post_id)
    known = session.scalar(
        select(FilterStatus).where(FilterStatus.filter_id == row.id, FilterStatus.post_id == post_id)
    )
    if known is not None:
        return known
    _check_room(session, FilterStatus, row)
    entry = FilterStatus(id=ids.new(town.now(session)), filter_id=row.id, post_id=post_id)
    session.add(entry)
    _changed(session, row.account_id)
    return entry


def remove_post(session: Session, *, row: Filter, entry: FilterStatus) -> None:
    session.delete(entry)
    _changed(session, row.account_id)


def _own(found: T | None) -> T:
    if found is None:
        raise NotFound("そのフィルターは見つかりませんでした。")
    return found


def _put_words(session: Session, row: Filter, words: Sequence[Word]) -> None:
    if len(words) > PARTS_MOST:
        raise TooMany("フィルターに入れられるのは、あわせて%(limit)s個までです。", limit=PARTS_MOST)
    for it in words:
        if it.id is None:
            if not it.gone:
                _add_word(session, row, it.text, it.whole)
            continue
        entry = _own(
            session.scalar(
                select(FilterKeyword).where(FilterKeyword.id == it.id, FilterKeyword.filter_id == row.id)
            )
        )
        if it.gone:
            session.delete(entry)
        else:
            entry.keyword = entry.keyword if it.text is None else _word(it.text)
            entry.whole_word = entry.whole_word if it.whole is None else it.whole
    session.flush()


def _add_word(session: Session, row: Filter, text: str | None, whole: bool | None) -> FilterKeyword:
    kept = _word(text or "")
    _check_room(session, FilterKeyword, row)
    entry = FilterKeyword(
        id=ids.new(town.now(session)),
        filter_id=row.id,
        keyword=kept,
        whole_word=True if whole is None else whole,
    )
    session.add(entry)
    session.flush()
    return entry


def _check_room(session: Session, model: type[FilterKeyword | FilterStatus], row: Filter) -> None:
    own = select(Filter.id).where(Filter.account_id == row.account_id)
    if (session.scalar(select(func.count()).where(model.filter_id.in_(own))) or 0) >= PARTS_MOST:
        raise TooMany("フィルターに入れられるのは、あわせて%(limit)s個までです。", limit=PARTS_MOST)


def _changed(session: Session, account_id: int) -> None:
    session.flush()
    session.execute(
        update(Member)
        .where(Member.account_id == account_id)
        .values(filters_version=Member.filters_version + 1)
    )
    events.record(session, events.FiltersChanged(account_id))


def _title(typed: str) -> str:
    shown = typed.strip()
    if not shown or len(shown) > TITLE_MOST:
        raise Invalid("title", "フィルターの名前は1文字から%(limit)s文字までです。", limit=TITLE_MOST)
    return shown


def _word(typed: str) -> str:
    shown = typed.strip()
    if not shown or len(shown) > WORD_MOST:
        raise Invalid("keyword", "フィルターのことばは1文字から%(limit)s文字までです。", limit=WORD_MOST)
    return shown


def _contexts(wanted: Sequence[str]) -> list[str]:
    """Those that are known, each once, in their usual order: unknown ones are passed over."""
    known = [it for it in CONTEXTS if it in wanted]
    if not known:
        raise Invalid("context", "フィルターを使う場所を選んでください。")
    return known


def _action(wanted: str) -> str:
    if wanted not in ACTIONS:
        raise Invalid("filter_action", "フィルターの動きをもう一度選んでください。")
    return wanted


def _end(now: int, seconds: int | None) -> int | None:
    if seconds is None:
        return None
    if seconds > _LONGEST or seconds < 0:
        raise Invalid("expires_in", "フィルターの期限をもう一度選んでください。")
    return now + seconds * 1000
