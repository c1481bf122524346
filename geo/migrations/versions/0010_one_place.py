"""One place once: places that are merged, the record of each source, and pairs of places that are kept apart."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
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

NOT_SAID = (
    *("id", "status", "merged_into", "created_at", "updated_at", "reported_closed_until", "rating_count"),
    *("demo_rating_count", "excluded_rating_count", "stars_total", "last_rated_at"),
    *("weight_slow", "stars_slow", "weight_fast", "stars_fast"),
)
"""Columns of a facility that no source sets, without generated ones."""

RECOMPUTE_MOVED = """
    UPDATE facility
    SET (rating_count, demo_rating_count, stars_total,
         weight_slow, stars_slow, weight_fast, stars_fast, last_rated_at) = (
            SELECT count(*), count(*) FILTER (WHERE demo), coalesce(sum(stars), 0),
                   coalesce(sum(slow), 0), coalesce(sum(slow * stars), 0),
                   coalesce(sum(fast), 0), coalesce(sum(fast * stars), 0), max(rated_at)
            FROM (
                SELECT stars, weight, rated_at, demo,
                       date_part('epoch', rated_at - timestamptz '2026-01-01 00:00:00+00:00') AS age_s
                FROM rating
                WHERE rating.facility_id = facility.id AND (excluded.during @> rated_at) IS NOT TRUE
                ORDER BY rated_at DESC, stars, weight
            ) AS counted
            CROSS JOIN LATERAL (SELECT weight * power(2, age_s / 31536000) AS slow,
                                       weight * power(2, age_s / 2592000) AS fast OFFSET 0) AS decayed
        ),
        excluded_rating_count = (
            SELECT count(*) FROM rating WHERE rating.facility_id = facility.id AND excluded.during @> rated_at
        )
    FROM (
        SELECT facility_id AS id, (SELECT range_agg(during) FROM rating_exclusion
                                   WHERE facility_id = moved.facility_id AND lifted_at IS NULL) AS during
        FROM moved
    ) AS excluded
    WHERE facility.id = excluded.id
"""
"""The sums of facilities whose ratings return, as geo/crowd/ratings.py computes them at this revision."""


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
    """Give each source its own facility again, with its former id, its values and the ratings made about it.

    Values by accepted proposals of merged places are lost. Ratings that a merge displaced stay history.
    """
    columns = _said_columns()
    for statement in (
        # A place with one source keeps its values, which contain those by accepted proposals.
        """UPDATE facility SET status = 'closed' FROM facility_source AS source
           WHERE source.record_id IN (SELECT id FROM facility AS record WHERE record.merged_into = facility.id)
             AND (source.has_closed OR source.vanished_at IS NOT NULL)
             AND facility.status IN ('active', 'reported_closed')""",
        """UPDATE facility SET (columns) = (record_columns)
           FROM facility AS record
           WHERE record.status = 'record' AND record.merged_into = facility.id
             AND (facility.status = 'merged'
                  OR EXISTS (SELECT FROM facility AS part
                             WHERE part.status = 'merged' AND part.merged_into = facility.id))
        """.replace("record_columns", ", ".join(f"record.{column}" for column in columns)).replace(
            "(columns)", f"({', '.join(columns)})"
        ),
        """UPDATE facility_source AS source SET facility_id = record.merged_into, record_id = NULL
           FROM facility AS record WHERE record.id = source.record_id""",
        "DELETE FROM facility WHERE status = 'record'",
        """CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
           SELECT facility_id FROM rating WHERE moved_from IS NOT NULL
           UNION SELECT moved_from FROM rating WHERE moved_from IS NOT NULL""",
        "UPDATE rating SET facility_id = moved_from WHERE moved_from IS NOT NULL",
        "UPDATE past_rating SET facility_id = moved_from WHERE moved_from IS NOT NULL",
        "UPDATE report SET target_id = moved_from WHERE moved_from IS NOT NULL",
        "UPDATE past_rating SET ended_by = 'replaced' WHERE ended_by = 'merged'",
        RECOMPUTE_MOVED,
        "DROP TABLE moved",
        "ALTER TABLE facility DROP CONSTRAINT ck_facility_merged_into",
        # What staff hid or closed as a whole stays so in its parts.
        """WITH RECURSIVE part (id, status) AS (
               SELECT id, status FROM facility WHERE merged_into IS NULL
               UNION ALL
               SELECT below.id, part.status FROM part JOIN facility AS below ON below.merged_into = part.id
           )
           UPDATE facility SET status = CASE
               WHEN part.status IN ('hidden', 'closed') THEN part.status
               WHEN EXISTS (SELECT FROM facility_source AS source WHERE source.facility_id = facility.id
                            AND (source.has_closed OR source.vanished_at IS NOT NULL)) THEN 'closed'
               ELSE 'active' END
           FROM part WHERE part.id = facility.id AND facility.status = 'merged'""",
    ):
        op.execute(statement)
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


def _said_columns() -> list[str]:
    """Return the columns of a facility that its source sets: all but those below and generated ones."""
    rows = op.get_bind().execute(
        sa.text(
            """SELECT attname FROM pg_attribute
               WHERE attrelid = 'facility'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                 AND attidentity = '' AND attname <> ALL (:others) ORDER BY attnum"""
        ),
        {"others": list(NOT_SAID)},
    )
    return list(rows.scalars())


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
