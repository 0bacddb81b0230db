"""The walks through posts that timelines are: each follows one index, whatever else the town holds.

Every statement is made once. A walk is bounded above and below by ids, both exclusive, and goes down, or up from `min_id`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from community import boards, ids, veils
from community.errors import NotFound
from community.models import (
    Account,
    Card,
    HomeEntry,
    ListEntry,
    Media,
    MemberList,
    Mention,
    Pin,
    Post,
    PostTag,
    Tag,
)
from community.storage.prepared import Prepared, among, param
from community.text import fold
from community.visibility import Viewer
from webui.mastodon.entities import stamps, words
from webui.mastodon.entities.stamps import Stamp, p
from webui.mastodon.paging import Window

_IN_LISTS = ("open", "sister", "town")
"""What stands on timelines that everybody has; `visibility` still decides who is everybody."""

_TAGS_MOST = 10
"""So many hashtags are walked through side by side, each by itself."""

Statement = Select[*tuple[Any, ...]]
_home, _listed, _pins, _tagged = (model.__table__.c for model in (HomeEntry, ListEntry, Pin, PostTag))
_media, _mention = Media.__table__.c, Mention.__table__.c


@dataclass(frozen=True, slots=True)
class Only:
    """Which posts of a public timeline are wanted."""

    local: bool = False
    remote: bool = False
    media: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """Hashtags as typed: posts with any of `any`, with every one of `all`, with none of `none`."""

    any: tuple[str, ...]
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """Which of somebody's posts are wanted."""

    only_media: bool = False
    without_replies: bool = False
    without_boosts: bool = False
    pinned: bool = False
    tag: str | None = None


class _Walk:
    """One timeline for members and one for strangers, down and up."""

    def __init__(
        self, column: ColumnElement[int], narrow: Callable[[Statement, str, bool], Statement], *, listed: bool = True
    ) -> None:
        self._statements = {
            up: {
                member: Prepared(partial(self._make, column=column, narrow=narrow, listed=listed, up=up, member=member))
                for member in (True, False)
            }
            for up in (True, False)
        }

    @staticmethod
    def _make(
        dialect: str,
        *,
        column: ColumnElement[int],
        narrow: Callable[[Statement, str, bool], Statement],
        listed: bool,
        up: bool,
        member: bool,
    ) -> Statement:
        rows = narrow(stamps.statement(member), dialect, member)
        if listed:
            rows = rows.where(stamps.heard(member))
        within = (column < param("below"), column > param("above"))
        return rows.where(*within).order_by(column.asc() if up else column.desc()).limit(param("most"))

    def read(self, session: Session, viewer: Viewer, window: Window, **params: object) -> list[Stamp]:
        """What stands in the window, newest first."""
        bounds = {
            "below": ids.LARGEST if window.max_id is None else window.max_id,
            "above": max(window.since_id or 0, window.min_id or 0),
            "most": window.limit,
        }
        found = stamps.read(session, viewer, self._statements[window.upwards], **bounds, **params)
        return window.newest_first(found)


def _not_silenced() -> ColumnElement[bool]:
    """Of a silenced host everybody is marked (`community.towns`)."""
    return stamps.author.silenced_at.is_(None)


def _public(rows: Statement, local: bool | None, media: bool) -> Statement:
    rows = rows.where(p.kind != "boost", p.in_reply_to_uri.is_(None), _not_silenced())
    if local is None:
        rows = rows.where(p.visibility == "open")
    elif local:
        rows = rows.where(p.visibility.in_(_IN_LISTS), p.local.is_(True))
    else:
        rows = rows.where(p.visibility == "open", p.local.is_(False))
    return rows.where(exists().where(_media.post_id == p.id)) if media else rows


