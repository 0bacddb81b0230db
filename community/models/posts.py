"""Questions, answers, comments, notes and flags are all posts: one id space, one visibility column."""

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Id, Millis, Model, partial_index


class Post(Model):
    __tablename__ = "posts"
    __table_args__ = (
        Index(None, "author_id", "id"),
        Index(None, "root_id", "id"),
        Index(None, "kind", "id"),
        Index(None, "kind", "local", "id"),  # ほかのまち
        Index(None, "kind", "answers_count", "id"),  # 答えを待っています
        Index(None, "visibility", "local", "id"),  # the public timelines of apps
        # What most posts have not, stands in no index: each that is not written makes every post cheaper.
        partial_index("parent_id", where="parent_id IS NOT NULL"),
        partial_index("board_id", "id", where="board_id IS NOT NULL"),
        partial_index("in_reply_to_uri", where="in_reply_to_uri IS NOT NULL"),
        partial_index("boost_of_id", "author_id", where="boost_of_id IS NOT NULL"),
        partial_index("quote_of_id", where="quote_of_id IS NOT NULL"),
        partial_index("card_id", where="card_id IS NOT NULL"),
        partial_index("quote_authorization", where="quote_authorization IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))  # question | answer | comment | note | flag | boost
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
    boost_of_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # of a boost: what it passes on
    quote_of_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    quote_uri: Mapped[str | None] = mapped_column(Text)  # also while the quoted post is not known here
    quote_state: Mapped[str | None] = mapped_column(String(16))  # pending|accepted|rejected|revoked|deleted
    quote_policy: Mapped[str | None] = mapped_column(String(16))  # public | followers | nobody
    replies_count: Mapped[int] = mapped_column(default=0, server_default="0")  # what stands directly under it
    boosts_count: Mapped[int] = mapped_column(default=0, server_default="0")
    quotes_count: Mapped[int] = mapped_column(default=0, server_default="0")
    application: Mapped[str | None] = mapped_column(Text)  # the name of the app it was written with
    application_url: Mapped[str | None] = mapped_column(Text)
    emojis: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)  # custom ones in its words
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    # Grows whenever something that is shown with the post, but kept elsewhere, changes: pictures, votes, quote, card.
    touched: Mapped[int] = mapped_column(default=0, server_default="0")
    quote_authorization: Mapped[str | None] = mapped_column(Text)  # the stamp by which the quoted author agreed
    refreshed_at: Mapped[int | None] = mapped_column(Millis)  # when another server's post was last read anew


class QuoteStamp(Model):
    """The consent of a local author to be quoted by one post (FEP-044f); others fetch it as `/quotes/{id}`."""

    __tablename__ = "quote_stamps"
    __table_args__ = (UniqueConstraint("post_id", "quoting_uri"), Index(None, "quoting_uri"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))  # what is quoted
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))  # who quotes
    quoting_uri: Mapped[str] = mapped_column(Text)
    request_uri: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(Millis)
    revoked_at: Mapped[int | None] = mapped_column(Millis)


class Gathering(Model):
    """What a 旗 has besides its words: when, where, for how many. `joined_count` of another town's is as its origin says."""

    __tablename__ = "gatherings"
    __table_args__ = (Index(None, "starts_at"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    form: Mapped[str] = mapped_column(Text, default="")  # 作業会, 勉強会, …
    starts_at: Mapped[int | None] = mapped_column(Millis)
    minutes: Mapped[int | None]
    place: Mapped[str] = mapped_column(Text, default="")
    capacity: Mapped[int | None]
    listening: Mapped[bool] = mapped_column(default=False)  # 聞くだけOK
    closed_at: Mapped[int | None] = mapped_column(Millis)  # おひらき
    joined_count: Mapped[int] = mapped_column(default=0)
    joined_uri: Mapped[str | None] = mapped_column(Text)  # the collection that the flag's origin keeps
    told_count: Mapped[int] = mapped_column(default=0)  # of ours: how many when the number was last told to others
    told_at: Mapped[int | None] = mapped_column(Millis)


class Join(Model):
    """One who gathers round a 旗. Shown as a number; names only to who joined and who raised it."""

    __tablename__ = "joins"
    __table_args__ = (UniqueConstraint("post_id", "account_id"), Index(None, "account_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    uri: Mapped[str] = mapped_column(Text, unique=True)  # of the Join activity
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[int] = mapped_column(Millis)


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
    sensitive: Mapped[bool] = mapped_column(default=False, server_default=false())
    media: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)  # id and description of each picture
    poll: Mapped[list[str] | None] = mapped_column(JSON)  # titles of the options


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


class Media(Model):
    """A picture, film or sound. Of ours there are files in the media store; of others there is the address."""

    __tablename__ = "media"
    __table_args__ = (Index(None, "post_id", "position"), Index(None, "account_id"), Index(None, "state", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    scheduled_id: Mapped[int | None] = mapped_column(Id)  # kept for a post that is yet to come
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16))  # waiting | ready | failed
    kind: Mapped[str] = mapped_column(String(16))  # image | gifv | video | audio | unknown
    mime: Mapped[str] = mapped_column(Text)
    file: Mapped[str | None] = mapped_column(Text)  # key in the media store
    preview: Mapped[str | None] = mapped_column(Text)
    remote_url: Mapped[str | None] = mapped_column(Text)
    remote_preview_url: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    blurhash: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)  # original, small, focus as apps read them
    size: Mapped[int] = mapped_column(default=0)  # bytes
    created_at: Mapped[int] = mapped_column(Millis)


class Poll(Model):
    __tablename__ = "polls"
    __table_args__ = (Index(None, "closed", "expires_at"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    multiple: Mapped[bool] = mapped_column(default=False)
    hides_totals: Mapped[bool] = mapped_column(default=False)
    expires_at: Mapped[int | None] = mapped_column(Millis)
    closed: Mapped[bool] = mapped_column(default=False)  # its end was told
    votes_count: Mapped[int] = mapped_column(default=0)
    voters_count: Mapped[int | None] = mapped_column(default=0)
    fetched_at: Mapped[int | None] = mapped_column(Millis)  # when another server's counts were read, or ours last told
    told_count: Mapped[int] = mapped_column(default=0, server_default="0")  # the votes when ours were last told


class PollOption(Model):
    __tablename__ = "poll_options"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    votes_count: Mapped[int] = mapped_column(default=0)


class PollVote(Model):
    __tablename__ = "poll_votes"
    __table_args__ = (UniqueConstraint("post_id", "account_id", "position"), Index(None, "account_id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    position: Mapped[int]
    uri: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(Millis)


class Card(Model):
    """What a linked page says of itself. One row for each address, for whoever links to it."""

    __tablename__ = "cards"
    __table_args__ = (Index(None, "fetched_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(16), default="link")
    provider_name: Mapped[str] = mapped_column(Text, default="")
    author_name: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(16))
    image_url: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[int | None] = mapped_column(Millis)
    fetched_at: Mapped[int] = mapped_column(Millis)  # 0 or less: is to be asked at minus so many ms


class ScheduledPost(Model):
    """What an app asked to be posted later."""

    __tablename__ = "scheduled_posts"
    __table_args__ = (Index(None, "scheduled_at"), Index(None, "account_id", "id"))

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    scheduled_at: Mapped[int] = mapped_column(Millis)
    params: Mapped[dict[str, object]] = mapped_column(JSON)
    application: Mapped[str | None] = mapped_column(Text)
    application_url: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int] = mapped_column(Millis)
