"""What the three databases hold when the demo has ended: counted there, never from the script."""

from dataclasses import asdict, dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from community.db import Database
from community.models import LOCAL, Account, Post, Thanks
from community.models import Join as Gather
from federation.models import Delivery, InboxItem


@dataclass
class Counts:
    questions: int = 0
    answers: int = 0
    thanks: int = 0
    thanks_across_towns: int = 0
    flags: int = 0
    gathered: int = 0
    gathered_across_towns: int = 0
    deliveries: int = 0
    failures: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: value + asdict(other)[name] for name, value in asdict(self).items()})


def of_town(database: Database) -> Counts:
    """The town's share: what its own people asked and answered, the thanks they received, who came to their flags, the POSTs that were taken."""
    return database.read_now(_counted)


def _counted(session: Session) -> Counts:
    giver, receiver = Account.__table__.alias(), Account.__table__.alias()
    received = (
        select(func.count())
        .select_from(Thanks)
        .join(giver, giver.c.id == Thanks.giver_id)
        .join(receiver, receiver.c.id == Thanks.receiver_id)
        .where(receiver.c.domain == LOCAL)
    )
    gathered = (
        select(func.count())
        .select_from(Gather)
        .join(giver, giver.c.id == Gather.account_id)
        .join(Post, Post.id == Gather.post_id)
        .where(Post.local.is_(True))
    )
    return Counts(
        questions=_posts(session, "question"),
        answers=_posts(session, "answer"),
        thanks=session.scalar(received) or 0,
        thanks_across_towns=session.scalar(received.where(giver.c.domain != LOCAL)) or 0,
        flags=_posts(session, "flag"),
        gathered=session.scalar(gathered) or 0,
        gathered_across_towns=session.scalar(gathered.where(giver.c.domain != LOCAL)) or 0,
        deliveries=_number(session, select(func.count()).where(Delivery.state == "done", Delivery.status.between(200, 299))),
        failures=_number(session, select(func.count()).where(Delivery.state == "failed"))
        + _number(session, select(func.count()).where(InboxItem.state == "failed")),
    )


def waiting(database: Database) -> int:
    """How much is still on its way: deliveries to be made, activities to be worked on."""

    def unit(session: Session) -> int:
        return _number(session, select(func.count()).where(Delivery.state == "pending")) + _number(
            session, select(func.count()).where(InboxItem.state == "pending")
        )

    return database.read_now(unit)


def _posts(session: Session, kind: str) -> int:
    return _number(
        session, select(func.count()).where(Post.kind == kind, Post.local.is_(True), Post.deleted_at.is_(None))
    )


def _number(session: Session, query: Select[int]) -> int:
    return session.scalar(query) or 0