_HOME = _Walk(
    _home.post_id,
    lambda rows, _dialect, _member: rows.join(HomeEntry.__table__, _home.post_id == p.id).where(
        _home.account_id == param("me")
    ),
)
_PUBLIC = {
    (local, media): _Walk(p.id, lambda rows, _dialect, _member, local=local, media=media: _public(rows, local, media))  # type: ignore[misc]
    for local in (None, True, False)
    for media in (True, False)
}
_LIST = _Walk(
    _listed.post_id,
    lambda rows, _dialect, _member: rows.join(ListEntry.__table__, _listed.post_id == p.id).where(
        _listed.list_id == param("list")
    ),
)
_ADDRESSED = _Walk(
    _mention.post_id,
    lambda rows, _dialect, _member: rows.join(Mention.__table__, _mention.post_id == p.id).where(
        _mention.account_id == param("me"), p.visibility == "direct"
    ),
)
_SAID = _Walk(
    p.id, lambda rows, _dialect, _member: rows.where(p.author_id == param("me"), p.visibility == "direct")
)


def _with_tag(rows: Statement, dialect: str, _member: bool) -> Statement:
    every, none = PostTag.__table__.alias("every"), PostTag.__table__.alias("none_of")
    held = select(func.count()).where(every.c.post_id == p.id, among(every.c.tag_id, "all", dialect))
    return rows.join(PostTag.__table__, _tagged.post_id == p.id).where(
        _tagged.tag_id == param("tag"),
        *_tag_conditions(),
        held.scalar_subquery() == param("all_count"),
        ~exists().where(none.c.post_id == p.id, among(none.c.tag_id, "none", dialect)),
    )


def _tag_conditions() -> tuple[ColumnElement[bool], ...]:
    local, media = param("local"), param("media")  # -1: either
    return (
        p.visibility.in_(_IN_LISTS),
        p.kind != "boost",
        _not_silenced(),
        or_(local == -1, (local == 1) == p.local),
        or_(media == 0, exists().where(_media.post_id == p.id)),
    )


_TAGGED = _Walk(_tagged.post_id, _with_tag)
_BOARD = _Walk(
    p.id,
    lambda rows, _dialect, _member: rows.where(
        p.board_id == param("board"), p.kind.in_(("question", "flag")), *_tag_conditions()
    ),
)
_LINKING = _Walk(p.id, lambda rows, _d, _m: rows.where(p.card_id == param("card"), p.visibility == "open"))


def _by(rows: Statement, dialect: str, wanted: Own) -> Statement:
    rows = rows.where(p.author_id == param("who"))
    if wanted.only_media:
        rows = rows.where(exists().where(_media.post_id == p.id))
    if wanted.without_replies:
        parent = Post.__table__.alias("above")
        own = select(parent.c.author_id).where(parent.c.id == p.parent_id).scalar_subquery()
        rows = rows.where(or_(p.in_reply_to_uri.is_(None), own == p.author_id))
    if wanted.without_boosts:
        rows = rows.where(p.kind != "boost")
    if wanted.tag is not None:
        rows = rows.where(exists().where(_tagged.post_id == p.id, _tagged.tag_id == param("tag")))
    return rows


_OF_ACCOUNT: dict[Own, _Walk] = {}
_PINNED = _Walk(
    _pins.id,
    lambda rows, _dialect, _member: rows.join(Pin.__table__, _pins.post_id == p.id).where(
        _pins.account_id == param("who")
    ),
    listed=False,
)
_ASKED_ON = _Walk(
    p.id,
    lambda rows, _dialect, _member: rows.where(p.board_id == param("who"), p.kind.in_(("question", "flag"))),
    listed=False,
)


def home(session: Session, viewer: Viewer, window: Window) -> list[Stamp]:
    """What the people, boards and tags bring whom the viewer follows, and their own posts."""
    return _HOME.read(session, viewer, window)


def public(session: Session, viewer: Viewer, window: Window, wanted: Only) -> list[Stamp]:
    """Open posts that answer nothing. The local timeline also has what members alone may see."""
    local = None if wanted.local == wanted.remote else wanted.local
    return _PUBLIC[local, wanted.media].read(session, viewer, window)


