"""Weights of track records in place of those of networks, web origins, and weighted sums of all ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = ("rating", "past_rating")

PRESENCES_BEFORE = "presence IN ('within_150_m', 'farther')"
PRESENCES_AFTER = "presence IN ('within_150_m', 'farther', 'proved')"

NEW_WEIGHTS = (
    # A rating with full weight although its phone reported no presence was made without a request.
    "UPDATE {table} SET trusted = true WHERE presence IS NULL AND weight_presence = 1",
    "UPDATE {table} SET weight_presence = 0.8 WHERE weight_presence < 1",
)

FORMER_WEIGHTS = (
    "UPDATE {table} SET weight_presence = 0.5 WHERE weight_presence < 1",
    "UPDATE {table} SET presence = 'within_150_m' WHERE presence = 'proved'",
    "UPDATE {table} SET weight = weight_age * weight_presence WHERE weight_age * weight_presence < 1",
)

WEIGH_DEVICES = """
    UPDATE rating
    SET weight_track = CASE WHEN record.places >= 2 THEN 1 ELSE 0.3 END,
        weight_age = CASE WHEN rating.rated_at - device.created_at >= interval '24 hours'
                            OR record.between_ratings >= interval '24 hours' THEN 1 ELSE 0.3 END
    FROM device, (
        SELECT device_id, max(rated_at) - min(rated_at) AS between_ratings, count(DISTINCT place_id) AS places
        FROM (SELECT device_id, rated_at, coalesce(moved_from, facility_id) AS place_id FROM rating
              UNION ALL
              SELECT device_id, rated_at, coalesce(moved_from, facility_id) FROM past_rating) AS made
        GROUP BY device_id
    ) AS record
    WHERE NOT rating.trusted AND device.id = rating.device_id AND record.device_id = rating.device_id
"""

SUMS = """
    UPDATE facility
    SET weight_total = sums.weight_total, stars_total = sums.stars_total,
        weight_slow = sums.weight_slow, stars_slow = sums.stars_slow,
        weight_fast = sums.weight_fast, stars_fast = sums.stars_fast
    FROM (
        SELECT facility_id, sum(weight) AS weight_total, sum(weight * stars) AS stars_total,
               sum(weight * slow) AS weight_slow, sum(weight * slow * stars) AS stars_slow,
               sum(weight * fast) AS weight_fast, sum(weight * fast * stars) AS stars_fast
        FROM (
            SELECT facility_id, stars, {weight} AS weight,
                   power(2, date_part('epoch', rated_at - timestamptz '2026-01-01 00:00:00+00:00') / 31536000) AS slow,
                   power(2, date_part('epoch', rated_at - timestamptz '2026-01-01 00:00:00+00:00') / 2592000) AS fast
            FROM ({ratings}) AS given
            ORDER BY rated_at DESC, stars, weight
        ) AS weighed
        GROUP BY facility_id
    ) AS sums
    WHERE facility.id = sums.facility_id
"""
"""The sums of all facilities that have ratings."""

INCLUDED = """
    SELECT rating.*, place.known_since
    FROM rating
    JOIN (SELECT coalesce(merged_into, id) AS id, min(created_at) AS known_since
          FROM facility GROUP BY 1) AS place ON place.id = rating.facility_id
    WHERE NOT EXISTS (SELECT FROM rating_exclusion AS e WHERE e.facility_id = rating.facility_id
                      AND e.lifted_at IS NULL AND e.during @> rating.rated_at)
"""

COUNTED = """
    SELECT included.*,
           count(*) OVER (PARTITION BY facility_id ORDER BY rated_at
                          RANGE BETWEEN interval '83:59:59.999999' PRECEDING
                                    AND interval '84 hours' FOLLOWING) AS in_week,
           count(*) OVER (PARTITION BY facility_id ORDER BY rated_at
                          RANGE BETWEEN interval '8759:59:59.999999' PRECEDING
                                    AND interval '84 hours' PRECEDING) AS in_year,
           least(greatest(date_part('epoch', rated_at - known_since) / 86400 - 3.5, 30), 361.5) AS known_days
    FROM ({ratings}) AS included
"""

WEIGHT = """weight_age * weight_track * weight_presence * CASE WHEN trusted THEN 1
            ELSE least(1, greatest(1, 7 * (in_year + 1) / (known_days + 60)) / in_week) END"""


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("weight_track", sa.Double(), nullable=False, server_default="1"))
        op.add_column(table, sa.Column("origin", sa.Text()))
        op.add_column(table, sa.Column("trusted", sa.Boolean(), nullable=False, server_default=sa.text("false")))
        for statement in NEW_WEIGHTS:
            op.execute(statement.format(table=table))
        op.drop_constraint(op.f(f"ck_{table}_weight"), table)
        op.drop_column(table, "weight")
        op.drop_column(table, "weight_cluster")
        for weight in ("weight_age", "weight_track", "weight_presence"):
            op.create_check_constraint(weight, table, f"{weight} > 0 AND {weight} <= 1")
        op.create_check_constraint("origin", table, "char_length(origin) BETWEEN 1 AND 255")
        op.drop_constraint(op.f(f"ck_{table}_presence"), table)
        op.create_check_constraint("presence", table, PRESENCES_AFTER)
    op.execute(WEIGH_DEVICES)
    op.drop_constraint(op.f("ck_facility_stars_total"), "facility")
    op.add_column("facility", sa.Column("weight_total", sa.Double(), nullable=False, server_default="0"))
    op.alter_column("facility", "stars_total", type_=sa.Double(), server_default="0")
    # Of facilities whose ratings are all excluded, too.
    op.execute("UPDATE facility SET stars_total = 0 WHERE stars_total <> 0")
    op.execute(SUMS.format(weight=WEIGHT, ratings=COUNTED.format(ratings=INCLUDED)))
    op.create_check_constraint(
        "stars_total",
        "facility",
        "weight_total BETWEEN 0 AND rating_count + 0.001"
        " AND stars_total BETWEEN 0.999 * weight_total AND 5.001 * weight_total",
    )


def downgrade() -> None:
    """Restore the former columns. Weights of networks are lost: each rating counts with its age and presence."""
    for table in TABLES:
        for column in ("weight", "weight_cluster"):
            op.add_column(table, sa.Column(column, sa.Double(), nullable=False, server_default="1"))
        for statement in FORMER_WEIGHTS:
            op.execute(statement.format(table=table))
        for constraint in ("weight_age", "weight_track", "weight_presence", "origin", "presence"):
            op.drop_constraint(op.f(f"ck_{table}_{constraint}"), table)
        op.create_check_constraint("weight", table, "weight > 0 AND weight <= 1")
        op.create_check_constraint("presence", table, PRESENCES_BEFORE)
        for column in ("weight_track", "origin", "trusted"):
            op.drop_column(table, column)
    op.drop_constraint(op.f("ck_facility_stars_total"), "facility")
    op.execute(SUMS.format(weight="weight", ratings=INCLUDED))
    op.execute(
        """UPDATE facility SET stars_total = coalesce((
               SELECT sum(stars) FROM rating
               WHERE facility_id = facility.id
                 AND NOT EXISTS (SELECT FROM rating_exclusion AS e WHERE e.facility_id = rating.facility_id
                                 AND e.lifted_at IS NULL AND e.during @> rating.rated_at)), 0)
           WHERE rating_count > 0"""
    )
    op.alter_column("facility", "stars_total", type_=sa.Integer(), server_default="0")
    op.drop_column("facility", "weight_total")
    op.create_check_constraint("stars_total", "facility", "stars_total BETWEEN rating_count AND 5 * rating_count")
