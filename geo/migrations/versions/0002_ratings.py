"""Creates the tables of devices, current ratings and past ratings."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def what_a_rating_says(table: str) -> tuple[sa.Column[Any] | sa.CheckConstraint, ...]:
    return (
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("observed", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("weight", sa.Double(), server_default="1", nullable=False),
        sa.Column("rated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(observed) = 'object'", name=op.f(f"ck_{table}_observed")),
        sa.CheckConstraint("char_length(comment) BETWEEN 1 AND 1000", name=op.f(f"ck_{table}_comment")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f(f"ck_{table}_stars")),
        sa.CheckConstraint("weight > 0 AND weight <= 1", name=op.f(f"ck_{table}_weight")),
    )


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(token_digest) = 32", name=op.f("ck_device_token_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_device_token_digest")),
    )
    op.create_table(
        "past_rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.CheckConstraint("ended_by IN ('replaced', 'withdrawn')", name=op.f("ck_past_rating_ended_by")),
        *what_a_rating_says("past_rating"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_past_rating_device_id_device"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
            name=op.f("fk_past_rating_facility_id_facility"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_rating")),
    )
    op.create_index("ix_past_rating_device_id", "past_rating", ["device_id"], unique=False)
    op.create_index("ix_past_rating_facility_id", "past_rating", ["facility_id"], unique=False)
    op.create_table(
        "rating",
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        *what_a_rating_says("rating"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_rating_device_id_device"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_rating_facility_id_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("facility_id", "device_id", name=op.f("pk_rating")),
        sa.UniqueConstraint("id", name=op.f("uq_rating_id")),
    )
    op.create_index("ix_rating_device_id", "rating", ["device_id"], unique=False)
    op.create_index(
        "ix_rating_facility_id",
        "rating",
        ["facility_id", sa.literal_column("rated_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("past_rating")
    op.drop_table("rating")
    op.drop_table("device")