def tagged(session: Session, viewer: Viewer, window: Window, wanted: Only, tags: Tags) -> list[Stamp]:
    """Posts with hashtags. The hashtag of a board leads to its questions."""
    any_of = list(dict.fromkeys(map(fold, tags.any[:_TAGS_MOST])))
    known = _tag_ids(session, {*any_of, *tags.all, *tags.none})
    every = {known.get(fold(each)) for each in tags.all}
    if None in every:
        return []
    facts = {
        "all": [each for each in every if each is not None],
        "all_count": len(every),
        "none": [known[fold(each)] for each in tags.none if fold(each) in known],
    }
    kinds = {"local": -1 if wanted.local == wanted.remote else int(wanted.local), "media": int(wanted.media)}
    pages = [
        _TAGGED.read(session, viewer, window, tag=known[each], **facts, **kinds) for each in any_of if each in known
    ]
    if not tags.all and not tags.none:
        pages += [_BOARD.read(session, viewer, window, board=each, **kinds) for each in _board_ids(session, any_of)]
    return _merged(pages, window)


def of_list(session: Session, viewer: Viewer, window: Window, list_id: int) -> list[Stamp]:
    """The posts of a list of the viewer's. Raises NotFound for anybody else's."""
    owner = session.scalar(select(MemberList.account_id).where(MemberList.id == list_id))
    if owner is None or owner != viewer.account_id:
        raise NotFound("そのリストは見つかりませんでした。")
    return _LIST.read(session, viewer, window, list=list_id)


def direct(session: Session, viewer: Viewer, window: Window) -> list[Stamp]:
    """What was said to the viewer alone, or by them to somebody alone."""
    return _merged([walk.read(session, viewer, window) for walk in (_ADDRESSED, _SAID)], window)


def linking(session: Session, viewer: Viewer, window: Window, url: str) -> list[Stamp]:
    """Open posts that show the page at `url`."""
    card_id = session.scalar(select(Card.id).where(Card.url == url))
    return [] if card_id is None else _LINKING.read(session, viewer, window, card=card_id)


def of_account(session: Session, viewer: Viewer, window: Window, account_id: int, wanted: Own) -> list[Stamp]:
    """What somebody said; of a board, what was asked there. Raises NotFound for nobody."""
    account = session.get(Account, account_id)
    if account is None or account.deleted_at is not None or account.suspended_at is not None:
        raise NotFound("お探しの人は見つかりませんでした。")
    veils.check(session, viewer, account_id)
    if wanted.pinned:
        return _PINNED.read(session, viewer, Window(limit=window.limit), who=account_id)
    if account.kind == "board":
        return _ASKED_ON.read(session, viewer, window, who=account_id)
    facts: dict[str, object] = {"who": account_id}
    if wanted.tag is not None:
        facts["tag"] = _tag_ids(session, {wanted.tag}).get(fold(wanted.tag), 0)
        wanted = Own(wanted.only_media, wanted.without_replies, wanted.without_boosts, tag="")
    if wanted not in _OF_ACCOUNT:
        _OF_ACCOUNT[wanted] = _Walk(p.id, lambda rows, dialect, _member: _by(rows, dialect, wanted), listed=False)
    return _OF_ACCOUNT[wanted].read(session, viewer, window, **facts)


def _merged(pages: Iterable[list[Stamp]], window: Window) -> list[Stamp]:
    """One page of several, each post once."""
    found = sorted({stamp.id: stamp for page in pages for stamp in page}.items(), reverse=not window.upwards)
    return window.newest_first([stamp for _, stamp in found[: window.limit]])


def _tag_ids(session: Session, labels: Iterable[str]) -> dict[str, int]:
    """The ids of tags by their folded names."""
    names = {fold(label) for label in labels}
    rows = session.execute(select(Tag.name, Tag.id).where(Tag.name.in_(names)))
    return {row.name: row.id for row in rows}


def _board_ids(session: Session, labels: Iterable[str]) -> list[int]:
    """The boards of this town whose hashtag is among `labels`."""
    wanted = {fold(label) for label in labels}
    return [
        entry.account.id
        for entry in boards.all(session)
        if fold(words.label_as_tag(boards.label(entry.account, "ja"))) in wanted
    ]
