"""Reading お知らせ: newest first, in pages, with what came to the member's anonymous questions merged in.

Those are worked out for the one look (`nametags.own_notices`): no row stands behind them, nothing is kept of their having
been read, and putting one away has no effect.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVarTuple, cast

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from community import distance, filter_matching, ids, nametags, notice_types, town
from community.distance import Number
from community.models import Account, Member, Notification, Post, Thanks, ThreadMute
from community.storage.prepared import Prepared, param
from community.visibility import Viewer, visible_to

Row = TypeVarTuple("Row")
_WORKED_OUT_MOST = 500  # replies to the few questions that one member hides behind in ninety days
_WORKED_OUT_TYPE = "mention"


@dataclass(frozen=True, slots=True)
class Notice:
    """One お知らせ as it is shown. `id` orders it in time; `actor_id` is whom people are shown (だれかさん included).

    `anonymous` marks what was worked out for the asker of an anonymous question: no row stands behind it.
    """

    id: int
    kind: str
    actor_id: int
    post_id: int | None
    thanks_id: int | None
    created_at: int
    unseen: bool
    anonymous: bool = False
    root_id: int | None = None  # of the thread of the post
    message_id: int | None = None  # the words of an ありがとう
    tone: str | None = None
    report_id: int | None = None

    @property
    def type(self) -> str:
        """What it is to an app."""
        return notice_types.type_of(self.kind, words=self.message_id is not None)

    @property
    def shown_post_id(self) -> int | None:
        """The post that an app shows with it."""
        if self.kind == "thanks" and self.message_id is not None:
            return self.message_id
        return self.root_id if self.kind == "chosen" else self.post_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of the list, and of which types. Ids are exclusive; `min_id` reads upwards from right above it."""

    limit: int
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None
    types: frozenset[str] | None = None
    without: frozenset[str] = field(default_factory=frozenset)
    from_id: int | None = None  # only of this account
    kind: str | None = None  # only of this kind of ours
    post_id: int | None = None  # only about this post
    held: bool = False  # also what is held back
    stored: bool = False  # nothing that is worked out

    @property
    def shown_types(self) -> frozenset[str]:
        every = frozenset(notice_types.TYPES.values())
        return (every if self.types is None else every & self.types) - self.without


def listing(session: Session, viewer: Viewer, wanted: Wanted) -> list[Notice]:
    """The notices of `viewer`, newest first; what they may no longer see or do not want to hear is left out."""
    if viewer.account_id is None:
        return []
    found = _read(session, viewer.account_id, wanted) + _worked_out(session, viewer, wanted)
    upwards = wanted.min_id is not None
    found.sort(key=lambda notice: notice.id, reverse=not upwards)
    page = found[: wanted.limit]
    return page[::-1] if upwards else page


def one(session: Session, viewer: Viewer, notice_id: int) -> Notice | None:
    """The notice with this id, held ones too; None if `viewer` has none such."""
    found = listing(
        session, viewer,
        Wanted(limit=1, max_id=min(notice_id + 1, ids.LARGEST), since_id=notice_id - 1, held=True),
    )
    return found[0] if found else None


def many(session: Session, viewer: Viewer, notice_ids: list[int]) -> list[Notice]:
    """Stored notices by their ids, newest first."""
    wanted = Wanted(limit=len(notice_ids), held=True)
    rows = session.execute(
        joined(_COLUMNS)
        .where(standing(session, viewer, wanted), Notification.id.in_(notice_ids))
        .order_by(Notification.id.desc())
    )
    return [_notice(tuple(row)) for row in rows]


def standing(session: Session, viewer: Viewer, wanted: Wanted) -> ColumnElement[bool]:
    """The condition that `listing` puts on stored notices, for counting them: the joins are those of `joined`."""
    return _standing(viewer, wanted, now=town.now(session), sender=wanted.from_id, about=wanted.post_id)


# The notices are named first: the rows of the member are walked through, everything else is looked up beside them.
_COLUMNS: Select[*tuple[Any, ...]] = (
    select(
        Notification.id,
        Notification.kind,
        Notification.actor_id,
        Notification.post_id,
        Notification.thanks_id,
        Notification.created_at,
        Notification.report_id,
        Member.notifications_seen_at,
        Post.root_id,
        Thanks.message_post_id,
        Thanks.tone,
    )
    .select_from(Notification)
    .join(Member, Member.account_id == Notification.account_id)
)
_SHAPES_MOST = 256
_PREPARED: dict[tuple[frozenset[str], bool, str | None, frozenset[str]], Prepared] = {}


