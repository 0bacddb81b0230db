"""姉妹まち: asking another town, answering it, ending it, in the name of the town itself (docs/decisions/0031)."""

from typing import Any

from sqlalchemy.orm import Session

from community import events, founding, ids, sisters, town
from federation.outbox import addressing, sayings
from federation.vocabulary import sisterhood


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.SisterAsked, asked)
    bus.subscribe(events.SisterAccepted, accepted)
    bus.subscribe(events.SisterEnded, ended)


def asked(session: Session, event: events.SisterAsked) -> None:
    row = sisters.of(session, event.domain)
    if row is None or row.offer_uri is None:  # taken back in the same unit
        return
    ourselves = founding.instance_account(session)
    offer = sisterhood.offer(
        row.offer_uri, ourselves, _actor_of(session, row.domain), note=row.note, now=row.created_at
    )
    _say(session, row.domain, offer, about=row.offer_uri)


def accepted(session: Session, event: events.SisterAccepted) -> None:
    row = sisters.of(session, event.domain)
    offer_uri = event.offer_uri or (row.offer_uri if row is not None else None)
    if offer_uri is None:
        return
    there = _actor_of(session, event.domain)
    proposal = sisterhood.embedded(offer_uri, there, town.of(session).uris.actor)
    _answer(session, "Accept", event.domain, proposal, about=offer_uri)


def ended(session: Session, event: events.SisterEnded) -> None:
    if not event.told or event.offer_uri is None:
        return
    here, there = town.of(session).uris.actor, _actor_of(session, event.domain)
    subject, other = (here, there) if event.ours else (there, here)
    proposal = sisterhood.embedded(event.offer_uri, subject, other)
    _answer(session, "Undo" if event.ours else "Reject", event.domain, proposal, about=event.offer_uri)


def _answer(session: Session, kind: str, domain: str, proposal: dict[str, Any], *, about: str) -> None:
    now = town.now(session)
    uri = town.of(session).uris.activity(ids.new(now))
    activity = sisterhood.answer(
        kind, uri, founding.instance_account(session), proposal, _actor_of(session, domain), now=now
    )
    _say(session, domain, activity, about=about)


def _say(session: Session, domain: str, activity: dict[str, Any], *, about: str) -> None:
    inbox = addressing.inbox(f"{town.of(session).uris.scheme}://{domain}/inbox")
    ourselves = founding.instance_account(session)
    sayings.say(session, ourselves, activity, [inbox], about=about, at=town.now(session))


def _actor_of(session: Session, domain: str) -> str:
    """The own actor of a town: its path is the same in every town."""
    return f"{town.of(session).uris.scheme}://{domain}/actor"
