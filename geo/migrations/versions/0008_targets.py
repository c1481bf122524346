"""Renames the columns ``thing`` and ``thing_id`` of reports, queue items and decisions to ``target``, ``target_id``.

Only the catalog changes, which takes milliseconds for tables of any size. The digests of decisions in the audit chain
include the column names; geo/casework/audit.py also accepts digests with the former names.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {"report": ("thing", "thing_id"), "queue_item": ("thing_id",), "decision": ("thing", "thing_id")}
"""The renamed columns of each table, by their former names."""

CONSTRAINTS = {"report": ("ck_report_thing",), "decision": ("ck_decision_thing", "ck_decision_thing_id")}
INDEXES = ("ix_report_open_thing", "ix_decision_thing")


def upgrade() -> None:
    _rename("thing", "target")


def downgrade() -> None:
    _rename("target", "thing")


def _rename(before: str, after: str) -> None:
    def names(former: str, to: str = "TO") -> str:
        return f"{former.replace('thing', before)} {to} {former.replace('thing', after)}"

    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {names(column)}")
    for table, constraints in CONSTRAINTS.items():
        for constraint in constraints:
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {names(constraint)}")
    for index in INDEXES:
        op.execute(f"ALTER INDEX {names(index, 'RENAME TO')}")
