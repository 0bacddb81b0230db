"""What stands at an id of this town, for whoever asks: actors, posts, activities. Plain units on a session.

`Asker` is all that counts about who asks: nobody in particular, or the host whose signature was verified.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, text, town, towns, visibility
from community.models import LOCAL, Account, Member, Post, QuoteStamp
from community.visibility import PUBLIC, SISTER, Viewer
from federation.models import ActorKey, Delivery, OutboxItem
from federation.outbox import sayings
from federation.vocabulary import audience, quoting, render, terms

Document = dict[str, Any]
_SHOWN = ("open", "unlisted")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: `host` signed the request (verified, not refused here); `sister` if it is one of our sister towns."""

    host: str | None = None
    sister: bool = False

    @property
    def viewer(self) -> Viewer:
        return SISTER if self.sister else PUBLIC


NOBODY = Asker()


@dataclass(frozen=True, slots=True)
class Found:
    """A document and its status: 200, or 410 with a Tombstone."""

    document: Document
    status: int = 200


def asker_from(session: Session, host: str) -> Asker:
    """What a verified signer of `host` may see here; a refused host is nobody."""
    if towns.is_refused(session, host):
        return NOBODY
    return Asker(host, towns.is_sister(session, host))


def local_account(session: Session, name: str, *kinds: str) -> Account | None:
    """The account `name` of this town if it is one of `kinds`, gone ones included.

    Whoever still waits to be let in (approval) is not there yet, and a suspended account is not there any more.
    """
    name = text.storable(name)  # it comes from a path, where anything may stand
    account = session.scalar(
        select(Account).where(Account.domain == LOCAL, Account.name == name, Account.kind.in_(kinds))
    )
    if account is None or account.suspended_at is not None:
        return None
    member = session.get(Member, account.id) if account.kind == "person" else None
    return None if member is not None and member.state == "pending" else account


def post(session: Session, post_id: int, asker: Asker) -> Found | None:
    """The Note of a local post, the Tombstone of a deleted one, or None: missing and forbidden look the same."""
    row = session.get(Post, post_id)
    if row is None or not row.local or row.kind == "boost" or not may_hear(session, row, asker):
        return None
    if row.deleted_at is not None:
        return Found(render.tombstone(row), status=410)
    return Found(render.note(session, row))


def page_of(session: Session, post_id: int) -> str | None:
    """The page of a post that everybody may see, local or not: to others its address would tell who wrote it."""
    row = session.get(Post, post_id)
    if row is not None and row.boost_of_id is not None:
        row = session.get(Post, row.boost_of_id)
    if row is None or row.visibility not in _SHOWN:
        return None
    return town.of(session).uris.post_page(anonymity.public_author(session, row).handle, row.id)


def may_hear(session: Session, row: Post, asker: Asker) -> bool:
    """Whether `asker` may have the words of `row`, or, once it is deleted, may know that it stood.

    A post for followers or named people is given to the hosts that it was sent to, for their people.
    """
    if row.deleted_at is None and visibility.may_see(session, asker.viewer, row):
        return True
    if visibility.was_taken_back(session, asker.viewer, row):
        return True
    if asker.host is None or row.visibility not in ("followers", "direct"):
        return False
    author = anonymity.public_author(session, row)
    return author.suspended_at is None and _was_sent_to(session, asker.host, OutboxItem.object_uri == row.uri)


def _was_sent_to(session: Session, host: str, which: Any) -> bool:
    return session.scalar(
        select(Delivery.id).join(OutboxItem, OutboxItem.id == Delivery.outbox_item_id)
        .where(which, Delivery.host == host).limit(1)
    ) is not None  # fmt: skip


def activity(session: Session, number: int, asker: Asker) -> Found | None:
    """The activity `number` as it was said; where its post was edited since, with the words that stand now.

    It follows the visibility of its post. What was said to one host alone (a Follow, 本人だけに) is for that host.
    """
    item = session.get(OutboxItem, number)
    if item is None or item.type == sayings.SENT_ON or not _may_have(session, item, asker):
        return None
    if not item.body:
        uri = town.of(session).uris.activity(number)
        return Found({"id": uri, "type": "Tombstone", "formerType": item.type}, status=410)
    return Found(current(session, item))


def current(session: Session, item: OutboxItem) -> Document:
    """What `item` said, without words that were taken back by a later edit."""
    said = sayings.document(item)
    row = session.get(Post, item.post_id) if item.post_id is not None else None
    if row is None or row.edited_at is None or row.edited_at <= item.created_at:
        return said
    if item.type in ("Create", "Update"):
        said["object"] = render.note(session, row)
    elif item.type == "Announce" and isinstance(said["object"], dict):
        said["object"] = said["object"]["id"]
    return said


def _may_have(session: Session, item: OutboxItem, asker: Asker) -> bool:
    if asker.host is not None and _was_sent_to(session, asker.host, OutboxItem.id == item.id):
        return True
    if item.post_id is None:
        return item.type in ("Update", "Delete")  # of an actor; follows concern two accounts
    row = session.get_one(Post, item.post_id)
    return not _is_letter(item) and may_hear(session, row, asker)


def _is_letter(item: OutboxItem) -> bool:
    """Whether a Like or its Undo speaks to one account alone: a ありがとう for the receiver's eyes."""
    if item.type not in ("Like", "Undo") or not item.body:
        return False
    said = sayings.document(item)
    return not said.get("cc") and terms.PUBLIC not in said.get("to", ())


def actor(session: Session, account_id: int) -> Found:
    """The document of a local account whose key was made, or the Tombstone of one that left."""
    account = session.get_one(Account, account_id)
    if account.deleted_at is not None:
        return Found(render.actor_tombstone(account), status=410)
    key = session.get_one(ActorKey, account_id)
    return Found(render.actor(session, account, key.public_pem, key.proof_multikey))


def quote_stamp(session: Session, number: int) -> Found | None:
    """The consent by which a post of ours is quoted (FEP-044f); 410 once it is taken back, None with the post."""
    row = session.get(QuoteStamp, number)
    quoted = session.get(Post, row.post_id) if row is not None else None
    if row is None or quoted is None or not visibility.may_see(session, PUBLIC, quoted):
        return None
    document = quoting.stamp(session, row)
    if row.revoked_at is not None:
        return Found({"id": document["id"], "type": "Tombstone", "formerType": document["type"]}, status=410)
    return Found(document)


def page_of_stamp(session: Session, number: int) -> str | None:
    """The page of the post that may be quoted."""
    row = session.get(QuoteStamp, number)
    return page_of(session, row.post_id) if row is not None else None


def thread_board(session: Session, row: Post) -> str | None:
    board = audience.company(session, row).board
    return board.uri if board else None
