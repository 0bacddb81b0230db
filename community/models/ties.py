"""What joins people and posts: thanks, likes, follows, and what members are shown because of them."""

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false, true
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
    boosts: Mapped[bool] = mapped_column(default=True, server_default=true())  # their boosts come home too
    notify: Mapped[bool] = mapped_column(default=False, server_default=false())  # a notice for each of their posts
    languages: Mapped[list[str] | None] = mapped_column(JSON)  # only posts in these; none: all


class Notification(Model):
    """Something that happened to a local member. Never written for an anonymous asker: theirs are worked out
    when they look (`community.anonymity`), so that no row joins them to their question.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "account_id", "id"),
        Index(None, "post_id"),
        Index(None, "account_id", "actor_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    # answer|comment|thanks|chosen|follow|follow_request|mention|like|boost|poll|update|quote|quoted_update|post|
    # report|sign_up|severed|join|flag_closed|flag_declined
    kind: Mapped[str] = mapped_column(String(24))
    actor_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    thanks_id: Mapped[int | None] = mapped_column(ForeignKey("thanks.id"))
    created_at: Mapped[int] = mapped_column(Millis)
    held: Mapped[bool] = mapped_column(default=False, server_default=false())  # waits in the requests of its sender
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))


class HomeEntry(Model):
    """A post on a member's home timeline, written when the post is stored: reading stays flat as posts grow."""

    __tablename__ = "home_entries"
    __table_args__ = (Index(None, "post_id"), {"sqlite_with_rowid": False})

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)


class NotificationSender(Model):
    """What a member decided about the notices of somebody whose notices are held: let through, or set aside."""

    __tablename__ = "notification_senders"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    from_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Id, unique=True)  # of the request, as apps know it
    state: Mapped[str] = mapped_column(String(16))  # waiting | accepted | dismissed
    created_at: Mapped[int] = mapped_column(Millis)
    updated_at: Mapped[int] = mapped_column(Millis)


class Block(Model):
    """One account has nothing to do with another any more, in both directions."""

    __tablename__ = "blocks"
    __table_args__ = (UniqueConstraint("account_id", "target_id"), Index(None, "target_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)  # of the Block activity
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class Mute(Model):
    __tablename__ = "mutes"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    notifications: Mapped[bool] = mapped_column(default=True)  # hides their notices too
    expires_at: Mapped[int | None] = mapped_column(Millis)
    created_at: Mapped[int] = mapped_column(Millis)


class DomainBlock(Model):
    """A whole server that one member does not want to hear from."""

    __tablename__ = "domain_blocks"
    __table_args__ = (UniqueConstraint("account_id", "domain"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    domain: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(Millis)


class AccountNote(Model):
    """A private line about somebody; only its writer sees it."""

    __tablename__ = "account_notes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    comment: Mapped[str] = mapped_column(Text)


class Endorsement(Model):
    """Somebody whom a member recommends on their profile."""

    __tablename__ = "endorsements"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class SuggestionDismissal(Model):
    __tablename__ = "suggestion_dismissals"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    target_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)


class Bookmark(Model):
    """しおり. Nobody but the member sees it."""

    __tablename__ = "bookmarks"
    __table_args__ = (UniqueConstraint("account_id", "post_id"), Index(None, "post_id"), Index(None, "account_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class Pin(Model):
    """A post that its author shows first on the profile."""

    __tablename__ = "pins"
    __table_args__ = (UniqueConstraint("account_id", "post_id"), Index(None, "post_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


class ThreadMute(Model):
    """A conversation from which a member wants no more notices."""

    __tablename__ = "thread_mutes"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    root_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)


class Conversation(Model):
    """Direct posts of one thread among the same people, as one of them sees it."""

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("account_id", "root_id", "people"), Index(None, "account_id", "last_post_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    root_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    people: Mapped[str] = mapped_column(Text)  # ids of the others, ordered, joined by commas
    last_post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    unread: Mapped[bool] = mapped_column(default=True)


class MemberList(Model):
    """A list of people whose posts a member reads together."""

    __tablename__ = "lists"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(Text)
    replies_policy: Mapped[str] = mapped_column(String(16), default="list")  # followed | list | none
    exclusive: Mapped[bool] = mapped_column(default=False)  # their posts stay off home
    created_at: Mapped[int] = mapped_column(Millis)


class ListMember(Model):
    __tablename__ = "list_members"
    __table_args__ = (UniqueConstraint("list_id", "account_id"), Index(None, "account_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class ListEntry(Model):
    """A post on a list, written when it is stored, like a HomeEntry."""

    __tablename__ = "list_entries"
    __table_args__ = (Index(None, "post_id"), {"sqlite_with_rowid": False})

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)


class FollowedTag(Model):
    __tablename__ = "followed_tags"
    __table_args__ = (UniqueConstraint("account_id", "tag_id"), Index(None, "tag_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"))


class FeaturedTag(Model):
    __tablename__ = "featured_tags"
    __table_args__ = (UniqueConstraint("account_id", "tag_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"))
    created_at: Mapped[int] = mapped_column(Millis)
