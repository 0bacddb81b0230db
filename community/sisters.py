"""姉妹まち by agreement: one town asks, the other says yes, either ends it (F25, W30).

A row of `sister_towns` is where the two stand: `asked` (we asked them), `asking` (they asked us), `agreed`. Two towns that ask
each other have agreed. What is done here by an operator is said to the other town; what the other town said is done
here by the functions whose names end in `_from`.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import events, ids, inserts, text, town, towns
from community.errors import Conflict, Invalid, NotFound, TooMany
from community.models import SisterTown

ASKED, ASKING, AGREED = "asked", "asking", "agreed"
NOTE_MOST = 500
"""Characters of the greeting that goes with a request."""

_WAITING_MOST = 100  # requests of others that wait here; no flood of them fills the operator's page

_NOT_THERE = "そのまちとの、姉妹まちの話は見つかりませんでした。"


def every(session: Session) -> Sequence[SisterTown]:
    """Every town with which there is an agreement or a request, in alphabetical order."""
    return session.scalars(select(SisterTown).order_by(SisterTown.domain)).all()


def of(session: Session, domain: str) -> SisterTown | None:
    """Where this town stands with `domain` (host[:port])."""
    return session.get(SisterTown, domain.casefold())


def ask(session: Session, domain: str, *, note: str = "") -> SisterTown:
    """Ask a town to become 姉妹まち, or, if it asked us, say yes. Doing it again changes nothing.

    Raises Invalid("domain"), also for this town itself and for a suspended host, and Invalid("note").
    """
    name = towns.normalise(domain)
    if name in town.of(session).uris.homes:
        raise Invalid("domain", "このまち自身は姉妹まちにできません。")
    if towns.is_suspended(session, name):
        raise Invalid("domain", "%(domain)s とは、やりとりを止めています。先に再開してください。", domain=name)
    words = text.storable(note).strip()
    if len(words) > NOTE_MOST:
        raise Invalid("note", "ひとことは%(most)s文字までにしてください。", most=NOTE_MOST)
    row = of(session, name)
    if row is not None:
        return accept(session, name) if row.state == ASKING else row
    now = town.now(session)
    uri = town.of(session).uris.activity(ids.new(now))
    inserts.new_row(session, SisterTown, domain=name, created_at=now, state=ASKED, offer_uri=uri, note=words)
    events.record(session, events.SisterAsked(name))
    return session.get_one(SisterTown, name)


def accept(session: Session, domain: str) -> SisterTown:
    """Say yes to a town that asked. Raises NotFound, Conflict if it did not ask."""
    row = _row(session, domain)
    if row.state == ASKED:
        raise Conflict("%(domain)s からの返事を待っています。", domain=row.domain)
    if row.state == ASKING:
        _agree(session, row)
        events.record(session, events.SisterAccepted(row.domain))
    return row


def end(session: Session, domain: str) -> None:
    """Decline a request, take our own back, or end an agreement. Raises NotFound."""
    row = _row(session, domain)
    ours = row.offer_uri is not None and town.of(session).uris.is_local(row.offer_uri)
    told = events.SisterEnded(row.domain, offer_uri=row.offer_uri, ours=ours, told=True)
    session.delete(row)
    session.flush()
    events.record(session, told)


def asked_from(session: Session, domain: str, *, offer_uri: str, note: str) -> SisterTown:
    """The town `domain` asks. If we asked it as well, that is the agreement; asked again, its agreement stands.

    Raises TooMany when too many requests wait for an answer.
    """
    row = of(session, domain)
    if row is None:
        if _waiting(session) >= _WAITING_MOST:
            raise TooMany("姉妹まちの話が、たくさん届いています。", retry_after=3_600)
        now = town.now(session)
        words = text.excerpt(note, NOTE_MOST)
        inserts.new_row(
            session, SisterTown, domain=domain, created_at=now, state=ASKING, offer_uri=offer_uri, note=words
        )
        return session.get_one(SisterTown, domain)
    if row.state == ASKING:
        row.offer_uri, row.note = offer_uri, text.excerpt(note, NOTE_MOST)
        return row
    if row.state == ASKED:
        _agree(session, row)
    events.record(session, events.SisterAccepted(row.domain, offer_uri))
    return row


def accepted_from(session: Session, domain: str, *, offer_uri: str) -> SisterTown:
    """The town `domain` says yes to our request `offer_uri`. Raises NotFound if we did not ask that."""
    row = _row(session, domain)
    if row.offer_uri != offer_uri or row.state == ASKING:
        raise NotFound(_NOT_THERE)
    if row.state == ASKED:
        _agree(session, row)
    return row


def ended_from(session: Session, domain: str) -> None:
    """The town `domain` declined, took its request back, or ended the agreement. Raises NotFound."""
    row = _row(session, domain)
    session.delete(row)
    session.flush()
    events.record(session, events.SisterEnded(row.domain, offer_uri=row.offer_uri, ours=False, told=False))


def _agree(session: Session, row: SisterTown) -> None:
    row.state, row.agreed_at = AGREED, town.now(session)
    session.flush()
    events.record(session, events.SisterAgreed(row.domain))


def _row(session: Session, domain: str) -> SisterTown:
    row = of(session, towns.normalise(domain))
    if row is None:
        raise NotFound(_NOT_THERE)
    return row


def _waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SisterTown).where(SisterTown.state == ASKING)) or 0
