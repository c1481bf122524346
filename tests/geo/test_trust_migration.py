"""Migration 0013, which weighs the existing ratings anew."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo import schema
from geo.crowd import ratings
from geo.crowd.trust import Circumstances
from geo.database import Database, Session
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_rating

SUMS = "SELECT {} FROM facility ORDER BY id"
WEIGHED = (
    "rating_count, excluded_rating_count, weight_total, stars_total, weight_slow, stars_slow, weight_fast, stars_fast"
)


def sums(database: Database, columns: str) -> list[Any]:
    with database.read() as session:
        return [value for row in session.execute(text(SUMS.format(columns))) for value in row]


def rated_places(session: Session) -> list[int]:
    """A rush, a device with a record, demo ratings, a merged place, and one whose ratings are partly excluded."""
    places = [add_facility(session) for _ in range(4)]
    session.execute(text("UPDATE facility SET created_at = :at"), {"at": NOON - timedelta(days=90)})
    for number in range(12):
        device_id = add_device(session, NOON - timedelta(days=number % 3)).device_id
        presence = "within_150_m" if number % 2 else None
        for place in places[: 1 + number % 3]:
            day = NOON - timedelta(days=3 * number % 20)
            seen = Circumstances(bytes([number]) * 16, presence)  # type: ignore[arg-type]
            ratings.rate(session, place, device_id, ratings.NewRating(1 + number % 5), day, circumstances=seen)
    add_rating(session, places[3], 5, NOON)
    session.execute(
        text(
            """WITH made AS (
                   INSERT INTO decision (decided_at, action, target, target_id, reason, before)
                   VALUES (:at, 'exclude_ratings', 'facility', :place, 'no_fault', '{}') RETURNING id
               )
               INSERT INTO rating_exclusion (decision_id, facility_id, during)
               SELECT id, :place, tstzrange(:since, :at) FROM made"""
        ),
        {"place": places[1], "at": NOON, "since": NOON - timedelta(days=5)},
    )
    ratings.recompute(session, places)
    return places


def test_existing_ratings_are_weighed_as_new_ones_are(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.write() as session:
        rated_places(session)
        session.commit()
    now = sums(empty_database, WEIGHED)
    schema.downgrade(empty_database, "0012")
    with empty_database.read() as session:
        former = session.execute(text("SELECT weight = weight_age * weight_presence FROM rating")).scalars().all()
        assert all(former)
        assert set(session.execute(text("SELECT weight_presence FROM rating")).scalars()) == {0.5, 1}
    assert all(isinstance(value, int) for value in sums(empty_database, "stars_total"))
    schema.upgrade(empty_database)
    assert sums(empty_database, WEIGHED) == pytest.approx(now, rel=1e-12)
    with empty_database.write() as session:
        ratings.recompute(session, session.execute(text("SELECT id FROM facility")).scalars().all())
        session.commit()
    assert sums(empty_database, WEIGHED) == pytest.approx(now, rel=1e-12)
