"""Questions, answers, comments, notes and flags are all posts: one id space, one visibility column."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model


class Post(Model):
    __tablename__ = "posts"
    __table_args__ = (
        Index(None, "author_id", "id"),
        Index(None, "root_id", "id"),
        Index(None, "parent_id"),
        Index(None, "kind", "id"),
        Index(None, "kind", "local", "id"),  # ほかのまち
        Index(None, "kind", "answers_count", "id"),  # 答えを待っています
        Index(None, "board_id", "id"),
        Index(None, "in_reply_to_uri"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))  # question | answer | comment | note | flag
    visibility: Mapped[str] = mapped_column(String(16))  # open|unlisted|followers|direct|sister|town
    local: Mapped[bool]
    # Of an anonymous post this is the relay だれかさん of its town; no column anywhere holds the member.
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    anonymous: Mapped[bool] = mapped_column(default=False)
    from_asker: Mapped[bool] = mapped_column(default=False)  # a follow-up spoken by the asker of the root
    board_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    root_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # the thread's first post; of it, itself
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    in_reply_to_uri: Mapped[str | None] = mapped_column(Text)  # as received, also when the parent is unknown
    context_uri: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    body_source: Mapped[str] = mapped_column(Text)  # Markdown of ours; what a peer gave as source, or empty
    body_html: Mapped[str] = mapped_column(Text)  # sanitised
    body_text: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")  # content warning
    sensitive: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str | None] = mapped_column(String(16))
    as_of: Mapped[str | None] = mapped_column(String(7))  # いつ時点, YYYY-MM
    basis: Mapped[str] = mapped_column(Text, default="")  # 根拠
    ai_draft: Mapped[bool] = mapped_column(default=False)
    passed_on_from_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # だれに教わりましたか
    thanks_id: Mapped[int | None] = mapped_column(Id)  # the ありがとう whose words this note carries
    accepted_answer_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # 決め手
    solved_at: Mapped[int | None] = mapped_column(Millis)
    sample: Mapped[bool] = mapped_column(default=False)
    answers_count: Mapped[int] = mapped_column(default=0)
    comments_count: Mapped[int] = mapped_column(default=0)
    thanks_count: Mapped[int] = mapped_column(default=0)
    likes_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int] = mapped_column(Millis)
    edited_at: Mapped[int | None] = mapped_column(Millis)
    deleted_at: Mapped[int | None] = mapped_column(Millis)


class Revision(Model):
    """What a post said before an edit. It names nobody: who may edit is the author alone."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    title: Mapped[str | None] = mapped_column(Text)
    body_source: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int] = mapped_column(Millis)  # when this text began to stand


class Tag(Model):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, unique=True)  # normalised: NFKC, case folded, without #
    label: Mapped[str] = mapped_column(Text)


class PostTag(Model):
    __tablename__ = "post_tags"
    __table_args__ = (Index(None, "tag_id", "post_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(default=0)


class Mention(Model):
    __tablename__ = "mentions"
    __table_args__ = (Index(None, "account_id", "post_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
