"""Reports of places out of order, and alarms that places show."""

from collections.abc import Collection

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

COLUMNS = ("out_of_order_until", "rush_until")

REASONS = ("moved", "wrong", "duplicate", "offensive", "unsafe", "spam", "personal_data")
ACTIONS = (
    *("close_facility", "hide_facility", "dismiss_reports", "accept_proposal", "reject_proposal", "exclude_ratings"),
    *("dismiss_alarm", "suspend_device", "merge_facilities", "split_facility", "keep_apart", "revert"),
)
COMMENT_ACTIONS = ("hold_comment", "hide_comment", "approve_comment")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("facility", sa.Column(column, sa.TIMESTAMP(timezone=True)))
    _replace_check("report", "reason", ("closed", "out_of_order", *REASONS))
    _replace_check("decision", "action", (*COMMENT_ACTIONS, "report_closed", "report_out_of_order", *ACTIONS))


def downgrade() -> None:
    """Restore the former columns. Reports of places out of order become reports of something wrong, and end."""
    op.execute(
        """UPDATE report
           SET reason = 'wrong', closed_at = coalesce(closed_at, now()), outcome = coalesce(outcome, 'moot')
           WHERE reason = 'out_of_order'"""
    )
    _replace_check("report", "reason", ("closed", *REASONS))
    # Decisions are never changed: those that exist stay, and the constraint applies to new ones.
    _replace_check("decision", "action", (*COMMENT_ACTIONS, "report_closed", *ACTIONS))
    for column in COLUMNS:
        op.drop_column("facility", column)


def _replace_check(table: str, column: str, words: Collection[str]) -> None:
    """Replace the constraint on the words of a column. Rows with other words stay, and the constraint is not valid."""
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({listed})) NOT VALID")
    op.execute(
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM {table} WHERE {column} NOT IN ({listed})) THEN
                ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column};
            END IF;
        END $$"""
    )
