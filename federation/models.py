"""The wire's own tables: keys, what is known of remote actors, the two durable queues, the lanes to other hosts."""

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class ActorKey(Model):
    """The RSA key pair of a local actor. The private half is sealed with the key file outside the database."""

    __tablename__ = "actor_keys"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    public_pem: Mapped[str] = mapped_column(Text)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[int] = mapped_column(Millis)
    # The Ed25519 pair that makes integrity proofs (FEP-8b32); the public half as Multikey.
    proof_multikey: Mapped[str | None] = mapped_column(Text)
    proof_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # The pair before the last rotation: it signs until those who know it have heard of the new one.
    old_public_pem: Mapped[str | None] = mapped_column(Text)
    old_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    rotated_at: Mapped[int | None] = mapped_column(Millis)


class RemoteActor(Model):
    """Where a remote account receives, and the key that proves its word."""

    __tablename__ = "remote_actors"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(Text, index=True)  # authority of the id: host[:port]
    inbox: Mapped[str] = mapped_column(Text)
    shared_inbox: Mapped[str | None] = mapped_column(Text)
    outbox: Mapped[str | None] = mapped_column(Text)
    followers: Mapped[str | None] = mapped_column(Text, index=True)
    key_id: Mapped[str | None] = mapped_column(Text, unique=True)
    public_key_pem: Mapped[str | None] = mapped_column(Text)
    fetched_at: Mapped[int] = mapped_column(Millis)
    proof_key_id: Mapped[str | None] = mapped_column(Text, index=True)  # of the Multikey in assertionMethod
    proof_multikey: Mapped[str | None] = mapped_column(Text)
    featured: Mapped[str | None] = mapped_column(Text)
    moderators: Mapped[str | None] = mapped_column(Text)  # of a Group: the collection of those who may remove posts
    backfilled_at: Mapped[int | None] = mapped_column(Millis)  # when the outbox was read


class RemoteHost(Model):
    """What software a host runs, by its NodeInfo, and when it was asked."""

    __tablename__ = "remote_hosts"

    host: Mapped[str] = mapped_column(Text, primary_key=True)
    software: Mapped[str | None] = mapped_column(Text)
    version: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[int] = mapped_column(Millis)
    signature: Mapped[str | None] = mapped_column(String(16))  # the form it took last: cavage | rfc9421
    heard_at: Mapped[int | None] = mapped_column(Millis)  # when a verified activity last came from there
    retired_at: Mapped[int | None] = mapped_column(Millis, index=True)  # nothing is queued for it until it is heard again


class Errand(Model):
    """Something to be fetched in due time: replies, an outbox, a profile or post that grew old. Gone once it is done."""

    __tablename__ = "errands"
    __table_args__ = (UniqueConstraint("kind", "uri"), Index(None, "due_at"), Index(None, "host", "due_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))  # replies|outbox|featured|profile|post|missed|absent
    uri: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    due_at: Mapped[int] = mapped_column(Millis)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[int] = mapped_column(Millis, default=0)
    created_at: Mapped[int] = mapped_column(Millis)


class Heartbeat(Model):
    """When a part of this town was last known to be at work: a long gap means that others gave up on sending."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int] = mapped_column(Millis)


class InboxItem(Model):
    """A verified activity, stored before its 202. `state`: pending | done | ignored | failed.

    Done rows stay for 30 days without their body: they are what makes a replay harmless.
    """

    __tablename__ = "inbox_items"
    __table_args__ = (Index(None, "state", "host", "id"), Index(None, "received_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    activity_uri: Mapped[str] = mapped_column(Text, unique=True)
    host: Mapped[str] = mapped_column(Text)
    actor_uri: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(32))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[int] = mapped_column(Millis)
    leased_until: Mapped[int] = mapped_column(Millis, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[int] = mapped_column(Millis)


class OutboxItem(Model):
    """An activity of a local actor as it was said, written in the transaction of the deed."""

    __tablename__ = "outbox_items"
    __table_args__ = (Index(None, "account_id", "id"), Index(None, "object_uri"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)  # /activities/{id}
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    type: Mapped[str] = mapped_column(String(32))
    object_uri: Mapped[str] = mapped_column(Text)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # whose visibility guards the activity
    public: Mapped[bool]  # listed in the actor's outbox
    body: Mapped[bytes] = mapped_column(LargeBinary)  # the JSON document, with its @context
    created_at: Mapped[int] = mapped_column(Millis)
    # Said to followers alone: its deliveries tell each host which followers we count there (FEP-8fcf).
    synchronises: Mapped[bool] = mapped_column(default=False, server_default=false())


class Delivery(Model):
    """One activity to one inbox. `state`: pending | done | failed (given up) | dropped (its post was deleted first)."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "host", "state", "id"), Index(None, "outbox_item_id"), Index(None, "state", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    outbox_item_id: Mapped[int] = mapped_column(ForeignKey("outbox_items.id"))
    host: Mapped[str] = mapped_column(Text)
    inbox: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # the last HTTP status, if there was one
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int] = mapped_column(Millis)
    done_at: Mapped[int | None] = mapped_column(Millis)


class Lane(Model):
    """The serial way to one host: at most one delivery in flight, in order; a lease says who is driving."""

    __tablename__ = "lanes"

    host: Mapped[str] = mapped_column(Text, primary_key=True)
    next_attempt_at: Mapped[int] = mapped_column(Millis, index=True)
    leased_until: Mapped[int] = mapped_column(Millis, default=0)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[int | None] = mapped_column(Millis)
