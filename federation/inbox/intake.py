"""What is let in at the door, as rows: one for each activity, committed before its 202; and its effect, if it may come at once.

An activity that waits for nobody has its effect in the very unit that stores it: one transaction, one hop, its row done
from the beginning. Whatever cannot be done so waits in the queue for the worker (`process`): what has to be fetched
first, what comes after something of its host that waits, what comes in more than a host's share.
"""

from functools import partial
from typing import Any, NamedTuple, cast

import structlog
from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from community import events, ids, town, towns
from community.errors import StorageFailed
from community.storage.dialects import insert_of
from community.storage.prepared import Prepared, param, text_param
from federation.context import Federation
from federation.inbox import forwarded, queue, registry
from federation.inbox.inbound import Inbound, reason_of_nothing
from federation.models import InboxItem
from federation.outbox import lanes
from federation.outbox.boards import INBOUND
from federation.outbox.forward import BODY
from federation.vocabulary.reading import authority

SHARE = 5_000
"""Activities of one host that may wait in the queue; beyond, the host is asked to come back later."""

_SAID_AGAIN = frozenset({"Follow", "Undo"})
_LONG_WORK = frozenset({"Delete", "Move"})  # may take several units of work
_log = structlog.get_logger(__name__)


class Letter(NamedTuple):
    """What came: the activity, as it was said, who signed the request, and when (milliseconds)."""

    inbound: Inbound
    body: bytes
    signer: str
    signed_at: int

    @property
    def host(self) -> str:
        return authority(self.signer) or ""

    @property
    def sent_on(self) -> bool:
        """Whether somebody else than its actor brings it."""
        return self.signer != self.inbound.actor_uri


class Unwelcome(Exception):
    """The host is one that this town has nothing to do with."""


class Overfull(Exception):
    """So much of the host waits already that no more is taken."""


class _NotNow(Exception):
    """The activity takes more than one unit of work."""


async def take(ctx: Federation, letter: Letter) -> None:
    """Store `letter`, and let it have its effect if it can. Raises Unwelcome, Overfull, StorageFailed: then nothing is kept."""
    with ctx.doorstep.place(letter.host) as placed:
        if not placed or letter.sent_on or letter.inbound.type in _LONG_WORK:
            await ctx.database.write(partial(_keep, ctx, letter))
            return
        try:
            await ctx.database.write(partial(_do, ctx, letter))
        except (Unwelcome, Overfull, StorageFailed):
            raise
        except Exception as problem:  # noqa: BLE001 - the worker tries whatever it was, and says what came of it
            reason = reason_of_nothing(problem)
            if reason is not None:
                _log.info("an activity had no effect", id=letter.inbound.id, host=letter.host, reason=reason)
            elif not isinstance(problem, _NotNow):
                _log.info("an activity waits for the worker", id=letter.inbound.id, reason=repr(problem))
            await ctx.database.write(partial(_keep, ctx, letter, ignored=reason))


def _do(ctx: Federation, letter: Letter, session: Session) -> None:
    """Store it as done, and do it; or queue it behind what waits of its host, or until something is fetched."""
    now = _let_in(session, letter)
    if queue.is_waiting(session, letter.host):
        _queue(ctx, session, letter, now)
        return
    values = _values(letter, now) | {"state": queue.DONE, "body": b""}
    if not _NEW.rows(session, **values):
        _queue_again(ctx, session, letter, now)
        return
    inbound = letter.inbound
    inbound.unfinished, inbound.remark = False, ""
    session.info[INBOUND], session.info[BODY] = inbound.activity, (inbound.activity, letter.body)
    wanted = registry.handle(session, inbound)
    if inbound.unfinished:
        raise _NotNow
    if wanted:  # nothing was changed yet
        _STATE.run(session, this=values["id"], to_state=queue.PENDING, to_body=letter.body, to_error="")
        events.after_commit(session, ctx.wake_inbox)
    elif inbound.remark:
        _STATE.run(session, this=values["id"], to_state=queue.IGNORED, to_body=b"", to_error=inbound.remark)


def _keep(ctx: Federation, letter: Letter, session: Session, *, ignored: str | None = None) -> None:
    """Store it for the worker; or as what nothing comes of, for the reason `ignored`."""
    now = _let_in(session, letter)
    if ignored is None:
        _queue(ctx, session, letter, now)
        return
    said = {"state": queue.IGNORED, "body": b"", "error": queue.shortened(ignored)}
    if not _NEW.rows(session, **_values(letter, now) | said):
        _queue_again(ctx, session, letter, now)


def _let_in(session: Session, letter: Letter) -> int:
    """Turn refused hosts away, and know that any other is alive; gives the moment."""
    if towns.is_refused(session, letter.host):
        raise Unwelcome
    now = town.now(session)
    lanes.lift(session, letter.host, now)
    return now


def _queue(ctx: Federation, session: Session, letter: Letter, now: int) -> None:
    """Queue the activity, once however often it comes."""
    if town.of(session).settings.limits.enabled and queue.has_its_share(session, letter.host, SHARE):
        raise Overfull
    if _NEW.rows(session, **_values(letter, now)):
        queue.lift(session, letter.host, now)
        events.after_commit(session, ctx.wake_inbox)
    else:
        _queue_again(ctx, session, letter, now)


def _queue_again(ctx: Federation, session: Session, letter: Letter, now: int) -> None:
    """Misskey names a Follow after its two ends, and its Undo after the Follow: who follows for the second time says
    the same id again. It counts if it was signed after the first one came; a replay bears the old date.
    """
    values = _values(letter, now)
    if values["type"] not in _SAID_AGAIN:
        return
    settled = update(InboxItem).where(
        InboxItem.activity_uri == values["activity_uri"],
        InboxItem.actor_uri == values["actor_uri"],
        InboxItem.state.in_((queue.DONE, queue.IGNORED)),
        InboxItem.received_at < letter.signed_at,
    )
    if session.execute(settled.values(**values).returning(InboxItem.id)).first() is not None:
        events.after_commit(session, ctx.wake_inbox)


def _values(letter: Letter, now: int) -> dict[str, Any]:
    """The columns of the row that waits in the queue."""
    inbound = letter.inbound
    name, kind, body = inbound.id, inbound.type[:32], letter.body
    if letter.sent_on:
        kind, (name, body) = forwarded.FORWARDED, forwarded.wrapped(inbound, letter.signer)
    return {
        "id": ids.new(now), "activity_uri": name, "host": letter.host, "actor_uri": letter.signer, "type": kind,
        "body": body, "state": queue.PENDING, "attempts": 0, "next_attempt_at": now, "leased_until": 0, "error": "",
        "received_at": now,
    }  # fmt: skip


_items = cast("Table", InboxItem.__table__)
# On PostgreSQL it waits for another transaction that is inserting the same activity, so two at once cannot both win.
_NEW = Prepared(
    lambda dialect: insert_of(dialect)(_items)
    .values({each.name: bindparam(each.name, None, type_=each.type) for each in _items.columns})
    .on_conflict_do_nothing()
    .returning(_items.c.id)
)
_STATE = Prepared(
    lambda _dialect: update(_items)
    .where(_items.c.id == param("this"))
    .values(
        state=text_param("to_state"),
        body=bindparam("to_body", None, type_=_items.c.body.type),
        error=text_param("to_error"),
    )
)
