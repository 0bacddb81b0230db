"""Ways into the town: sessions of the pages, tokens of apps, invitations, one-time links. Secrets are stored hashed."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class WebSession(Model):
    """A browser that is logged in. It bears no last-used time: that would tell who was here when."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256, hex
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[int] = mapped_column(Millis)
    expires_at: Mapped[int] = mapped_column(Millis, index=True)


class AccessToken(Model):
    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    client_name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)  # separated by spaces
    created_at: Mapped[int] = mapped_column(Millis)
    revoked_at: Mapped[int | None] = mapped_column(Millis)


class Invite(Model):
    __tablename__ = "invites"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(Text, unique=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int] = mapped_column(Millis)
    expires_at: Mapped[int | None] = mapped_column(Millis)
    revoked_at: Mapped[int | None] = mapped_column(Millis)


class OneTimeLink(Model):
    """A link that works once: today, the one by which the first administrator joins."""

    __tablename__ = "one_time_links"
    __table_args__ = (Index(None, "purpose"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[int] = mapped_column(Millis)
    used_at: Mapped[int | None] = mapped_column(Millis)


class Submission(Model):
    """A form that was already sent, so that sending it again (double tap, lost answer) makes nothing twice.

    The key is random and made with the form; the row names what came of it and nobody.
    """

    __tablename__ = "submissions"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    result: Mapped[str] = mapped_column(Text)  # the address the sender was led to
    created_at: Mapped[int] = mapped_column(Millis, index=True)
