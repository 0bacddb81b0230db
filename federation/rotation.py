"""New keys for our actors (federation reference §2.3): said in an Update that the former key signs, then used.

`own_keys.key_for` lets the former key sign what was said until then, for 48 hours; after that it is forgotten.
"""

from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import events, town
from community.models import LOCAL, Account
from federation import multikey, seals
from federation.models import ActorKey
from federation.own_keys import FORMER_MS


@dataclass(frozen=True, slots=True)
class NewKeys:
    """Two pairs of keys that nobody has yet."""

    private_pem: bytes
    public_pem: str
    proof: Ed25519PrivateKey

    @classmethod
    def make(cls) -> Self:
        """Takes 50 to 300 ms."""
        return cls(*seals.make_rsa(), Ed25519PrivateKey.generate())


def whose(session: Session, name: str | None = None) -> list[tuple[int, str]]:
    """The accounts of this town that have keys, by id and handle: all of them, or the one called `name`.

    The town itself goes by `actor`. Whoever has none yet gets them when they are first needed.
    """
    query = (
        select(Account.id, Account.name, Account.kind)
        .join(ActorKey, ActorKey.account_id == Account.id)
        .where(Account.domain == LOCAL, Account.deleted_at.is_(None))
        .order_by(Account.id)
    )
    found = [(row.id, "actor" if row.kind == "instance" else row.name) for row in session.execute(query)]
    return [each for each in found if name is None or each[1] == name]


def rotate(session: Session, account_id: int, new: NewKeys) -> None:
    """Let the account have `new` keys, and everyone who knows it hear so. A former key that waited to be forgotten is."""
    sealing = town.of(session).keys.sealing
    row, account = session.get_one(ActorKey, account_id), session.get_one(Account, account_id)
    row.old_public_pem, row.old_sealed = row.public_pem, row.private_sealed
    row.public_pem = new.public_pem
    row.private_sealed = seals.seal_rsa(sealing, account_id, new.private_pem)
    row.proof_multikey = multikey.write(new.proof.public_key())
    row.proof_sealed = seals.seal_proof(sealing, account_id, new.proof)
    row.rotated_at = account.updated_at = town.now(session)
    session.flush()
    events.record(session, events.AccountUpdated(account_id))


def forget_former(session: Session) -> None:
    """Remove what no longer signs."""
    session.execute(
        update(ActorKey)
        .where(ActorKey.old_sealed.is_not(None), ActorKey.rotated_at <= town.now(session) - FORMER_MS)
        .values(old_sealed=None, old_public_pem=None)
        .execution_options(synchronize_session=False)
    )
