"""One place once: places that are merged, the record of each source, and pairs of places that are kept apart."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"

BEFORE = "status IN ('active', 'reported_closed', 'closed', 'hidden')"
AFTER = "status IN ('active', 'reported_closed', 'closed', 'hidden', 'merged', 'record')"
ENDED_BEFORE = "ended_by IN ('replaced', 'withdrawn')"
ENDED_AFTER = "ended_by IN ('replaced', 'withdrawn', 'merged')"

MOVED = ("rating", "past_rating", "report")
"""Tables whose rows move to another place when theirs is merged into it."""


def upgrade() -> None:
    op.add_column("dataset", sa.Column("authority", sa.Text(), server_default="community", nullable=False))
    op.create_check_constraint("authority", "dataset", "authority IN ('official', 'community')")
    op.add_column("facility", sa.Column("merged_into", sa.BigInteger()))
    op.create_foreign_key(None, "facility", "facility", ["merged_into"], ["id"])
    op.create_index(
        "ix_facility_merged_into", "facility", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL")
    )
    _replace("facility", "status", AFTER)
    op.create_check_constraint(
        "merged_into", "facility", "(status IN ('merged', 'record')) = (merged_into IS NOT NULL)"
    )
    op.add_column("facility_source", sa.Column("record_id", sa.BigInteger()))
    op.create_foreign_key(None, "facility_source", "facility", ["record_id"], ["id"], ondelete="CASCADE")
    op.create_index("ix_facility_source_record_id", "facility_source", ["record_id"])
    op.add_column("facility_source", sa.Column("gave", sa.ARRAY(sa.Text())))
    for table in MOVED:
        op.add_column(table, sa.Column("moved_from", sa.BigInteger()))
        op.create_foreign_key(None, table, "facility", ["moved_from"], ["id"], ondelete="CASCADE")
        op.create_index(
            f"ix_{table}_moved_from", table, ["moved_from"], postgresql_where=sa.text("moved_from IS NOT NULL")
        )
    _replace("past_rating", "ended_by", ENDED_AFTER)
    op.create_table(
        "kept_apart",
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("facility_id < other_id", name="order"),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["facility.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("facility_id", "other_id"),
    )
    op.create_index(None, "kept_apart", ["other_id"])


def downgrade() -> None:
    # What the former code cannot show is closed; the rows that only recorded a source's values are not needed by it.
    op.execute("UPDATE facility_source SET facility_id = record_id WHERE record_id IS NOT NULL")
    op.execute("UPDATE facility SET status = 'active', merged_into = NULL WHERE status = 'record'")
    op.execute("UPDATE facility SET status = 'closed', merged_into = NULL WHERE status = 'merged'")
    op.execute("UPDATE past_rating SET ended_by = 'withdrawn' WHERE ended_by = 'merged'")
    op.drop_table("kept_apart")
    _replace("past_rating", "ended_by", ENDED_BEFORE)
    for table in MOVED:
        op.drop_column(table, "moved_from")
    op.drop_column("facility_source", "gave")
    op.drop_column("facility_source", "record_id")
    op.drop_constraint("merged_into", "facility")
    op.drop_column("facility", "merged_into")
    _replace("facility", "status", BEFORE)
    op.drop_column("dataset", "authority")


def _replace(table: str, name: str, condition: str) -> None:
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, condition)
