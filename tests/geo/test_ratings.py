import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from datetime import timedelta
from math import fsum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.reference.quality import WeightedStars, forward_sums
from geo.crowd import ratings
from geo.crowd.ratings import REPEAT_WINDOW, NewRating
from geo.database import Database
from geo.errors import FacilityNotFound, RatingNotFound
from tests.conftest import NOON
from tests.factories import add_device, add_facility, add_rating, facility_row

SUMS = (
    *("rating_count", "demo_rating_count", "weight_total", "stars_total"),
    *("weight_slow", "stars_slow", "weight_fast", "stars_fast", "last_rated_at"),
)
RATERS = 20
RATINGS = 200
PATIENCE_S = 60


def sums(session: Session, facility_id: int) -> dict[str, Any]:
    row = facility_row(session, facility_id)
    return {column: row[column] for column in SUMS}


def past(session: Session, facility_id: int) -> list[tuple[Any, ...]]:
    rows = session.execute(
        text(
            "SELECT stars, comment, observed, rated_at, ended_at, ended_by FROM past_rating"
            " WHERE facility_id = :id ORDER BY ended_at, id"
        ),
        {"id": facility_id},
    )
    return [tuple(row) for row in rows]


def test_a_first_rating_is_reported_as_the_first(session: Session) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    assert ratings.rate(session, facility_id, device_id, NewRating(4, "clean", {"soap": "yes"}), NOON)
    (rating,) = ratings.of_facility(session, facility_id, 10).entries
    assert (rating.stars, rating.comment, rating.observed, rating.rated_at, rating.demo) == (
        *(4, "clean", {"soap": "yes"}),
        *(NOON, False),
    )
    assert past(session, facility_id) == []


def test_rating_again_replaces_the_rating_and_keeps_the_earlier_one_as_past(session: Session) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    later = NOON + timedelta(days=1)
    ratings.rate(session, facility_id, device_id, NewRating(1, "no paper", {"paper": "no"}), NOON)
    assert not ratings.rate(session, facility_id, device_id, NewRating(5), later)
    (rating,) = ratings.of_facility(session, facility_id, 10).entries
    assert (rating.stars, rating.comment, rating.observed, rating.rated_at) == (5, None, {}, later)
    assert past(session, facility_id) == [(1, "no paper", {"paper": "no"}, NOON, later, "replaced")]
    assert sums(session, facility_id)["stars_total"] == 5


def test_a_rating_keeps_its_handle_when_it_is_replaced(session: Session) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    ratings.rate(session, facility_id, device_id, NewRating(1), NOON)
    handle = ratings.own(session, facility_id, device_id).rating_id
    ratings.rate(session, facility_id, device_id, NewRating(2), NOON)
    assert ratings.own(session, facility_id, device_id).rating_id == handle


