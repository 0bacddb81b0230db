"""What the apps need: boosts, polls, media, lists, filters, blocks, reports, grants, and their kin."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# As in community/models/schema.py, frozen here: an old migration never looks at newer models.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MILLIS = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("starts_at", MILLIS, nullable=True),
        sa.Column("ends_at", MILLIS, nullable=True),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("published_at", MILLIS, nullable=False),
        sa.Column("updated_at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "apps",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("client_id"),
    )
    op.create_table(
        "cards",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("published_at", MILLIS, nullable=True),
        sa.Column("fetched_at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("url"),
    )
    op.create_index("ix_cards_fetched_at", "cards", ["fetched_at"])
    op.create_table(
        "custom_emojis",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("shortcode", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("static_url", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("domain", "shortcode"),
    )
    op.create_table(
        "access_grants",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("app_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=True),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("expires_at", MILLIS, nullable=False),
        sa.Column("token_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"]),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("ix_access_grants_expires_at", "access_grants", ["expires_at"])
    op.create_table(
        "account_notes",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("target_id", ID, autoincrement=False, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "target_id"),
    )
    op.create_table(
        "announcement_dismissals",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("announcement_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("account_id", "announcement_id"),
    )
    op.create_table(
        "announcement_reactions",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("announcement_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcements.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("announcement_id", "account_id", "name"),
    )
    op.create_table(
        "blocks",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "target_id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_blocks_target_id", "blocks", ["target_id"])
    op.create_table(
        "domain_blocks",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "domain"),
    )
    op.create_table(
        "endorsements",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "target_id"),
    )
    op.create_table(
        "featured_tags",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "tag_id"),
    )
    op.create_table(
        "filters",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("contexts", sa.JSON(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("expires_at", MILLIS, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_filters_account_id", "filters", ["account_id"])
    op.create_table(
        "followed_tags",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("tag_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "tag_id"),
    )
    op.create_index("ix_followed_tags_tag_id", "followed_tags", ["tag_id"])
    op.create_table(
        "lists",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("replies_policy", sa.String(length=16), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_lists_account_id_id", "lists", ["account_id", "id"])
    op.create_table(
        "markers",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("timeline", sa.String(length=16), nullable=False),
        sa.Column("last_read_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "timeline"),
    )
    op.create_table(
        "mutes",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("notifications", sa.Boolean(), nullable=False),
        sa.Column("expires_at", MILLIS, nullable=True),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "target_id"),
    )
    op.create_table(
        "notification_senders",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("from_id", ID, autoincrement=False, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("updated_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["from_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "from_id"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "reports",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("post_ids", sa.JSON(), nullable=False),
        sa.Column("rule_ids", sa.JSON(), nullable=False),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("forwarded", sa.Boolean(), nullable=False),
        sa.Column("assigned_id", ID, nullable=True),
        sa.Column("action_taken_at", MILLIS, nullable=True),
        sa.Column("action_taken_by_id", ID, nullable=True),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("updated_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["action_taken_by_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["assigned_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_reports_action_taken_at_id", "reports", ["action_taken_at", "id"])
    op.create_index("ix_reports_target_id", "reports", ["target_id"])
    op.create_table(
        "scheduled_posts",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("scheduled_at", MILLIS, nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("application", sa.Text(), nullable=True),
        sa.Column("application_url", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scheduled_posts_account_id_id", "scheduled_posts", ["account_id", "id"])
    op.create_index("ix_scheduled_posts_scheduled_at", "scheduled_posts", ["scheduled_at"])
    op.create_table(
        "suggestion_dismissals",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("target_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "target_id"),
    )
    op.create_table(
        "work_marks",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "mark"),
    )
    op.create_index("ix_work_marks_mark", "work_marks", ["mark"])
    op.create_table(
        "veils",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("other_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["other_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id", "other_id"),
    )
    op.create_table(
        "bookmarks",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "post_id"),
    )
    op.create_index("ix_bookmarks_account_id_id", "bookmarks", ["account_id", "id"])
    op.create_index("ix_bookmarks_post_id", "bookmarks", ["post_id"])
    op.create_table(
        "conversations",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("root_id", ID, nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("last_post_id", ID, nullable=False),
        sa.Column("unread", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["last_post_id"], ["posts.id"]),
        sa.ForeignKeyConstraint(["root_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "root_id", "people"),
    )
    op.create_index(
        "ix_conversations_account_id_last_post_id", "conversations", ["account_id", "last_post_id"]
    )
    op.create_table(
        "filter_keywords",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("filter_id", ID, nullable=False),
        sa.Column("keyword", sa.Text(), nullable=False),
        sa.Column("whole_word", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["filter_id"], ["filters.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_filter_keywords_filter_id", "filter_keywords", ["filter_id"])
    op.create_table(
        "filter_statuses",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("filter_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["filter_id"], ["filters.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_filter_statuses_filter_id", "filter_statuses", ["filter_id"])
    op.create_table(
        "list_entries",
        sa.Column("list_id", ID, autoincrement=False, nullable=False),
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("list_id", "post_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_list_entries_post_id", "list_entries", ["post_id"])
    op.create_table(
        "list_members",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("list_id", "account_id"),
    )
    op.create_index("ix_list_members_account_id", "list_members", ["account_id"])
    op.create_table(
        "media",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=True),
        sa.Column("scheduled_id", ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("remote_url", sa.Text(), nullable=True),
        sa.Column("remote_preview_url", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("blurhash", sa.Text(), nullable=True),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_media_account_id", "media", ["account_id"])
    op.create_index("ix_media_post_id_position", "media", ["post_id", "position"])
    op.create_index("ix_media_state_id", "media", ["state", "id"])
    op.create_table(
        "pins",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "post_id"),
    )
    op.create_index("ix_pins_post_id", "pins", ["post_id"])
    op.create_table(
        "poll_options",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("votes_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("post_id", "position"),
    )
    op.create_table(
        "poll_votes",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "account_id", "position"),
    )
    op.create_index("ix_poll_votes_account_id", "poll_votes", ["account_id"])
    op.create_table(
        "polls",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("multiple", sa.Boolean(), nullable=False),
        sa.Column("hides_totals", sa.Boolean(), nullable=False),
        sa.Column("expires_at", MILLIS, nullable=True),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("votes_count", sa.Integer(), nullable=False),
        sa.Column("voters_count", sa.Integer(), nullable=True),
        sa.Column("fetched_at", MILLIS, nullable=True),
        sa.Column("told_count", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("post_id"),
    )
    op.create_index("ix_polls_closed_expires_at", "polls", ["closed", "expires_at"])
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("standard", sa.Boolean(), nullable=False),
        sa.Column("alerts", sa.JSON(), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["token_id"], ["access_tokens.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_id"),
    )
    op.create_index("ix_push_subscriptions_account_id", "push_subscriptions", ["account_id"])
    op.create_table(
        "thread_mutes",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("root_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["root_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("account_id", "root_id"),
    )
    op.create_table(
        "push_items",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MILLIS, nullable=False),
        sa.Column("leased_until", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["subscription_id"], ["push_subscriptions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_push_items_next_attempt_at", "push_items", ["next_attempt_at"])
    op.create_index("ix_push_items_subscription_id", "push_items", ["subscription_id"])
    with op.batch_alter_table("access_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("app_id", ID, nullable=True))
        batch_op.add_column(sa.Column("expires_at", MILLIS, nullable=True))
        batch_op.add_column(sa.Column("refresh_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("refresh_turn_hash", sa.String(length=64), nullable=True))
        batch_op.alter_column("account_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(batch_op.f("ix_access_tokens_app_id"), ["app_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_access_tokens_refresh_hash"), ["refresh_hash"])
        batch_op.create_foreign_key(batch_op.f("fk_access_tokens_app_id_apps"), "apps", ["app_id"], ["id"])
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bot", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("last_post_at", MILLIS, nullable=True))
        batch_op.add_column(sa.Column("emojis", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("avatar_description", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("header_description", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("silenced_at", MILLIS, nullable=True))
        batch_op.add_column(sa.Column("sensitized_at", MILLIS, nullable=True))
    with op.batch_alter_table("domain_rules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("id", ID, nullable=True))
        batch_op.add_column(sa.Column("public_reason", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column("reject_media", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("reject_reports", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("obfuscate", sa.Boolean(), server_default=sa.false(), nullable=False))
    # In the shape of all ids: the moment, then a running number.
    op.execute(
        "UPDATE domain_rules SET id = created_at * 2097152 + (SELECT count(*) FROM domain_rules AS other"
        " WHERE other.created_at = domain_rules.created_at AND other.domain < domain_rules.domain)"
    )
    with op.batch_alter_table("domain_rules", schema=None) as batch_op:
        batch_op.alter_column("id", existing_type=ID, nullable=False)
        batch_op.create_unique_constraint("uq_domain_rules_id", ["id"])
    with op.batch_alter_table("follows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("boosts", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("notify", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("languages", sa.JSON(), nullable=True))
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("posting_visibility", sa.String(length=16), server_default="open", nullable=False)
        )
        batch_op.add_column(
            sa.Column("posting_sensitive", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("posting_language", sa.String(length=16), nullable=True))
        batch_op.add_column(
            sa.Column("quote_policy", sa.String(length=16), server_default="public", nullable=False)
        )
        batch_op.add_column(sa.Column("fields_source", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("notification_policy", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("filters_version", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("attribution_domains", sa.JSON(), nullable=True))
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("report_id", ID, nullable=True))
        batch_op.create_index(
            batch_op.f("ix_notifications_account_id_actor_id"), ["account_id", "actor_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_notifications_report_id_reports"), "reports", ["report_id"], ["id"]
        )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("boost_of_id", ID, nullable=True))
        batch_op.add_column(sa.Column("quote_of_id", ID, nullable=True))
        batch_op.add_column(sa.Column("quote_uri", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("quote_state", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("quote_policy", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("replies_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("boosts_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("quotes_count", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("application", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("application_url", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("emojis", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("card_id", ID, nullable=True))
        batch_op.add_column(sa.Column("touched", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(
            batch_op.f("ix_posts_boost_of_id_author_id"), ["boost_of_id", "author_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_posts_quote_of_id"), ["quote_of_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_posts_visibility_local_id"), ["visibility", "local", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_posts_card_id"), ["card_id"], unique=False,
            sqlite_where=sa.text("card_id IS NOT NULL"), postgresql_where=sa.text("card_id IS NOT NULL"),
        )
        batch_op.create_foreign_key(batch_op.f("fk_posts_card_id_cards"), "cards", ["card_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_posts_quote_of_id_posts"), "posts", ["quote_of_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_posts_boost_of_id_posts"), "posts", ["boost_of_id"], ["id"]
        )
    with op.batch_alter_table("revisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sensitive", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("media", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("poll", sa.JSON(), nullable=True))
    _count()


def _count() -> None:
    """What the new columns would hold by now, had they been there from the start."""
    op.execute(
        "UPDATE posts SET replies_count = (SELECT count(*) FROM posts AS reply WHERE reply.parent_id = posts.id"
        " AND reply.deleted_at IS NULL AND reply.visibility NOT IN ('followers', 'direct'))"
    )
    op.execute(
        "UPDATE accounts SET last_post_at = (SELECT max(created_at) FROM posts WHERE posts.author_id = accounts.id"
        " AND posts.deleted_at IS NULL AND posts.visibility IN ('open', 'unlisted'))"
    )
