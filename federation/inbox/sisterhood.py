"""Offer of 姉妹まち, and Accept, Reject and Undo of it. Only a town's own actor speaks for a town."""

from sqlalchemy.orm import Session

from community import sisters, text, town
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import sisterhood
from federation.vocabulary.reading import Document, authority
from federation.vocabulary.sisterhood import Proposal


def apply(session: Session, inbound: Inbound) -> None:
    """The town of the signer asks this one."""
    proposal = sisterhood.read(inbound.activity)
    if proposal is None:
        raise Ignored("an Offer of something that is not known here")
    if proposal.subject != inbound.actor_uri or proposal.other != town.of(session).uris.actor:
        raise Ignored("an Offer in the name of others")
    note = text.from_html(proposal.note).text if proposal.note else ""
    sisters.asked_from(session, _town(session, inbound), offer_uri=proposal.uri, note=note)


def accept(session: Session, inbound: Inbound) -> bool:
    """Whether `inbound` says yes to our Offer; then that is done."""
    proposal = _answered(session, inbound)
    if proposal is None:
        return False
    if proposal.subject != town.of(session).uris.actor or proposal.other != inbound.actor_uri:
        raise Ignored("an answer to an Offer that was made to somebody else")
    sisters.accepted_from(session, _town(session, inbound), offer_uri=proposal.uri)
    return True


def end(session: Session, inbound: Inbound) -> bool:
    """Whether `inbound`, a Reject or an Undo, ends what there is between the two towns; then it has ended."""
    proposal = _answered(session, inbound)
    if proposal is None:
        return False
    if {proposal.subject, proposal.other} != {inbound.actor_uri, town.of(session).uris.actor}:
        raise Ignored("the end of something between others")
    sisters.ended_from(session, _town(session, inbound))
    return True


def _answered(session: Session, inbound: Inbound) -> Proposal | None:
    """The Offer that is answered: embedded, or named by the id under which we know it. Never on a board's word."""
    if inbound.via is not None:
        return None
    told: Document | None = inbound.object
    if told is not None:
        return sisterhood.read(told)
    row = sisters.of(session, authority(inbound.actor_uri) or "")
    if row is None or row.offer_uri is None or row.offer_uri != inbound.object_uri:
        return None
    here = town.of(session).uris.actor
    ours = town.of(session).uris.is_local(row.offer_uri)
    subject, other = (here, inbound.actor_uri) if ours else (inbound.actor_uri, here)
    return Proposal(row.offer_uri, subject, other, "")


def _town(session: Session, inbound: Inbound) -> str:
    """The host of the signer, who has to be a town's own actor."""
    signer = inbound.actor(session)
    if signer.kind != "instance":
        raise Ignored("somebody speaks for a town who is not the town's own actor")
    return authority(signer.uri) or ""
