"""The first schema of a town: everything that community/models and federation/models.py describe."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As in community/models/schema.py, frozen here: an old migration never looks at newer models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MILLIS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("summary_source", sa.Text(), nullable=False),
        sa.Column("summary_html", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("avatar_url", sa.Text()),
        sa.Column("header_url", sa.Text()),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("discoverable", sa.Boolean(), nullable=False),
        sa.Column("indexable", sa.Boolean(), nullable=False),
        sa.Column("hides_collections", sa.Boolean(), nullable=False),
        sa.Column("accepting", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("followers_count", sa.Integer(), nullable=False),
        sa.Column("following_count", sa.Integer(), nullable=False),
        sa.Column("posts_count", sa.Integer(), nullable=False),
        sa.Column("moved_to_uri", sa.Text()),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("updated_at", MILLIS, nullable=False),
        sa.Column("suspended_at", MILLIS),
        sa.Column("deleted_at", MILLIS),
        sa.UniqueConstraint("domain", "name"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_accounts_kind_domain", "accounts", ["kind", "domain"])
    op.create_table(
        "domain_rules",
        sa.Column("domain", sa.Text(), primary_key=True),
        sa.Column("policy", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_table(
        "inbox_items",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("activity_uri", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("actor_uri", sa.Text(), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MILLIS, nullable=False),
        sa.Column("leased_until", MILLIS, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("received_at", MILLIS, nullable=False),
        sa.UniqueConstraint("activity_uri"),
    )
    op.create_index("ix_inbox_items_received_at", "inbox_items", ["received_at"])
    op.create_index("ix_inbox_items_state_host_id", "inbox_items", ["state", "host", "id"])
    op.create_table(
        "lanes",
        sa.Column("host", sa.Text(), primary_key=True),
        sa.Column("next_attempt_at", MILLIS, nullable=False),
        sa.Column("leased_until", MILLIS, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", MILLIS),
    )
    op.create_index("ix_lanes_next_attempt_at", "lanes", ["next_attempt_at"])
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("expires_at", MILLIS, nullable=False),
        sa.Column("used_at", MILLIS),
    )
    op.create_index("ix_one_time_links_purpose", "one_time_links", ["purpose"])
    op.create_table(
        "remote_hosts",
        sa.Column("host", sa.Text(), primary_key=True),
        sa.Column("software", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("asked_at", MILLIS, nullable=False),
    )
    op.create_table(
        "sister_towns",
        sa.Column("domain", sa.Text(), primary_key=True),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_table(
        "submissions",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_index("ix_submissions_created_at", "submissions", ["created_at"])
    op.create_table(
        "tags",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("revoked_at", MILLIS),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_access_tokens_account_id", "access_tokens", ["account_id"])
    op.create_table(
        "actor_keys",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("public_pem", sa.Text(), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_table(
        "anonymous_drafts",
        sa.Column("draft_key", sa.String(32), primary_key=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("phrase_hash", sa.String(64), nullable=False),
        sa.Column("release_at", MILLIS, nullable=False),
        sa.Column("board_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body_source", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_anonymous_drafts_release_at", "anonymous_drafts", ["release_at"])
    op.create_table(
        "boards",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("starter_tags", sa.JSON(), nullable=False),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "follows",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("follower_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("followee_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.UniqueConstraint("uri"),
        sa.UniqueConstraint("follower_id", "followee_id"),
    )
    op.create_index("ix_follows_followee_id_state", "follows", ["followee_id", "state"])
    op.create_table(
        "invites",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_by_id", ID, sa.ForeignKey("accounts.id")),
        sa.Column("max_uses", sa.Integer()),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("expires_at", MILLIS),
        sa.Column("revoked_at", MILLIS),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "learnings",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_table(
        "posts",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.Column("author_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("from_asker", sa.Boolean(), nullable=False),
        sa.Column("board_id", ID, sa.ForeignKey("accounts.id")),
        sa.Column("root_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("parent_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("in_reply_to_uri", sa.Text()),
        sa.Column("context_uri", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("body_source", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(16)),
        sa.Column("as_of", sa.String(7)),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("ai_draft", sa.Boolean(), nullable=False),
        sa.Column("passed_on_from_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("thanks_id", ID),
        sa.Column("accepted_answer_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("solved_at", MILLIS),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("answers_count", sa.Integer(), nullable=False),
        sa.Column("comments_count", sa.Integer(), nullable=False),
        sa.Column("thanks_count", sa.Integer(), nullable=False),
        sa.Column("likes_count", sa.Integer(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("edited_at", MILLIS),
        sa.Column("deleted_at", MILLIS),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_posts_author_id_id", "posts", ["author_id", "id"])
    op.create_index("ix_posts_board_id_id", "posts", ["board_id", "id"])
    op.create_index("ix_posts_in_reply_to_uri", "posts", ["in_reply_to_uri"])
    op.create_index("ix_posts_kind_answers_count_id", "posts", ["kind", "answers_count", "id"])
    op.create_index("ix_posts_kind_id", "posts", ["kind", "id"])
    op.create_index("ix_posts_kind_local_id", "posts", ["kind", "local", "id"])
    op.create_index("ix_posts_parent_id", "posts", ["parent_id"])
    op.create_index("ix_posts_root_id_id", "posts", ["root_id", "id"])
    op.create_table(
        "remote_actors",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("inbox", sa.Text(), nullable=False),
        sa.Column("shared_inbox", sa.Text()),
        sa.Column("outbox", sa.Text()),
        sa.Column("followers", sa.Text()),
        sa.Column("key_id", sa.Text()),
        sa.Column("public_key_pem", sa.Text()),
        sa.Column("fetched_at", MILLIS, nullable=False),
        sa.UniqueConstraint("key_id"),
    )
    op.create_index("ix_remote_actors_followers", "remote_actors", ["followers"])
    op.create_index("ix_remote_actors_host", "remote_actors", ["host"])
    op.create_table(
        "strengths",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_index("ix_strengths_topic", "strengths", ["topic"])
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("expires_at", MILLIS, nullable=False),
    )
    op.create_index("ix_web_sessions_account_id", "web_sessions", ["account_id"])
    op.create_index("ix_web_sessions_expires_at", "web_sessions", ["expires_at"])
    op.create_table(
        "anonymous_threads",
        sa.Column("draft_key", sa.String(32), primary_key=True),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("phrase_hash", sa.String(64), nullable=False),
        sa.Column("released_at", MILLIS, nullable=False),
        sa.UniqueConstraint("post_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_anonymous_threads_released_at", "anonymous_threads", ["released_at"])
    op.create_table(
        "home_entries",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_home_entries_post_id", "home_entries", ["post_id"])
    op.create_table(
        "likes",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.UniqueConstraint("account_id", "post_id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_likes_post_id", "likes", ["post_id"])
    op.create_table(
        "members",
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("passphrase_hash", sa.Text()),
        sa.Column("recovery_hash", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("default_visibility", sa.String(16)),
        sa.Column("notifications_seen_at", MILLIS, nullable=False),
        sa.Column("invite_id", ID, sa.ForeignKey("invites.id")),
        sa.Column("joined_at", MILLIS, nullable=False),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "mentions",
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), primary_key=True, autoincrement=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    )
    op.create_index("ix_mentions_account_id_post_id", "mentions", ["account_id", "post_id"])
    op.create_table(
        "outbox_items",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("object_uri", sa.Text(), nullable=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_index("ix_outbox_items_account_id_id", "outbox_items", ["account_id", "id"])
    op.create_index("ix_outbox_items_object_uri", "outbox_items", ["object_uri"])
    op.create_table(
        "post_tags",
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), primary_key=True, autoincrement=False),
        sa.Column("tag_id", ID, sa.ForeignKey("tags.id"), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False),
    )
    op.create_index("ix_post_tags_tag_id_post_id", "post_tags", ["tag_id", "post_id"])
    op.create_table(
        "revisions",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("body_source", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_index("ix_revisions_post_id", "revisions", ["post_id"])
    op.create_table(
        "thanks",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("giver_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("receiver_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id"), nullable=False),
        sa.Column("message_post_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("message_uri", sa.Text()),
        sa.Column("tone", sa.String(16)),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("from_asker", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.UniqueConstraint("giver_id", "post_id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_thanks_message_uri", "thanks", ["message_uri"])
    op.create_index("ix_thanks_post_id", "thanks", ["post_id"])
    op.create_index("ix_thanks_receiver_id_id", "thanks", ["receiver_id", "id"])
    op.create_table(
        "deliveries",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("outbox_item_id", ID, sa.ForeignKey("outbox_items.id"), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("inbox", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("done_at", MILLIS),
    )
    op.create_index("ix_deliveries_host_state_id", "deliveries", ["host", "state", "id"])
    op.create_index("ix_deliveries_outbox_item_id", "deliveries", ["outbox_item_id"])
    op.create_index("ix_deliveries_state_id", "deliveries", ["state", "id"])
    op.create_table(
        "notifications",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("account_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("actor_id", ID, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("post_id", ID, sa.ForeignKey("posts.id")),
        sa.Column("thanks_id", ID, sa.ForeignKey("thanks.id")),
        sa.Column("created_at", MILLIS, nullable=False),
    )
    op.create_index("ix_notifications_account_id_id", "notifications", ["account_id", "id"])
    op.create_index("ix_notifications_post_id", "notifications", ["post_id"])
