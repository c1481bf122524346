"""The world that is measured: synthetic facilities around real cities, and ratings of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.database import Database
from geo.imports.record import Source
from geo.imports.writer import Dataset

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The instant of every measurement: the same world each time."""

DATASET = Dataset("synthetic", Source("CC-BY-4.0", "Invented facilities around cities of GeoNames"))

DEVICES = 100_000
"""Raters: each has rated thirty places in the full world."""

OLDEST_DAYS = 700
"""Ratings are spread over two years, so that both half-lives matter."""


def add_ratings(database: Database, ratings: int) -> None:
    """Rate the world's facilities, the same way for the same number.

    Sums are those of geo.crowd.ratings.recompute, here for all facilities in one statement.
    """
    _execute(database, _RATE, {"devices": DEVICES, "ratings": ratings, **_MOMENTS})


def add_sums(database: Database) -> None:
    """Give each facility the sums of three ratings that are not stored: all that a search reads, and faster to make."""
    _execute(database, _SUMS, _MOMENTS)


def _execute(database: Database, statements: Sequence[str], parameters: Mapping[str, Any]) -> None:
    with database.write() as session:
        for statement in (_CREATE_STARS, *statements, "DROP FUNCTION pg_temp.random_stars"):
            session.execute(text(statement), parameters)
        session.commit()
    _settle(database)


def _settle(database: Database) -> None:
    """Put the facilities back in the order that their import gave them.

    In life a rating comes alone, and its facility's row stays on its page; to rewrite all at once moves every row.
    """
    with database.connection() as connection:
        settled = connection.execution_options(isolation_level="AUTOCOMMIT")
        settled.execute(text("CLUSTER facility USING pk_facility"))
        settled.execute(text("VACUUM ANALYZE facility, rating"))


_MOMENTS = {
    "as_of": AS_OF,
    "oldest_days": OLDEST_DAYS,
    "landmark": LANDMARK,
    "slow_half_life_s": SLOW_HALF_LIFE_DAYS * 86_400,
    "fast_half_life_s": FAST_HALF_LIFE_DAYS * 86_400,
}

_CREATE_STARS = """
    CREATE FUNCTION pg_temp.random_stars() RETURNS int LANGUAGE sql VOLATILE RETURN
        least(5, greatest(1, round(3.7 + 2 * (random() + random() + random() - 1.5))))
"""

_RECOMPUTE = """
    UPDATE facility
    SET rating_count = sums.count, weight_total = sums.count, stars_total = sums.stars, last_rated_at = sums.last,
        weight_slow = sums.weight_slow, stars_slow = sums.stars_slow,
        weight_fast = sums.weight_fast, stars_fast = sums.stars_fast
    FROM (
        SELECT facility_id, count(*) AS count, sum(stars) AS stars, max(rated_at) AS last,
               sum(slow) AS weight_slow, sum(slow * stars) AS stars_slow,
               sum(fast) AS weight_fast, sum(fast * stars) AS stars_fast
        FROM given_rating
        CROSS JOIN LATERAL (SELECT date_part('epoch', rated_at - :landmark) AS age_s) AS since_landmark
        CROSS JOIN LATERAL (SELECT power(2, age_s / :slow_half_life_s) AS slow,
                                   power(2, age_s / :fast_half_life_s) AS fast) AS decayed
        GROUP BY facility_id
    ) AS sums
    WHERE sums.facility_id = facility.id
"""
"""Sets the sums of all facilities to those of given_rating."""

_RATE = (
    "SELECT setseed(0.42)",
    """
    INSERT INTO device (token_digest, created_at, expires_at)
    SELECT sha256(i::text::bytea), :as_of, :as_of FROM generate_series(1, :devices) AS i
    """,
    """
    WITH facilities AS (SELECT min(id) AS first_facility, count(*) AS facility_count FROM facility),
         devices AS (SELECT min(id) AS first_device FROM device)
    INSERT INTO rating (facility_id, device_id, stars, rated_at, trusted)
    SELECT first_facility + floor(random() * facility_count), first_device + floor(random() * :devices),
           pg_temp.random_stars(), :as_of - random() * :oldest_days * interval '1 day', true
    FROM generate_series(1, :ratings), facilities, devices
    ON CONFLICT DO NOTHING
    """,
    "CREATE TEMPORARY VIEW given_rating AS SELECT facility_id, stars, rated_at FROM rating",
    _RECOMPUTE,
    "DROP VIEW given_rating",
)

_SUMS = (
    "SELECT setseed(0.42)",
    """
    CREATE TEMPORARY TABLE given_rating ON COMMIT DROP AS
    SELECT id AS facility_id, pg_temp.random_stars() AS stars,
           :as_of - random() * :oldest_days * interval '1 day' AS rated_at
    FROM facility, generate_series(1, 3)
    """,
    _RECOMPUTE,
)
