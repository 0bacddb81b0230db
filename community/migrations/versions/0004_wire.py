"""What towns tell each other besides posts: gatherings, consents to quotes, sisterhoods; and what the wire keeps in mind."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MILLIS = sa.BigInteger()


def upgrade() -> None:
    _gatherings()
    _quotes()
    _towns()
    _wire()


def _gatherings() -> None:
    op.create_table(
        "gatherings",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("starts_at", MILLIS, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("listening", sa.Boolean(), nullable=False),
        sa.Column("closed_at", MILLIS, nullable=True),
        sa.Column("joined_count", sa.Integer(), nullable=False),
        sa.Column("joined_uri", sa.Text(), nullable=True),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("told_at", MILLIS, nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("post_id"),
    )
    op.create_index("ix_gatherings_starts_at", "gatherings", ["starts_at"])
    op.create_table(
        "joins",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "account_id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index("ix_joins_account_id_id", "joins", ["account_id", "id"])


def _quotes() -> None:
    op.add_column("posts", sa.Column("quote_authorization", sa.Text(), nullable=True))
    op.add_column("posts", sa.Column("refreshed_at", MILLIS, nullable=True))
    given = sa.text("quote_authorization IS NOT NULL")
    op.create_index(
        "ix_posts_quote_authorization", "posts", ["quote_authorization"], sqlite_where=given, postgresql_where=given
    )
    op.create_table(
        "quote_stamps",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("quoting_uri", sa.Text(), nullable=False),
        sa.Column("request_uri", sa.Text(), nullable=True),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.Column("revoked_at", MILLIS, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("post_id", "quoting_uri"),
    )
    op.create_index("ix_quote_stamps_quoting_uri", "quote_stamps", ["quoting_uri"])


def _towns() -> None:
    op.add_column("accounts", sa.Column("also_known_as", sa.JSON(), nullable=True))
    op.add_column("accounts", sa.Column("moved_at", MILLIS, nullable=True))
    op.add_column("accounts", sa.Column("carried_to", sa.Text(), nullable=True))
    op.add_column(
        "sister_towns", sa.Column("state", sa.String(length=16), server_default="agreed", nullable=False)
    )
    op.add_column("sister_towns", sa.Column("offer_uri", sa.Text(), nullable=True))
    op.add_column("sister_towns", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("sister_towns", sa.Column("agreed_at", MILLIS, nullable=True))
    counts = ("questions_in", "questions_out", "answers_in", "answers_out", "thanks_in", "thanks_out")
    op.create_table(
        "town_traffic",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("domain", "month"),
    )


def _wire() -> None:
    op.add_column("actor_keys", sa.Column("proof_multikey", sa.Text(), nullable=True))
    op.add_column("actor_keys", sa.Column("proof_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("actor_keys", sa.Column("old_public_pem", sa.Text(), nullable=True))
    op.add_column("actor_keys", sa.Column("old_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("actor_keys", sa.Column("rotated_at", MILLIS, nullable=True))
    op.add_column("remote_actors", sa.Column("proof_key_id", sa.Text(), nullable=True))
    op.add_column("remote_actors", sa.Column("proof_multikey", sa.Text(), nullable=True))
    op.add_column("remote_actors", sa.Column("featured", sa.Text(), nullable=True))
    op.add_column("remote_actors", sa.Column("moderators", sa.Text(), nullable=True))
    op.add_column("remote_actors", sa.Column("backfilled_at", MILLIS, nullable=True))
    op.create_index("ix_remote_actors_proof_key_id", "remote_actors", ["proof_key_id"])
    op.add_column("remote_hosts", sa.Column("signature", sa.String(length=16), nullable=True))
    op.add_column("remote_hosts", sa.Column("heard_at", MILLIS, nullable=True))
    op.add_column("remote_hosts", sa.Column("retired_at", MILLIS, nullable=True))
    op.create_index("ix_remote_hosts_retired_at", "remote_hosts", ["retired_at"])
    op.add_column(
        "outbox_items", sa.Column("synchronises", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "errands",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("due_at", MILLIS, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", MILLIS, nullable=False),
        sa.Column("created_at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "uri"),
    )
    op.create_index("ix_errands_due_at", "errands", ["due_at"])
    op.create_index("ix_errands_host_due_at", "errands", ["host", "due_at"])
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("at", MILLIS, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
