"""The formulas of trust weights in the database: docs/ranking.md."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.crowd import ratings, trust
from geo.crowd.models import Rating
from geo.crowd.trust import Circumstances, Presence
from tests.conftest import NOON
from tests.factories import add_device, add_facility, facility_row

VECTORS = 1e-9
"""Tolerance of the published vectors."""

FIRST_DAY = NOON - timedelta(days=300)


def at(day: float) -> datetime:
    return FIRST_DAY + timedelta(days=day)


def place_known_since(session: Session, day: float = 0.0) -> int:
    facility_id = add_facility(session)
    session.execute(text("UPDATE facility SET created_at = :at WHERE id = :id"), {"at": at(day), "id": facility_id})
    return facility_id


def rate(session: Session, facility_id: int, day: float, **circumstances: Any) -> int:
    """A rating by a new device. Returns the device's id."""
    device_id = add_device(session, at(day) - timedelta(days=2)).device_id
    rate_by(session, device_id, facility_id, day, **circumstances)
    return device_id


def rate_by(
    session: Session, device_id: int, facility_id: int, day: float, presence: Presence | None = None, **more: Any
) -> None:
    circumstances = Circumstances(bytes(16), presence, **more)
    ratings.rate(session, facility_id, device_id, ratings.NewRating(3), at(day), circumstances=circumstances)


def rushes(session: Session, facility_id: int) -> list[float]:
    """The rush weights of a facility's ratings, oldest first."""
    weighed = func.facility_search.weighed_ratings(facility_id).table_valued("rated_at", "weight_rush")
    return list(session.execute(select(weighed.c.weight_rush).order_by(weighed.c.rated_at)).scalars())


@pytest.mark.parametrize(
    ("in_year", "in_week", "known_days", "weight"),
    [
        (0, 1, 361.5, 1),
        (0, 3, 361.5, 0.333333333),
        (0, 10, 361.5, 0.1),
        (20, 1, 361.5, 1),
        (20, 3, 361.5, 0.333333333),
        (104, 2, 361.5, 0.871886121),
        (104, 12, 361.5, 0.145314353),
        (520, 8, 361.5, 1),
        (520, 30, 361.5, 0.288414393),
        (0, 10, 30, 0.1),
        (11, 10, 30, 0.1),
        (150, 50, 30, 0.234888889),
        (12, 4, 10, 0.252777778),
        (40, 6, 30, 0.531481481),
        (40, 6, 100, 0.298958333),
        (365, 9, 1000, 0.675365757),
    ],
)
def test_the_weight_of_a_rush_has_the_published_values(
    session: Session, in_year: int, in_week: int, known_days: float, weight: float
) -> None:
    computed = select(func.facility_search.rush_weight(in_week, in_year, known_days))
    assert session.execute(computed).scalar_one() == pytest.approx(weight, abs=VECTORS)


SEQUENCE = (100, 140, 180, 200, 200.5, 201, 203.2, 204.1, 207)


@pytest.mark.parametrize(
    ("as_of", "weights"),
    [
        (200, [1, 1, 1, 1]),
        (201, [1, 1, 1, 1 / 3, 1 / 3, 1 / 3]),
        (204.1, [1, 1, 1, 1 / 4, 1 / 4, 1 / 5, 1 / 5, 1 / 3]),
        (207, [1, 1, 1, 1 / 4, 1 / 4, 1 / 5, 1 / 5, 1 / 4, 1 / 2]),
    ],
)
def test_the_ratings_of_a_rush_share_its_weight_as_they_come(
    session: Session, as_of: float, weights: list[float]
) -> None:
    facility_id = place_known_since(session)
    for day in SEQUENCE:
        if day <= as_of:
            rate(session, facility_id, day)
    assert rushes(session, facility_id) == pytest.approx(weights, abs=VECTORS)


def test_a_busy_place_has_busier_ordinary_weeks(session: Session) -> None:
    facility_id = place_known_since(session)
    usual = [1.25 * number for number in range(80)]
    for day in (*usual, *(100.1 + number / 10 for number in range(12))):
        rate(session, facility_id, day)
    weights = rushes(session, facility_id)
    checked = [weights[0], weights[40], weights[79], weights[91]]
    assert checked == pytest.approx([0.333333333, 0.512676056, 0.234460548, 0.273157407], abs=VECTORS)


