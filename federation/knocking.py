"""Which of the two forms of signature a host takes: knock in one, once more in the other, and remember (reference §2.2).

The older form comes first. What a host took is kept in memory for every request, and beside the host's other facts
(`RemoteHost.signature`) only when it changes: nearly all take what is said first, and no request asks the database.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import inserts
from federation.keyring import Recent
from federation.models import RemoteHost
from federation.signed import CAVAGE, RFC9421, Form

IN_VAIN_MS = 600_000
"""For how long a host that refused both forms is asked in one alone: then it is not the form that it minds."""

_REFUSALS = frozenset({400, 401})
_UNPROVED = 401


class Knocks:
    """What one process knows of the forms that hosts (host[:port]) take. `changed` hears what is worth keeping."""

    def __init__(self, clock: Callable[[], int], changed: Callable[[str, Form], None] = lambda _host, _form: None) -> None:
        self._clock = clock
        self._changed = changed
        self._kept: dict[str, Form] = {}  # where it is not the older form
        self._took: Recent[str, Form] = Recent()  # seen with our own eyes
        self._in_vain: Recent[str, int] = Recent()

    def know(self, kept: Mapping[str, Form]) -> None:
        """What was kept of earlier knocks."""
        self._kept = {host: form for host, form in kept.items() if form != CAVAGE}

    def on_change(self, changed: Callable[[str, Form], None]) -> None:
        self._changed = changed

    def form(self, host: str) -> Form:
        """How to sign for `host`."""
        return self._took.get(host) or self._kept.get(host, CAVAGE)

    def other(self, host: str, status: int) -> Form | None:
        """In which form to knock once more after the answer `status`; None if that would change nothing.

        A 400 of a host that took the form before speaks of what was said, not of how it was signed.
        """
        if status not in _REFUSALS or (status != _UNPROVED and self._took.get(host) is not None):
            return None
        since = self._in_vain.get(host)
        if since is not None and self._clock() - since < IN_VAIN_MS:
            return None
        return RFC9421 if self.form(host) == CAVAGE else CAVAGE

    def took(self, host: str, form: Form) -> None:
        """`host` took what was signed in `form`."""
        if self._took.get(host) == form:
            return
        before = self.form(host)
        self._took.put(host, form)
        self._in_vain.drop(host)
        if form != before:
            self._kept[host] = form
            self._changed(host, form)

    def refused_both(self, host: str) -> None:
        self._in_vain.put(host, self._clock())


def is_refusal(status: int) -> bool:
    """Whether an answer may mean that the form of the signature was not understood."""
    return status in _REFUSALS


def kept_forms(session: Session) -> dict[str, Form]:
    """By host, the form that it took last, where that is not the older one."""
    rows = session.execute(select(RemoteHost.host).where(RemoteHost.signature == RFC9421))
    return {host: RFC9421 for (host,) in rows}


def keep_form(session: Session, *, host: str, form: Form) -> None:
    if not inserts.new_row(session, RemoteHost, host=host, asked_at=0, signature=form):  # 0: NodeInfo is still to be asked
        session.execute(update(RemoteHost).where(RemoteHost.host == host).values(signature=form))