def test_ratings_come_newest_first_and_page_by_page(session: Session) -> None:
    facility_id = add_facility(session)
    for stars in (1, 2, 3, 4, 5):
        add_rating(session, facility_id, stars, NOON + timedelta(minutes=stars // 2))
    shown: list[int] = []
    before = None
    while True:
        page = ratings.of_facility(session, facility_id, 2, before)
        shown += [rating.stars for rating in page.entries]
        if page.next_after is None:
            break
        before = (page.next_after.rated_at, page.next_after.rating_id)
    assert shown == [5, 4, 3, 2, 1]


def test_a_withdrawn_rating_is_kept_only_as_past(session: Session) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    later = NOON + timedelta(days=1)
    ratings.rate(session, facility_id, device_id, NewRating(2), NOON)
    ratings.withdraw(session, facility_id, device_id, later)
    with pytest.raises(RatingNotFound):
        ratings.own(session, facility_id, device_id)
    assert past(session, facility_id) == [(2, None, {}, NOON, later, "withdrawn")]
    ratings.withdraw(session, facility_id, device_id, later)
    assert len(past(session, facility_id)) == 1


@pytest.mark.parametrize("status", ["active", "reported_closed", "closed"])
def test_a_visible_facility_can_be_rated(session: Session, status: str) -> None:
    facility_id = add_facility(session, status=status)
    add_rating(session, facility_id, 3, NOON)
    assert sums(session, facility_id)["rating_count"] == 1


def test_a_hidden_or_unknown_facility_cannot_be_rated(session: Session) -> None:
    device_id = add_device(session, NOON).device_id
    for facility_id in (add_facility(session, status="hidden"), 0):
        with pytest.raises(FacilityNotFound):
            ratings.rate(session, facility_id, device_id, NewRating(3), NOON)
        with pytest.raises(FacilityNotFound):
            ratings.withdraw(session, facility_id, device_id, NOON)
    assert session.execute(text("SELECT count(*) FROM rating")).scalar_one() == 0


@pytest.mark.parametrize(
    ("after", "new_rating", "past_ratings"),
    [
        (timedelta(0), NewRating(4, "a"), 0),
        (REPEAT_WINDOW - timedelta(seconds=1), NewRating(4, "a"), 0),
        (REPEAT_WINDOW, NewRating(4, "a"), 1),
        (timedelta(0), NewRating(5, "a"), 1),
        (timedelta(0), NewRating(4, "b"), 1),
        (timedelta(0), NewRating(4, "a", {"soap": "no"}), 1),
    ],
)
def test_the_same_rating_again_within_the_window_is_the_same_visit(
    session: Session, after: timedelta, new_rating: NewRating, past_ratings: int
) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    ratings.rate(session, facility_id, device_id, NewRating(4, "a"), NOON)
    assert not ratings.rate(session, facility_id, device_id, new_rating, NOON + after)
    assert len(past(session, facility_id)) == past_ratings
    assert ratings.own(session, facility_id, device_id).rated_at == (NOON + after if past_ratings else NOON)


def test_demo_ratings_are_counted_separately(session: Session) -> None:
    facility_id, device_id = add_facility(session), add_device(session, NOON).device_id
    ratings.rate(session, facility_id, device_id, NewRating(4), NOON, demo=True)
    add_rating(session, facility_id, 2, NOON)
    assert (sums(session, facility_id)["rating_count"], sums(session, facility_id)["demo_rating_count"]) == (2, 1)


ages = st.integers(0, 20 * 365 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
weighted_stars = st.builds(
    WeightedStars,
    rated_at=ages.map(lambda age: NOON - age),
    stars=st.integers(1, 5),
    weight=st.floats(0.001, 1) | st.just(1.0),
)


def store(session: Session, facility_id: int, given_ratings: list[WeightedStars]) -> None:
    """Put ratings into the table that have these weights, whatever came with them, each by a device of its own."""
    session.execute(
        text(
            """
            WITH device AS (
                INSERT INTO device (token_digest, created_at, expires_at)
                SELECT sha256(convert_to(gen_random_uuid()::text, 'UTF8')), :at, :at
                FROM generate_series(1, :count) RETURNING id
            ), numbered AS (SELECT id, row_number() OVER () AS number FROM device)
            INSERT INTO rating (facility_id, device_id, stars, weight_age, trusted, rated_at)
            SELECT :facility_id, numbered.id, given.stars, given.weight, true, given.rated_at
            FROM unnest(CAST(:stars AS int[]), CAST(:weights AS float8[]), CAST(:times AS timestamptz[]))
                WITH ORDINALITY AS given (stars, weight, rated_at, number)
            JOIN numbered USING (number)
            """
        ),
        {
            "at": NOON,
            "count": len(given_ratings),
            "facility_id": facility_id,
            "stars": [rating.stars for rating in given_ratings],
            "weights": [rating.weight for rating in given_ratings],
            "times": [rating.rated_at for rating in given_ratings],
        },
    )


@given(given_ratings=st.lists(weighted_stars, max_size=30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sums_in_the_database_match_the_formula(session: Session, given_ratings: list[WeightedStars]) -> None:
    facility_id = add_facility(session)
    store(session, facility_id, given_ratings)
    ratings.recompute(session, [facility_id])
    stored = sums(session, facility_id)
    assert [stored[column] for column in SUMS[4:8]] == pytest.approx(
        astuple(forward_sums(given_ratings)), rel=1e-9, abs=1e-300
    )
    assert stored["rating_count"] == len(given_ratings)
    assert stored["weight_total"] == pytest.approx(fsum(r.weight for r in given_ratings))
    assert stored["stars_total"] == pytest.approx(fsum(r.weight * r.stars for r in given_ratings))
    assert stored["last_rated_at"] == max((rating.rated_at for rating in given_ratings), default=None)


@given(both_ways=st.lists(weighted_stars, max_size=30).flatmap(lambda rs: st.tuples(st.just(rs), st.permutations(rs))))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_changes_no_bit_of_the_sums(
    session: Session, both_ways: tuple[list[WeightedStars], list[WeightedStars]]
) -> None:
    facility_ids = [add_facility(session), add_facility(session)]
    for facility_id, in_order in zip(facility_ids, both_ways, strict=True):
        store(session, facility_id, in_order)
    ratings.recompute(session, facility_ids)
    assert sums(session, facility_ids[0]) == sums(session, facility_ids[1])


@given(given_ratings=st.lists(weighted_stars, max_size=30), stars=st.integers(1, 5), age=ages)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_rating_given_and_withdrawn_changes_no_bit_of_the_sums(
    session: Session, given_ratings: list[WeightedStars], stars: int, age: timedelta
) -> None:
    facility_id = add_facility(session)
    store(session, facility_id, given_ratings)
    ratings.recompute(session, [facility_id])
    before = sums(session, facility_id)
    device_id = add_rating(session, facility_id, stars, NOON - age)
    assert sums(session, facility_id) != before
    ratings.withdraw(session, facility_id, device_id, NOON)
    assert sums(session, facility_id) == before


def test_a_recompute_reads_only_the_ratings_of_its_facility(session: Session) -> None:
    facility_ids = [add_facility(session) for _ in range(100)]
    for facility_id in facility_ids:
        store(session, facility_id, [WeightedStars(NOON - timedelta(days=age), 3) for age in range(50)])
    session.execute(text("ANALYZE facility, rating, rating_exclusion"))
    plan = "\n".join(
        session.execute(
            text("EXPLAIN " + str(ratings._RECOMPUTE)),
            {
                "facility_ids": facility_ids[:1],
                "landmark": NOON,
                "slow_half_life_s": 1.0,
                "fast_half_life_s": 1.0,
            },
        ).scalars()
    )
    assert re.search("Index (Only )?Scan (using|on) (ix_rating_facility_id|pk_rating)", plan), plan
    assert "Seq Scan on rating " not in plan  # of rating itself; rating_exclusion is empty and may be read whole


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    # A connection for each rater: waiting for one is not what is tried here, and on a busy machine it would be refused.
    database = Database(own_database_url, pool_size=2 * RATERS)
    yield database
    database.close()


def prepared(database: Database, devices: int) -> tuple[int, list[int]]:
    """A facility and devices, committed."""
    with database.write() as session:
        facility_id = add_facility(session)
        device_ids = [add_device(session, NOON).device_id for _ in range(devices)]
        session.commit()
    return facility_id, device_ids


def rate_at_once(database: Database, facility_id: int, raters: list[tuple[int, NewRating]]) -> list[bool]:
    """Rate from many threads; whether each was its device's first."""

    def rate(rater: tuple[int, NewRating]) -> bool:
        device_id, new_rating = rater
        with database.write() as session:
            first = ratings.rate(session, facility_id, device_id, new_rating, NOON)
            session.commit()
        return first

    with ThreadPoolExecutor(RATERS) as pool:
        return list(pool.map(rate, raters, timeout=PATIENCE_S))


def test_many_concurrent_ratings_all_count(database: Database) -> None:
    facility_id, device_ids = prepared(database, RATINGS)
    raters = [(device_id, NewRating(1 + device_id % 5)) for device_id in device_ids]
    assert all(rate_at_once(database, facility_id, raters))
    with database.write() as session:
        stored = sums(session, facility_id)
        assert (stored["rating_count"], stored["stars_total"]) == (
            RATINGS,
            sum(new_rating.stars for _, new_rating in raters),
        )
        ratings.recompute(session, [facility_id])
        assert sums(session, facility_id) == stored


def test_concurrent_ratings_by_one_device_leave_one_rating_and_past_ones(database: Database) -> None:
    facility_id, (device_id,) = prepared(database, 1)
    comments = [f"visit {number:02}" for number in range(RATERS)]
    firsts = rate_at_once(database, facility_id, [(device_id, NewRating(4, comment)) for comment in comments])
    assert firsts.count(True) == 1
    with database.read() as session:
        live = ratings.own(session, facility_id, device_id)
        assert sorted([str(live.comment), *(row[1] for row in past(session, facility_id))]) == comments
        stored = sums(session, facility_id)
        assert (stored["rating_count"], stored["stars_total"]) == (1, 4)
