"""One place once: places that are merged, the record of each source, and pairs of places that are kept apart."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"

BEFORE = "status IN ('active', 'reported_closed', 'closed', 'hidden')"
AFTER = "status IN ('active', 'reported_closed', 'closed', 'hidden', 'merged', 'record')"
ENDED_BEFORE = "ended_by IN ('replaced', 'withdrawn')"
ENDED_AFTER = "ended_by IN ('replaced', 'withdrawn', 'merged')"

ACTIONS = (
    *("hold_comment", "hide_comment", "approve_comment", "report_closed", "close_facility", "hide_facility"),
    *("dismiss_reports", "accept_proposal", "reject_proposal", "exclude_ratings", "dismiss_alarm", "suspend_device"),
)
NEW_ACTIONS = ("merge_facilities", "split_facility", "keep_apart")

MOVED = ("rating", "past_rating", "report")
"""Tables whose rows move to another place when theirs is merged into it."""


def upgrade() -> None:
    op.add_column("dataset", sa.Column("authority", sa.Text(), server_default="community", nullable=False))
    op.create_check_constraint("authority", "dataset", "authority IN ('official', 'community')")
    _add_reference("facility", "merged_into")
    _replace_check("facility", "status", AFTER)
    op.create_check_constraint(
        "merged_into", "facility", "(status IN ('merged', 'record')) = (merged_into IS NOT NULL)"
    )
    _add_reference("facility_source", "record_id", is_rare=False, ondelete="CASCADE")
    op.add_column("facility_source", sa.Column("gave", sa.ARRAY(sa.Text())))
    for table in MOVED:
        _add_reference(table, "moved_from", ondelete="CASCADE")
    _replace_check("past_rating", "ended_by", ENDED_AFTER)
    _replace_check("decision", "action", _any_of(*ACTIONS, *NEW_ACTIONS, "revert"))
    op.create_table(
        "kept_apart",
        sa.Column("facility_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("facility_id < other_id", name=op.f("ck_kept_apart_order")),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_kept_apart_facility_id_facility"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["facility.id"], name=op.f("fk_kept_apart_other_id_facility"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("facility_id", "other_id", name=op.f("pk_kept_apart")),
    )
    op.create_index("ix_kept_apart_other_id", "kept_apart", ["other_id"])


def downgrade() -> None:
    """Give each source its own facility again. Merged places become closed ones, whose ratings stay with the others."""
    op.execute("UPDATE facility_source SET facility_id = record_id WHERE record_id IS NOT NULL")
    op.execute(
        "UPDATE facility SET status = 'closed' WHERE id IN (SELECT merged_into FROM facility WHERE status = 'record')"
    )
    op.execute("ALTER TABLE facility DROP CONSTRAINT ck_facility_merged_into")
    op.execute("UPDATE facility SET status = 'closed' WHERE status = 'merged'")
    op.execute("UPDATE facility SET status = 'active' WHERE status = 'record'")
    op.execute("UPDATE past_rating SET ended_by = 'withdrawn' WHERE ended_by = 'merged'")
    op.drop_table("kept_apart")
    _replace_check("decision", "action", _any_of(*ACTIONS, "revert"), NEW_ACTIONS)
    _replace_check("past_rating", "ended_by", ENDED_BEFORE)
    for table in MOVED:
        op.drop_column(table, "moved_from")
    op.drop_column("facility_source", "gave")
    op.drop_column("facility_source", "record_id")
    op.drop_column("facility", "merged_into")
    _replace_check("facility", "status", BEFORE)
    op.drop_column("dataset", "authority")


def _any_of(*actions: str) -> str:
    listed = ", ".join(f"'{action}'" for action in actions)
    return f"action IN ({listed})"


def _add_reference(table: str, column: str, *, is_rare: bool = True, ondelete: str | None = None) -> None:
    """Add a column with the id of a facility, indexed without the rows that have none if it is rare."""
    op.add_column(table, sa.Column(column, sa.BigInteger()))
    op.create_foreign_key(op.f(f"fk_{table}_{column}_facility"), table, "facility", [column], ["id"], ondelete=ondelete)
    where = sa.text(f"{column} IS NOT NULL") if is_rare else None
    op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=where)


def _replace_check(table: str, name: str, condition: str, left: tuple[str, ...] = ()) -> None:
    """Replace a constraint. Rows with a value of ``left`` may stay: decisions are never deleted."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
    values = ", ".join(f"'{value}'" for value in left) or "NULL"
    op.execute(
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM {table} WHERE {name}::text IN ({values})) THEN
                ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name};
            END IF;
        END $$"""
    )