@pytest.mark.parametrize("beyond", [False, True])
def test_the_windows_of_a_rush_end_to_the_microsecond(session: Session, beyond: bool) -> None:
    facility_id = place_known_since(session)
    rate(session, facility_id, 100)
    rate(session, facility_id, 103.5 + beyond * 1e-6 / 86400 * 1.01)
    assert rushes(session, facility_id) == ([1, 1] if beyond else [0.5, 1])  # (t - 3.5, t + 3.5]


def test_ratings_made_without_a_request_count_fully_and_count_in_rushes(session: Session) -> None:
    facility_id = place_known_since(session)
    for _ in range(3):
        ratings.rate(
            session, facility_id, add_device(session, at(99)).device_id, ratings.NewRating(5), at(100), demo=True
        )
    rate(session, facility_id, 100)
    assert sorted(rushes(session, facility_id)) == [0.25, 1, 1, 1]


def test_ratings_with_proof_of_a_visit_have_a_rush_of_their_own(session: Session) -> None:
    facility_id = place_known_since(session)
    for _ in range(4):
        rate(session, facility_id, 100)
    for _ in range(2):
        rate(session, facility_id, 100, presence="proved")
    assert sorted(rushes(session, facility_id)) == [0.25] * 4 + [0.5] * 2


def test_ratings_through_one_web_page_are_a_rush_also_at_a_busy_place(session: Session) -> None:
    facility_id = place_known_since(session)
    for day in range(100):
        rate(session, facility_id, day)
        rate(session, facility_id, day + 0.5)
    for number in range(5):
        rate(session, facility_id, 105 + number / 100, origin="https://page.example")
    rate(session, facility_id, 105.5)
    *_, paged, alone = rushes(session, facility_id)
    assert paged == pytest.approx(1 / 5)
    assert alone == 1


def test_a_merged_place_is_known_as_long_as_its_oldest_part(session: Session) -> None:
    """Eighty ratings tell more of a week of a place known for ten days than of one known for a hundred."""
    young = place_known_since(session, 90)
    for number in range(80):
        rate(session, young, 90 + number / 10)
    for _ in range(10):
        rate(session, young, 102)
    lone = rushes(session, young)[-1]
    old = place_known_since(session, 0)
    session.execute(
        text("UPDATE facility SET status = 'merged', merged_into = :into WHERE id = :id"), {"into": young, "id": old}
    )
    assert rushes(session, young)[-1] < lone


def test_a_device_that_gains_a_record_raises_its_older_ratings_and_their_places(session: Session) -> None:
    first, second, third = (place_known_since(session) for _ in range(3))
    registered = add_device(session, at(100)).device_id

    def weights() -> list[tuple[float, float]]:
        rows = select(Rating.weight_age, Rating.weight_track).where(Rating.device_id == registered).order_by(Rating.id)
        return [tuple(row) for row in session.execute(rows)]

    rate_by(session, registered, first, 100)
    assert weights() == [(0.3, 0.3)]
    assert facility_row(session, first)["weight_total"] == pytest.approx(0.3 * 0.3 * 0.8)
    rate_by(session, registered, second, 100.5)
    assert weights() == [(0.3, 1), (0.3, 1)]
    assert facility_row(session, first)["weight_total"] == pytest.approx(0.3 * 0.8)
    rate_by(session, registered, third, 101)  # seen on a second day
    assert weights() == [(1, 1)] * 3
    assert [facility_row(session, place)["weight_total"] for place in (first, second)] == pytest.approx([0.8, 0.8])


def test_a_rating_made_without_a_request_completes_a_record(session: Session) -> None:
    first, second = place_known_since(session), place_known_since(session)
    device = rate(session, first, 100)
    assert trust.weights_of(session, first, device).track == trust.NO_TRACK_RECORD_WEIGHT
    ratings.rate(session, second, device, ratings.NewRating(3), at(101))
    assert trust.weights_of(session, first, device).track == 1
    assert facility_row(session, first)["weight_total"] == pytest.approx(trust.ABSENT_WEIGHT)


