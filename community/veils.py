"""同僚シールド as it is asked: from whose eyes is somebody veiled?

Members between whom there is a veil (`community.shield` makes them), and, for everybody who is not logged in, all who hold
a work mark. A veiled person is だれかさん wherever a post is shown (`community.nametags`), and is not there wherever people
are. What goes to other servers is unchanged: they are nobody's colleagues.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from community.errors import NotFound
from community.models import Veil, WorkMark
from community.storage.prepared import Prepared, among, param
from community.visibility import Viewer

# Under names of their own, so that these conditions also stand in queries of these tables.
_veil, _mark = aliased(Veil, name="a_veil"), aliased(WorkMark, name="a_mark")
_v, _m = Veil.__table__.c, WorkMark.__table__.c
_BETWEEN = Prepared(
    lambda dialect: select(_v.other_id).where(_v.account_id == param("me"), among(_v.other_id, "ids", dialect))
)
_HOLDERS = Prepared(lambda dialect: select(_m.account_id).distinct().where(among(_m.account_id, "ids", dialect)))


def among_these(session: Session, viewer: Viewer, account_ids: Iterable[int]) -> frozenset[int]:
    """Those of `account_ids` that are veiled from `viewer`. At most one query; none for a member known to hold no mark."""
    wanted = set(account_ids)
    if not wanted or _sees_everybody(viewer):
        return frozenset()
    if _is_stranger(viewer):
        found = _HOLDERS.rows(session, ids=wanted)
    else:
        found = _BETWEEN.rows(session, me=viewer.account_id, ids=wanted)
    return frozenset(row[0] for row in found)


def veiled(viewer: Viewer, account: "ColumnElement[int] | InstrumentedAttribute[int]") -> ColumnElement[bool]:
    """A condition: the account in the column `account` is veiled from `viewer`."""
    if _sees_everybody(viewer):
        return false()
    if _is_stranger(viewer):
        return account.in_(select(_mark.account_id))
    return account.in_(veiled_from(viewer.account_id))


def veiled_from(me: Any) -> Any:
    """A SELECT of the ids that are veiled from the member `me`, which may be a bindparam."""
    return select(_veil.other_id).where(_veil.account_id == me)


def are_between(session: Session, one: int, other: int) -> bool:
    """Whether there is a veil between two members."""
    session.flush()
    return bool(_BETWEEN.rows(session, me=one, ids=[other]))


def check(session: Session, viewer: Viewer, account_id: int) -> None:
    """NotFound, in the words for who is not there, if the account is veiled from `viewer`."""
    if among_these(session, viewer, [account_id]):
        raise NotFound("お探しの人は見つかりませんでした。")


def _sees_everybody(viewer: Viewer) -> bool:
    return viewer.shielded is False or viewer.remote or (viewer.sister and viewer.account_id is None)


def _is_stranger(viewer: Viewer) -> bool:
    return viewer.account_id is None or viewer.unnamed
