"""Who has nothing to do with whom: blocks in either direction, mutes that still run, whole servers shut out.

Two rules, for two places. What an author's block takes from somebody's eyes is `community.visibility`: the post is not
there. What a viewer turned away from is here: it is left out of lists (timelines, threads, notices, searches), yet
opens when its address is asked for. The deeds of one towards the other are refused by `check`.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from community import town, veils
from community.errors import NotAllowed, NotFound
from community.models import LOCAL, Account, Block, DomainBlock, Mute, Veil
from community.storage.prepared import Prepared, param
from community.visibility import Viewer

Ids = ColumnElement[int] | InstrumentedAttribute[int]
Number = int | Ids
"""An id or a moment: a value, a column, or a bindparam of a statement that is made once."""

# Under names of their own, so that these conditions also stand in queries of accounts, blocks and mutes.
_block, _mute, _shut_out, _home, _veil = (
    aliased(Block), aliased(Mute), aliased(DomainBlock), aliased(Account), aliased(Veil),
)  # fmt: skip


def hidden(viewer: Viewer, author: Ids, now: Number) -> ColumnElement[bool]:
    """A condition: the account in the column `author` is one from whom `viewer` wants to hear nothing in lists.

    `now` is the town's time: a mute that has run out hides nobody. Visitors without an account hide nobody.
    """
    if viewer.account_id is None:
        return false()
    return hidden_from(viewer.account_id, author, now)


def hidden_from(me: Number, author: Ids, now: Number) -> ColumnElement[bool]:
    """`hidden` for the account `me`, which may be a bindparam."""
    return or_(author.in_(_turned_away(me, _running(now))), _of_shut_out_server(me, author))


def turned_from(me: Number, author: Number, now: Number) -> ColumnElement[bool]:
    """`hidden_from` where both may be columns: asked for each pair."""
    return or_(
        _is_among(_block, me=_block.account_id == me, other=_block.target_id == author),
        _is_among(_block, me=_block.target_id == me, other=_block.account_id == author),
        exists(
            select(true())
            .select_from(_mute)
            .where(_mute.account_id == me, _mute.target_id == author, _running(now))
            .correlate_except(_mute)
        ),
        _of_shut_out_server(me, author),
    )


def unheard_by(me: Number, actor: Ids, now: Number) -> ColumnElement[bool]:
    """A condition: what the account in the column `actor` does makes no notice for `me`.

    Like `hidden_from`, but a mute may spare notices, and who is veiled from `me` makes none (`community.veils`).
    """
    muted = and_(_mute.notifications.is_(True), _running(now))
    return or_(actor.in_(_turned_away(me, muted, veils.veiled_from(me))), _of_shut_out_server(me, actor))


def is_unheard(session: Session, *, by: int, actor: int) -> bool:
    """Whether a deed of the account `actor` makes no notice for the member `by`."""
    return _asked(session, _UNHEARD, by, actor)


def apart(session: Session, *, actor: Account, target: Account) -> bool:
    """Whether either blocks the other, or `target` shut out the whole server of `actor`."""
    return _asked(session, _APART, target.id, actor.id)


def check(session: Session, *, actor: Account, target: Account) -> None:
    """Whether `actor` may do something to `target` or their posts.

    NotAllowed if `actor` blocks `target`; NotFound, as for any post that is not there, if it is the other way round
    or `target` shut out the server of `actor`. Everybody may do everything to themselves.
    """
    if actor.id == target.id or not apart(session, actor=actor, target=target):
        return
    if _asked(session, _BLOCKS, actor.id, target.id):
        raise NotAllowed("ブロックしている人です。先にブロックを外してください。")
    raise NotFound(
        "お探しのものは見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
    )


def _is_among(ties: Any, *, me: ColumnElement[bool], other: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(true()).select_from(ties).where(me, other).correlate_except(ties))


def _turned_away(me: Number, muted: ColumnElement[bool], *besides: Any) -> Any:
    """The accounts themselves, as a list that a query works out once, whatever it is asked for."""
    return union_all(
        select(_block.target_id).where(_block.account_id == me),
        select(_block.account_id).where(_block.target_id == me),
        select(_mute.target_id).where(_mute.account_id == me, muted),
        *besides,
    )


def _running(now: Number) -> ColumnElement[bool]:
    return or_(_mute.expires_at.is_(None), _mute.expires_at > now)


def _of_shut_out_server(me: Number, author: Number) -> ColumnElement[bool]:
    """Asked for each row: a server may have a hundred thousand accounts, a member shuts out a few servers."""
    return exists(
        select(true())
        .select_from(_shut_out)
        .join(_home, _home.domain == _shut_out.domain)
        .where(_shut_out.account_id == me, _home.id == author)
        .correlate_except(_shut_out, _home)
    )


def _asked(session: Session, question: Prepared, me: int, other: int) -> bool:
    return bool(question.rows(session, me=me, other=other, now=town.now(session)))


_ME, _OTHER, _NOW = param("me"), param("other"), param("now")
_BLOCKING = select(true()).where(_block.account_id == _ME, _block.target_id == _OTHER)
_BLOCKED = select(true()).where(_block.account_id == _OTHER, _block.target_id == _ME)
_SHUT_OUT = (
    select(true())
    .select_from(_shut_out)
    .join(_home, _home.domain == _shut_out.domain)
    .where(_shut_out.account_id == _ME, _home.id == _OTHER, _home.domain != LOCAL)
)
_MUTED = select(true()).where(
    _mute.account_id == _ME, _mute.target_id == _OTHER, _mute.notifications.is_(True), _running(_NOW)
)
_BLOCKS = Prepared(lambda _dialect: _BLOCKING)
_APART = Prepared(lambda _dialect: union_all(_BLOCKING, _BLOCKED, _SHUT_OUT))
_VEILED = select(true()).where(_veil.account_id == _ME, _veil.other_id == _OTHER)
_UNHEARD = Prepared(lambda _dialect: union_all(_BLOCKING, _BLOCKED, _SHUT_OUT, _MUTED, _VEILED))
