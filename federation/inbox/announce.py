"""Announce by a board: what others said on it, passed on (FEP-1b12; federation reference §1.1, §2.3).

The signature on the request is the board's. What it carries is taken as it stands only from actors on the board's own
host, or for a proof of its own; anything else is fetched from its origin first (`secondhand`). What persons announce is
a boost (`boost`).
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from community import town, towns
from community.models import Account
from federation.inbox import boost, known, memory, placing, secondhand, sight, stewards
from federation.inbox.inbound import Handler, Ignored, Inbound
from federation.vocabulary.notes import is_note, read_note
from federation.vocabulary.reading import authority, same_origin, type_of


def handler(inner: Mapping[str, Handler]) -> Handler:
    """The handler of Announce; `inner` says what may be carried and what to do about it."""

    def needs(session: Session, inbound: Inbound) -> list[str]:
        return _needs(session, inbound, inner)

    def apply(session: Session, inbound: Inbound) -> None:
        _apply(session, inbound, inner)

    return Handler(apply, needs)


def _needs(session: Session, inbound: Inbound, inner: Mapping[str, Handler]) -> list[str]:
    if inbound.actor(session).kind != "board":
        return boost.needs(session, inbound)
    board = _board(session, inbound)
    carried = _carried(session, inbound, board, inner)
    if isinstance(carried, list):
        return carried
    if carried.type in inner:
        actor = [] if known.account(session, carried.actor_uri) else carried.to_fetch([carried.actor_uri])
        return actor or inner[carried.type].needs(session, carried)
    return placing.needs_of(session, carried, read_note(carried.activity)) if is_note(carried.activity) else []


def _apply(session: Session, inbound: Inbound, inner: Mapping[str, Handler]) -> None:
    if inbound.actor(session).kind != "board":
        boost.apply(session, inbound)
        return
    board = _board(session, inbound)
    carried = _carried(session, inbound, board, inner)
    if isinstance(carried, list):
        raise Ignored("what the board announced could not be had from its origin")
    if is_note(carried.activity):
        placing.place(session, carried, read_note(carried.activity))
        return
    if carried.type not in inner:
        raise Ignored(f"a board announced {carried.type or 'nothing'}")
    if memory.has_happened(session, carried.id) or memory.is_withdrawn(
        session, carried.actor_uri, carried.id, carried.object_uri
    ):
        raise Ignored("the announced activity had its effect already")
    inner[carried.type].apply(session, carried)
    inbound.unfinished, inbound.remark = carried.unfinished, carried.remark
    if carried.id and not carried.unfinished:
        memory.remember_happened(session, carried)


def _board(session: Session, inbound: Inbound) -> Account:
    """The announcing Group, if anybody here has reason to listen to it."""
    board = inbound.actor(session)
    is_sister = towns.is_sister(session, authority(board.uri) or "")
    if not is_sister and not sight.is_followed(session, [board.id]):
        raise Ignored("nobody here follows the board")
    return board


def _carried(
    session: Session, inbound: Inbound, board: Account, inner: Mapping[str, Handler]
) -> Inbound | list[str]:
    """What the Announce carries, its origin proved (an activity, or a bare post), or what to fetch for that."""
    told = inbound.object
    target = inbound.object_uri
    if not target or town.of(session).uris.is_local(target):
        raise Ignored("a board announced what was said here")
    if towns.is_refused(session, authority(target) or ""):
        raise Ignored("a board announced something of a host that this town refuses")
    if told is not None and type_of(told) in stewards.PASSED_OVER:
        raise Ignored(f"a board announced {type_of(told)}, of which nothing comes here")
    if told is None or type_of(told) not in inner:
        return _fetched(session, inbound, board, target)
    carried = inbound.inside(told, board)
    if not same_origin(carried.id, carried.actor_uri):
        raise Ignored("the announced activity is not of its actor's host")
    if memory.has_happened(session, carried.id):
        raise Ignored("the announced activity had its effect already")
    if same_origin(carried.actor_uri, board.uri):
        return carried
    return secondhand.proved_or_from_origin(session, inbound, carried)


def _fetched(session: Session, inbound: Inbound, board: Account, target: str) -> Inbound | list[str]:
    """Only an id came, or an object without its activity: the origin tells what it is."""
    if known.post(session, target) is not None:
        raise Ignored("a board announced what is known already")
    document = inbound.documents.get(target)
    if document is None:
        wanted = inbound.to_fetch([target])
        if not wanted:
            raise Ignored("what the board announced could not be had from its origin")
        return wanted
    return inbound.inside(document, board)