def test_a_record_stays_when_its_ratings_are_replaced_or_withdrawn(session: Session) -> None:
    first, second = (place_known_since(session) for _ in range(2))
    device_id = rate(session, first, 100)
    rate_by(session, device_id, second, 100)
    ratings.withdraw(session, second, device_id, at(100.1))
    rate_by(session, device_id, first, 110)
    assert trust.weights_of(session, first, device_id) == pytest.approx((1, 1, 0.8, 1, 0.8))


def test_rating_the_same_place_again_is_no_record(session: Session) -> None:
    place = place_known_since(session)
    device_id = rate(session, place, 100)
    rate_by(session, device_id, place, 110)
    assert trust.weights_of(session, place, device_id).track == trust.NO_TRACK_RECORD_WEIGHT


def test_a_proved_visit_counts_fully_from_the_first_one_on(session: Session) -> None:
    place = place_known_since(session)
    device_id = add_device(session, at(100)).device_id
    rate_by(session, device_id, place, 100, "proved")
    assert trust.weights_of(session, place, device_id) == (1, 1, 1, 1, 1)


def test_presence_that_a_network_shares_is_not_believed(session: Session) -> None:
    place = place_known_since(session)
    together = trust.PRESENT_TOGETHER
    devices = [rate(session, place, 100, presence="within_150_m") for _ in range(together)]
    assert {trust.weights_of(session, place, device).presence for device in devices} == {1}
    devices.append(rate(session, place, 100, presence="within_150_m"))
    assert {trust.weights_of(session, place, device).presence for device in devices} == {trust.ABSENT_WEIGHT}
    ratings.withdraw(session, place, devices[0], at(100))
    assert {trust.weights_of(session, place, device).presence for device in devices[1:]} == {1}


events = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 2), st.floats(0, 40), st.sampled_from([None, "within_150_m", "proved"])
    ),
    max_size=20,
)


@given(made=events)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_recompute_changes_nothing(session: Session, made: list[tuple[int, int, float, Presence | None]]) -> None:
    places = [place_known_since(session) for _ in range(3)]
    devices = [add_device(session, at(0)).device_id for _ in range(7)]
    for device, place, day, presence in sorted(made, key=lambda event: event[2]):
        rate_by(session, devices[device], places[place], day, presence)
    before = [facility_row(session, place) for place in places]
    assert trust.weigh_devices(session, devices) == []
    for place in places:
        trust.weigh_presence(session, place, at(40))
    ratings.recompute(session, places)
    assert [facility_row(session, place) for place in places] == before


def total_weight(session: Session, weights: list[float]) -> float:
    total: float = session.execute(select(func.facility_search.total_weight(weights))).scalar_one()
    return total


WEIGHTS = st.lists(st.sampled_from((0.09, 0.3, 0.8, 1.0)), max_size=9)


@given(weights=WEIGHTS, further=st.sampled_from((0.09, 0.3, 0.8, 1.0)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_reports_weigh_what_the_heaviest_of_them_weigh_as_a_rush(
    session: Session, weights: list[float], further: float
) -> None:
    ordered = sorted(weights, reverse=True)
    rushes = [sum(ordered[:count]) * min(1, 3 / count) for count in range(1, len(ordered) + 1)]
    total = total_weight(session, weights)
    assert total == pytest.approx(max(rushes, default=0), abs=VECTORS)
    assert total_weight(session, [*weights, further]) >= total - VECTORS
    assert total <= 3 + VECTORS


@pytest.mark.parametrize(
    ("weights", "total"),
    [
        ([], 0),
        ([1], 1),
        ([1, 1, 1], 3),
        ([1] * 7, 3),
        ([0.3] * 7, 0.9),
        ([0.09] * 100, 0.27),
        ([0.3] * 7 + [1, 1], 2.3),
    ],
)
def test_the_weight_of_reports_has_the_documented_values(session: Session, weights: list[float], total: float) -> None:
    assert total_weight(session, weights) == pytest.approx(total, abs=VECTORS)
