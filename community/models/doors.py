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


class App(Model):
    """A client program that registered itself (`POST /api/v1/apps`). It never expires."""

    __tablename__ = "apps"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    client_id: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    redirect_uris: Mapped[str] = mapped_column(Text)  # one a line, compared byte for byte
    scopes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(Millis)


class AccessGrant(Model):
    """A code on its way from the consent page to the app: for one app, one redirect, once, ten minutes."""

    __tablename__ = "access_grants"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    app_id: Mapped[int] = mapped_column(ForeignKey("apps.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    redirect_uri: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str | None] = mapped_column(Text)  # PKCE, S256
    created_at: Mapped[int] = mapped_column(Millis)
    expires_at: Mapped[int] = mapped_column(Millis, index=True)
    token_id: Mapped[int | None] = mapped_column(Id)  # what it was spent on: revoked if it is shown a second time


class AccessToken(Model):
    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)  # none: the app itself
    client_name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)  # separated by spaces
    created_at: Mapped[int] = mapped_column(Millis)
    revoked_at: Mapped[int | None] = mapped_column(Millis)
    app_id: Mapped[int | None] = mapped_column(ForeignKey("apps.id"), index=True)  # none: made by the operator
    expires_at: Mapped[int | None] = mapped_column(Millis)  # only of tokens that can be refreshed
    # A refresh token has two halves: one that stays, by which the row is found, and one that each use makes anew.
    refresh_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    refresh_turn_hash: Mapped[str | None] = mapped_column(String(64))


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