def joined(rows: Select[*Row]) -> Select[*Row]:
    """`rows` of Notification with the tables beside it that `standing` speaks of."""
    return (
        rows.join(Account, Account.id == Notification.actor_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .outerjoin(Thanks, Thanks.id == Notification.thanks_id)
    )


def hidden_by_filters(session: Session, viewer: Viewer, notices: list[Notice]) -> set[int]:
    """The ids of those whose post meets a filter that hides it among notices; mostly no query, at most two."""
    mine = filter_matching.of(session, viewer.account_id, viewer.filters_version)
    wanted = {it.shown_post_id for it in notices if it.shown_post_id is not None}
    if not mine or not wanted:
        return set()
    texts = session.execute(
        select(Post.id, Post.title, Post.summary, Post.body_text).where(
            Post.id.in_(wanted), Post.author_id != viewer.account_id
        )
    )
    met = {
        row.id
        for row in texts
        if mine.hides(f"{row.title or ''}\n{row.summary}\n{row.body_text}", row.id, "notifications")
    }
    return {it.id for it in notices if it.shown_post_id in met}


def _standing(
    viewer: Viewer, wanted: Wanted, *, now: Number, sender: Number | None, about: Number | None
) -> ColumnElement[bool]:
    me = 0 if viewer.account_id is None else viewer.account_id
    known: list[ColumnElement[bool]] = [
        Notification.account_id == me,
        notice_types.only(wanted.shown_types),
        or_(Account.suspended_at.is_(None), Notification.kind == "sign_up"),
        or_(Notification.post_id.is_(None), visible_to(viewer)),
        or_(
            Notification.kind.in_(notice_types.OF_THE_TOWN),
            ~distance.unheard_by(me, Notification.actor_id, now),
        ),
    ]
    if not wanted.held:
        known.append(Notification.held.is_(False))
    if sender is not None:
        known.append(Notification.actor_id == sender)
    if wanted.kind is not None:
        known.append(Notification.kind == wanted.kind)
    if about is not None:
        known.append(Notification.post_id == about)
    return and_(*known)


def _read(session: Session, me: int, wanted: Wanted) -> list[Notice]:
    """Stored notices, by a statement that is made once for each way of asking: apps ask the same again and again."""
    session.flush()
    numbers = {
        "from": wanted.from_id, "about": wanted.post_id, "below": wanted.max_id, "above": wanted.since_id,
        "right_above": wanted.min_id,
    }  # fmt: skip
    given = {name: number for name, number in numbers.items() if number is not None}
    shape = (wanted.shown_types, wanted.held, wanted.kind, frozenset(given))
    prepared = _PREPARED.get(shape)
    if prepared is None:
        if len(_PREPARED) >= _SHAPES_MOST:
            _PREPARED.clear()
        prepared = _PREPARED[shape] = Prepared(lambda _dialect: _statement(wanted, shape[3]))
    rows = prepared.rows(session, me=me, now=town.now(session), most=wanted.limit, **given)
    return [_notice(row) for row in rows]


def _statement(wanted: Wanted, given: frozenset[str]) -> Select[*tuple[Any, ...]]:
    """What `_read` asks, with everything that differs between members and pages left open."""
    anybody = Viewer(account_id=cast("int", param("me")))
    of_sender, about = (param(name) if name in given else None for name in ("from", "about"))
    rows = joined(_COLUMNS).where(_standing(anybody, wanted, now=param("now"), sender=of_sender, about=about))
    if "below" in given:
        rows = rows.where(Notification.id < param("below"))
    if "above" in given:
        rows = rows.where(Notification.id > param("above"))
    if "right_above" in given:
        rows = rows.where(Notification.id > param("right_above")).order_by(Notification.id.asc())
    else:
        rows = rows.order_by(Notification.id.desc())
    return rows.limit(param("most"))


def _notice(row: tuple[Any, ...]) -> Notice:
    """A notice from the values of `_COLUMNS`."""
    identifier, kind, actor_id, post_id, thanks_id, created_at, report_id, seen_at, root_id, message_id, tone = row
    return Notice(
        id=identifier,
        kind=kind,
        actor_id=actor_id,
        post_id=post_id,
        thanks_id=thanks_id,
        created_at=created_at,
        unseen=created_at > seen_at,
        root_id=root_id,
        message_id=message_id,
        tone=tone,
        report_id=report_id,
    )


def _worked_out(session: Session, viewer: Viewer, wanted: Wanted) -> list[Notice]:
    """Never marked as new: to remember up to where the asker read them would join the asker to the question."""
    if wanted.stored or wanted.kind is not None or _WORKED_OUT_TYPE not in wanted.shown_types:
        return []
    lowest = max(wanted.since_id or 0, wanted.min_id or 0)
    found = [
        notice
        for notice in nametags.own_notices(session, viewer, 0, _WORKED_OUT_MOST)
        if lowest < notice.id
        and (wanted.max_id is None or notice.id < wanted.max_id)
        and wanted.from_id in (None, notice.actor_id)
    ]
    if not found:
        return []
    me = viewer.account_id or 0
    muted = select(ThreadMute.root_id).where(ThreadMute.account_id == me)
    heard = set(
        session.scalars(
            select(Post.id).where(
                Post.id.in_([it.id for it in found]),
                ~distance.unheard_by(me, Post.author_id, town.now(session)),
                Post.root_id.not_in(muted),
            )
        )
    )
    return [
        Notice(
            id=notice.id,
            kind=notice.kind,
            actor_id=notice.actor_id,
            post_id=notice.post_id,
            thanks_id=None,
            created_at=notice.created_at,
            unseen=False,
            anonymous=True,
            root_id=notice.question_id,
        )
        for notice in found
        if notice.id in heard
    ]
