"""Notices of the same kind about the same post, of one half day, as one: "はるかぜさんほか12人".

Which group a notice belongs to is read from itself, so the lists of single notices and of groups always agree, and
nothing is stored. ありがとう is never lost in a crowd: each stands for itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from community import ids, notice_lists, notice_types
from community.errors import NotFound
from community.models import Notification
from community.notice_lists import Notice, Wanted
from community.visibility import Viewer

GROUPED = frozenset({"favourite", "reblog", "follow", "admin.sign_up"})
"""The types that are put together unless an app asks for fewer."""

WINDOW = 12 * 3_600_000
_KINDS = {"favourite": "like", "reblog": "boost", "follow": "follow", "admin.sign_up": "sign_up"}
_ABOUT_POSTS = frozenset({"favourite", "reblog"})
_ALONE = "ungrouped"
_ROWS_A_GROUP = 8  # how many rows are read for each group that is wanted
_ROWS_MOST = 400
SAMPLE = 8
"""How many of its people a group names."""


@dataclass(frozen=True, slots=True)
class Group:
    """`notices` are those that were looked at, newest first; `count` is how many there are in all."""

    key: str
    type: str
    notices: Sequence[Notice]
    count: int

    @property
    def newest(self) -> Notice:
        return self.notices[0]

    @property
    def people(self) -> list[int]:
        """Whom it is of, the latest first, a few at most."""
        return list(dict.fromkeys(it.actor_id for it in self.notices))[:SAMPLE]


@dataclass(frozen=True, slots=True)
class Page:
    """Groups by their newest notice, and the ids of the notices the page reaches over, newest first."""

    groups: Sequence[Group]
    ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Key:
    type: str
    post_id: int | None
    window: int


def key(notice: Notice, grouped: frozenset[str] = GROUPED) -> str:
    """The key of the group that `notice` belongs to."""
    if _KINDS.get(notice.type) != notice.kind or notice.type not in grouped:
        return f"{_ALONE}-{notice.id}"
    window = notice.created_at // WINDOW
    if notice.type in _ABOUT_POSTS:
        return f"{notice.type}-{notice.post_id}-{window}"
    return f"{notice.type}-{window}"


def page(session: Session, viewer: Viewer, wanted: Wanted, grouped: frozenset[str] = GROUPED) -> Page:
    """The first `wanted.limit` groups of a part of the list. A group that goes on beyond it comes again on the next."""
    rows = min(wanted.limit * _ROWS_A_GROUP, _ROWS_MOST)
    found = notice_lists.listing(session, viewer, replace(wanted, limit=rows))
    upwards = wanted.min_id is not None
    members: dict[str, list[Notice]] = {}
    reached: list[int] = []
    for notice in reversed(found) if upwards else found:
        named = key(notice, grouped)
        if named not in members and len(members) == wanted.limit:
            break
        members.setdefault(named, []).append(notice)
        reached.append(notice.id)
    if upwards:
        members = {named: list(reversed(it)) for named, it in reversed(members.items())}
        reached.reverse()
    groups = _counted(session, viewer, wanted, members)
    return Page(sorted(groups, key=lambda group: group.newest.id, reverse=True), reached)


def one(session: Session, viewer: Viewer, group_key: str) -> Group:
    """The group that goes by this key. NotFound if there is none for `viewer`."""
    notices = members(session, viewer, group_key, Wanted(limit=SAMPLE, held=True))
    if not notices:
        raise NotFound("そのお知らせは見つかりませんでした。")
    (group,) = _counted(session, viewer, Wanted(limit=1, held=True), {group_key: notices})
    return group


def members(session: Session, viewer: Viewer, group_key: str, wanted: Wanted) -> list[Notice]:
    """The notices of a group, newest first, in the part of the list that is wanted. NotFound for what is no key."""
    alone = _alone(group_key)
    if alone is not None:
        found = notice_lists.one(session, viewer, alone)
        return [] if found is None else [found]
    parsed = _parsed(group_key)
    lowest, highest = _range(parsed.window)
    narrowed = replace(
        wanted,
        types=frozenset({parsed.type}),
        kind=_KINDS[parsed.type],
        post_id=parsed.post_id,
        since_id=max(wanted.since_id or 0, lowest - 1),
        max_id=min(wanted.max_id or highest, highest),
    )
    return notice_lists.listing(session, viewer, narrowed)


def dismiss(session: Session, viewer: Viewer, group_key: str) -> None:
    """Put all notices of a group away; of what was worked out nothing changes. NotFound for what is no key."""
    mine = Notification.account_id == viewer.account_id
    alone = _alone(group_key)
    if alone is not None:
        session.execute(delete(Notification).where(mine, Notification.id == alone))
        return
    parsed = _parsed(group_key)
    lowest, highest = _range(parsed.window)
    about = Notification.post_id.is_(None) if parsed.post_id is None else Notification.post_id == parsed.post_id
    session.execute(
        delete(Notification).where(
            mine, Notification.kind == _KINDS[parsed.type], about,
            Notification.id >= lowest, Notification.id < highest,
        )
    )  # fmt: skip


def _counted(
    session: Session, viewer: Viewer, wanted: Wanted, members: dict[str, list[Notice]]
) -> list[Group]:
    """Groups with their true sizes, which one query tells."""
    crowds = {named: it for named, it in members.items() if not named.startswith(f"{_ALONE}-")}
    sizes = _sizes(session, viewer, wanted, [it[0] for it in crowds.values()]) if crowds else {}
    return [
        Group(named, it[0].type, it, max(len(it), sizes.get(named, 0)) if named in crowds else len(it))
        for named, it in members.items()
    ]


def _sizes(session: Session, viewer: Viewer, wanted: Wanted, heads: Iterable[Notice]) -> dict[str, int]:
    heads = list(heads)
    windows = [it.created_at // WINDOW for it in heads]
    lowest, highest = _range(min(windows))[0], _range(max(windows))[1]
    window = (Notification.created_at // WINDOW).label("window")
    counting = notice_lists.joined(
        select(Notification.kind, Notification.post_id, window, func.count().label("size")).select_from(Notification)
    ).where(
        notice_lists.standing(session, viewer, wanted),
        Notification.kind.in_({it.kind for it in heads}),
        func.coalesce(Notification.post_id, 0).in_({it.post_id or 0 for it in heads}),
        Notification.id >= lowest,
        Notification.id < highest,
    )
    rows = session.execute(counting.group_by(Notification.kind, Notification.post_id, window))
    return {_named(row.kind, row.post_id, row.window): row.size for row in rows}


def _named(kind: str, post_id: int | None, window: int) -> str:
    told = notice_types.TYPES[kind]
    return f"{told}-{post_id}-{window}" if told in _ABOUT_POSTS else f"{told}-{window}"


def _range(window: int) -> tuple[int, int]:
    """The ids of a half day: from the first up to, and without, the last."""
    return ids.first_of(window * WINDOW), ids.first_of((window + 1) * WINDOW)


def _alone(group_key: str) -> int | None:
    kind, _, number = group_key.partition("-")
    return _number(number, ids.LARGEST) if kind == _ALONE else None


def _parsed(group_key: str) -> _Key:
    told, _, rest = group_key.partition("-")
    post, _, window = rest.partition("-") if told in _ABOUT_POSTS else ("", "", rest)
    latest = (ids.LARGEST >> 21) // WINDOW - 1
    if told not in _KINDS:
        raise NotFound("そのお知らせは見つかりませんでした。")
    post_id = _number(post, ids.LARGEST) if told in _ABOUT_POSTS else None
    return _Key(told, post_id, _number(window, latest))


def _number(text: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= largest):
        raise NotFound("そのお知らせは見つかりませんでした。")
    return int(text)
