"""名札を伏せて聞く: what the database holds of it. Nothing here, alone or joined, tells which member asked."""

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Millis, Model


class AnonymousDraft(Model):
    """A question waiting for its random release. The row goes when the post comes.

    `tag` is HMAC(key of the epoch, member id and draft key); the key lies outside the database, so the tag tells
    nothing without it, and the member id stands nowhere. No creation time is kept.
    """

    __tablename__ = "anonymous_drafts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    draft_key: Mapped[str] = mapped_column(String(32), primary_key=True)  # 128 random bits, hex
    epoch: Mapped[int]
    tag: Mapped[str] = mapped_column(String(64))
    phrase_hash: Mapped[str] = mapped_column(String(64))
    release_at: Mapped[int] = mapped_column(Millis, index=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(Text)
    body_source: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    body_text: Mapped[str] = mapped_column(Text)
    visibility: Mapped[str] = mapped_column(String(16))
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    sample: Mapped[bool] = mapped_column(default=False)


class AnonymousThread(Model):
    """How the asker of a released anonymous question proves to be the asker: by あいことば, or, while the epoch's
    key lives, by the tag the server can recompute for the one member who is looking.
    """

    __tablename__ = "anonymous_threads"
    __table_args__ = ({"sqlite_with_rowid": False},)

    draft_key: Mapped[str] = mapped_column(String(32), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), unique=True)
    epoch: Mapped[int]
    tag: Mapped[str] = mapped_column(String(64))
    phrase_hash: Mapped[str] = mapped_column(String(64))
    released_at: Mapped[int] = mapped_column(Millis, index=True)  # rounded to the hour
