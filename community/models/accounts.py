"""Whoever can speak or be followed, here or in another town, and what only our own members have."""

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model

LOCAL = ""
"""The `domain` of everyone who lives in this town."""


class Account(Model):
    """A person, a board, the relay だれかさん, or the town itself; `domain` is empty for our own."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("domain", "name"), Index(None, "kind", "domain"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))  # person | board | relay | instance | service
    name: Mapped[str] = mapped_column(Text)  # handle without @, lower case
    domain: Mapped[str] = mapped_column(Text, default=LOCAL)  # host[:port] as in handles
    uri: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    summary_source: Mapped[str] = mapped_column(Text, default="")
    summary_html: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)  # others' PropertyValues, safe HTML
    avatar_url: Mapped[str | None] = mapped_column(Text)
    header_url: Mapped[str | None] = mapped_column(Text)
    locked: Mapped[bool] = mapped_column(default=False)
    discoverable: Mapped[bool] = mapped_column(default=True)
    indexable: Mapped[bool] = mapped_column(default=False)
    hides_collections: Mapped[bool] = mapped_column(default=True)
    accepting: Mapped[bool] = mapped_column(default=True)  # 受付中 / お休み中
    sample: Mapped[bool] = mapped_column(default=False)  # 見本
    followers_count: Mapped[int] = mapped_column(default=0)
    following_count: Mapped[int] = mapped_column(default=0)
    posts_count: Mapped[int] = mapped_column(default=0)
    moved_to_uri: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(Millis)
    updated_at: Mapped[int] = mapped_column(Millis)
    suspended_at: Mapped[int | None] = mapped_column(Millis)
    deleted_at: Mapped[int | None] = mapped_column(Millis)
    bot: Mapped[bool] = mapped_column(default=False, server_default=false())  # says so of itself
    last_post_at: Mapped[int | None] = mapped_column(Millis)  # of posts that everyone may see; shown as a date
    emojis: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)  # custom ones in name and summary
    avatar_description: Mapped[str] = mapped_column(Text, default="", server_default="")
    header_description: Mapped[str] = mapped_column(Text, default="", server_default="")
    silenced_at: Mapped[int | None] = mapped_column(Millis)  # heard by those alone who follow
    sensitized_at: Mapped[int | None] = mapped_column(Millis)  # what they show is veiled
    also_known_as: Mapped[list[str] | None] = mapped_column(JSON)  # other actor ids of the same person, as they say
    moved_at: Mapped[int | None] = mapped_column(Millis)  # when the followers were last carried to another account
    carried_to: Mapped[str | None] = mapped_column(Text)  # the actor id of that account

    @property
    def local(self) -> bool:
        return self.domain == LOCAL

    @property
    def handle(self) -> str:
        """`name` for our own, `name@domain` for others: what a Mastodon client calls acct."""
        return self.name if self.local else f"{self.name}@{self.domain}"


class Member(Model):
    """What a local person has besides their account: the way in, the role, the preferences.

    There is no real name, no employer, and no trace of when the member was last here: none is ever collected.
    """

    __tablename__ = "members"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16), default="active")  # active | pending | disabled
    role: Mapped[str] = mapped_column(String(16), default="member")  # member|keeper|watcher|moderator|admin
    passphrase_hash: Mapped[str | None] = mapped_column(Text)
    recovery_hash: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text, unique=True)
    application: Mapped[str] = mapped_column(Text, default="")  # the answer to the one question of joining
    locale: Mapped[str] = mapped_column(String(8), default="ja")
    default_visibility: Mapped[str | None] = mapped_column(String(16))
    notifications_seen_at: Mapped[int] = mapped_column(Millis, default=0)
    invite_id: Mapped[int | None] = mapped_column(ForeignKey("invites.id"))
    joined_at: Mapped[int] = mapped_column(Millis)
    # What apps are told of how this member posts; questions have `default_visibility`.
    posting_visibility: Mapped[str] = mapped_column(String(16), default="open", server_default="open")
    posting_sensitive: Mapped[bool] = mapped_column(default=False, server_default=false())
    posting_language: Mapped[str | None] = mapped_column(String(16))
    quote_policy: Mapped[str] = mapped_column(String(16), default="public", server_default="public")
    fields_source: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)  # own profile fields as typed
    # お知らせ: what to do with those from accounts one does not know, by the key of the API's policy.
    notification_policy: Mapped[dict[str, str] | None] = mapped_column(JSON)
    filters_version: Mapped[int] = mapped_column(default=0, server_default="0")  # grows with each change
    attribution_domains: Mapped[list[str] | None] = mapped_column(JSON)


class Strength(Model):
    """One 得意技 of an account, local or remote, in the order its owner chose."""

    __tablename__ = "strengths"
    __table_args__ = (Index(None, "topic"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)  # normalised: NFKC, case folded
    label: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class Learning(Model):
    """One 学びたいこと of a member; nobody else sees it."""

    __tablename__ = "learnings"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    topic: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class Board(Model):
    """What a local board has besides its account. `notice` is the one line about limits of advice."""

    __tablename__ = "boards"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    position: Mapped[int]
    notice: Mapped[str] = mapped_column(Text, default="")
    starter_tags: Mapped[list[str]] = mapped_column(JSON, default=list)


class WorkMark(Model):
    """同僚シールド: a keyed hash of where a member works. Members who share one are veiled from each other."""

    __tablename__ = "work_marks"
    __table_args__ = (Index(None, "mark"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(64), primary_key=True)


class Veil(Model):
    """同僚シールド: `account_id` is shown nothing of who `other_id` is. Both directions are stored."""

    __tablename__ = "veils"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)


class CustomEmoji(Model):
    """A picture that :shortcode: stands for, of this town (`domain` empty) or of another server."""

    __tablename__ = "custom_emojis"
    __table_args__ = (UniqueConstraint("domain", "shortcode"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    shortcode: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(Text, default=LOCAL)
    uri: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    static_url: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    visible: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[int] = mapped_column(Millis)
