"""What joins people and posts: thanks, likes, follows, and what members are shown because of them."""

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class Thanks(Model):
    """One ありがとう for one answer. The receiver's town is the ledger: it counts the rows it holds."""

    __tablename__ = "thanks"
    __table_args__ = (UniqueConstraint("giver_id", "post_id"), Index(None, "receiver_id", "id"), Index(None, "post_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)  # of the Like
    giver_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))  # the relay when an anonymous asker gives it
    receiver_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    message_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    message_uri: Mapped[str | None] = mapped_column(Text, index=True)  # the words' note, known before it has come
    tone: Mapped[str | None] = mapped_column(String(16))  # kind | clear | grounded
    private: Mapped[bool] = mapped_column(default=False)  # 本人だけに
    from_asker: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[int] = mapped_column(Millis)


class Like(Model):
    """いいね: a plain favourite, from an app or another server. It is never counted as thanks."""

    __tablename__ = "likes"
    __table_args__ = (UniqueConstraint("account_id", "post_id"), Index(None, "post_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class Follow(Model):
    __tablename__ = "follows"
    __table_args__ = (
        UniqueConstraint("follower_id", "followee_id"),
        Index(None, "followee_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)  # of the Follow activity
    follower_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    followee_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(String(16))  # requested | accepted
    created_at: Mapped[int] = mapped_column(Millis)


class Notification(Model):
    """Something that happened to a local member. Never written for an anonymous asker: theirs are worked out
    when they look (`community.anonymity`), so that no row joins them to their question.
    """

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "account_id", "id"), Index(None, "post_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(24))  # answer|comment|thanks|chosen|follow|follow_request|mention|like
    actor_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    thanks_id: Mapped[int | None] = mapped_column(ForeignKey("thanks.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class HomeEntry(Model):
    """A post on a member's home timeline, written when the post is stored: reading stays flat as posts grow."""

    __tablename__ = "home_entries"
    __table_args__ = (Index(None, "post_id"), {"sqlite_with_rowid": False})

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
