"""How a member reads: filters, how far they read, what is pushed to their devices."""

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class Filter(Model):
    """Words and posts that a member does not want to meet, and where."""

    __tablename__ = "filters"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(Text)
    contexts: Mapped[list[str]] = mapped_column(JSON)  # home | notifications | public | thread | account
    action: Mapped[str] = mapped_column(String(16), default="warn")  # warn | hide | blur
    expires_at: Mapped[int | None] = mapped_column(Millis)


class FilterKeyword(Model):
    __tablename__ = "filter_keywords"
    __table_args__ = (Index(None, "filter_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    filter_id: Mapped[int] = mapped_column(ForeignKey("filters.id"))
    keyword: Mapped[str] = mapped_column(Text)
    whole_word: Mapped[bool] = mapped_column(default=True)


class FilterStatus(Model):
    __tablename__ = "filter_statuses"
    __table_args__ = (Index(None, "filter_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    filter_id: Mapped[int] = mapped_column(ForeignKey("filters.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))


class Marker(Model):
    """How far an app says its member has read a timeline. For the member's other apps alone; nobody else sees it."""

    __tablename__ = "markers"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    timeline: Mapped[str] = mapped_column(String(16), primary_key=True)  # home | notifications
    last_read_id: Mapped[int] = mapped_column(Id)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[int] = mapped_column(Millis)


class PushSubscription(Model):
    """A device to which notices are pushed, one for each app token. The id fits 32 bits: apps keep it as an Int."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    token_id: Mapped[int] = mapped_column(ForeignKey("access_tokens.id"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    endpoint: Mapped[str] = mapped_column(Text)
    p256dh: Mapped[str] = mapped_column(Text)
    auth: Mapped[str] = mapped_column(Text)
    standard: Mapped[bool] = mapped_column(default=False)  # RFC 8291 (aes128gcm) instead of the old draft
    alerts: Mapped[dict[str, bool]] = mapped_column(JSON)
    policy: Mapped[str] = mapped_column(String(16), default="all")  # all | followed | follower | none
    created_at: Mapped[int] = mapped_column(Millis)


class PushItem(Model):
    """A notice on its way to a device: written with the notice, gone when it was handed over or given up."""

    __tablename__ = "push_items"
    __table_args__ = (Index(None, "next_attempt_at"), Index(None, "subscription_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("push_subscriptions.id"))
    notification_id: Mapped[int] = mapped_column(Id)  # no key: a notice may go while this waits, and then it goes too
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[int] = mapped_column(Millis)
    leased_until: Mapped[int] = mapped_column(Millis, default=0)
