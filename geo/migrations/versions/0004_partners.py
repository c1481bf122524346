"""Creates the tables of partners, their keys and usage, and of rate limits shared by all server processes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "partner",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("daily_quota", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("ck_partner_name")),
        sa.CheckConstraint("daily_quota >= 1", name=op.f("ck_partner_daily_quota")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
    )
    op.create_foreign_key(op.f("fk_proposal_partner_id_partner"), "proposal", "partner", ["partner_id"], ["id"])
    _create_keys()
    op.create_table(
        "partner_usage",
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("granted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("served", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("served >= 0", name=op.f("ck_partner_usage_served")),
        sa.CheckConstraint("granted >= served", name=op.f("ck_partner_usage_granted")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_usage_partner_id_partner"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("partner_id", "day", name=op.f("pk_partner_usage")),
    )
    op.create_table(
        "rate_limit",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("next_due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 16", name=op.f("ck_rate_limit_digest")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rate_limit")),
        prefixes=["UNLOGGED"],
    )


def _create_keys() -> None:
    op.create_table(
        "partner_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("origins", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('publishable', 'secret')", name=op.f("ck_partner_key_kind")),
        sa.CheckConstraint("slot IN (1, 2)", name=op.f("ck_partner_key_slot")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_partner_key_digest")),
        sa.CheckConstraint("char_length(hint) = 4", name=op.f("ck_partner_key_hint")),
        sa.CheckConstraint(
            "scopes <@ ARRAY['facilities:read', 'proposals:write'] AND cardinality(scopes) >= 1",
            name=op.f("ck_partner_key_scopes"),
        ),
        sa.CheckConstraint(
            "kind = 'secret' OR scopes <@ ARRAY['facilities:read']", name=op.f("ck_partner_key_publishable_reads_only")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'publishable' THEN cardinality(origins) BETWEEN 1 AND 20 ELSE cardinality(origins) = 0 END",
            name=op.f("ck_partner_key_origins"),
        ),
        sa.CheckConstraint(
            "array_position(origins, '*') IS NULL AND array_position(origins, 'null') IS NULL",
            name=op.f("ck_partner_key_no_wildcard"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_key_partner_id_partner"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_partner_key_digest")),
    )
    op.create_index(
        "uq_partner_key_slot",
        "partner_key",
        ["partner_id", "kind", "slot"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_proposal_partner_id_partner"), "proposal")
    op.drop_table("rate_limit")
    op.drop_table("partner_usage")
    op.drop_table("partner_key")
    op.drop_table("partner")
