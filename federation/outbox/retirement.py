"""Hosts that are given up: those that took nothing for a week, and those that said themselves that they are gone.

Nothing new is queued for such a host, but for one letter a week that finds out whether it is back. Its people stay who
they are here, and go on following: the first letter it takes, or the first verified word of it, makes it a host like
any other again (federation reference §2.5).
"""

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import Table, case, null, select, update
from sqlalchemy.orm import Session

from community.storage.dialects import insert_of
from community.storage.prepared import Prepared, among_texts, param, text_param
from federation.models import Lane, RemoteHost

HEARD_EVERY = 3_600_000
"""How exactly (ms) it is kept when a host was last heard."""

_RESTING = 1 << 62  # as in `lanes`, which knows this module
_HOSTS = cast("Table", RemoteHost.__table__)
_LANES = cast("Table", Lane.__table__)


def retire(session: Session, host: str, now: int) -> None:
    """From `now` on `host` is given up; whoever was before stays so from then."""
    _RETIRE.run(session, host=host, now=now)


def revive(session: Session, hosts: Collection[str]) -> None:
    """`hosts` took something: they are back."""
    if hosts:
        _REVIVE.run(session, hosts=list(hosts))


def heard(session: Session, host: str, now: int) -> None:
    """Something verified came from `host`: it is there. Kept to the hour, for it stands on the way of all that comes in."""
    known = _KNOWN.rows(session, host=host)
    if not known or known[0][1] is not None or known[0][0] is None or now - known[0][0] >= HEARD_EVERY:
        _HEARD.run(session, host=host, now=now)


def silent(session: Session, hosts: Collection[str]) -> set[str]:
    """Those of `hosts` for which nothing is queued now: given up, and the time of the next trial has not come."""
    return {host for (host,) in _SILENT.rows(session, hosts=list(hosts))}


def _kept(dialect: str, **changes: Any) -> Any:
    values = {"host": text_param("host"), "asked_at": 0, **changes}
    return insert_of(dialect)(_HOSTS).values(values)


def _retire(dialect: str) -> Any:
    insert = _kept(dialect, retired_at=param("now"))
    since = case((_HOSTS.c.retired_at.is_(None), insert.excluded.retired_at), else_=_HOSTS.c.retired_at)
    return insert.on_conflict_do_update(index_elements=["host"], set_={"retired_at": since})


def _heard(dialect: str) -> Any:
    insert = _kept(dialect, heard_at=param("now"))
    anew = {"heard_at": insert.excluded.heard_at, "retired_at": null()}
    return insert.on_conflict_do_update(index_elements=["host"], set_=anew)


_RETIRE = Prepared(_retire)
_HEARD = Prepared(_heard)
_REVIVE = Prepared(
    lambda dialect: update(_HOSTS)
    .where(among_texts(_HOSTS.c.host, "hosts", dialect), _HOSTS.c.retired_at.is_not(None))
    .values(retired_at=null())
)
_KNOWN = Prepared(
    lambda _dialect: select(_HOSTS.c.heard_at, _HOSTS.c.retired_at).where(_HOSTS.c.host == text_param("host"))
)
_SILENT = Prepared(
    # While nothing waits for it a lane rests: what is queued then is the trial.
    lambda dialect: select(_HOSTS.c.host)
    .join(_LANES, _LANES.c.host == _HOSTS.c.host)
    .where(
        among_texts(_HOSTS.c.host, "hosts", dialect),
        _HOSTS.c.retired_at.is_not(None),
        _LANES.c.next_attempt_at < _RESTING,
    )
)
