"""Whom to ask about: the place nearby whose next rating is worth most."""

from datetime import UTC, datetime, timedelta
from math import erfc, exp, pi, sqrt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.crowd.asks import NEARBY_M, NIGHT_FROM, NIGHT_UNTIL, ONCE_IN, Asking, Choice, silence, worth_asking, worth_of
from geo.crowd.quality import STARS_SIGMA
from geo.facilities.ranking import RANKINGS, distance_m
from tests.conftest import TestClock
from tests.factories import add_facility, add_rating

HERE = Point(24.94, 60.17)
METRE_DEG = 1 / 111_195
"""A metre in degrees of latitude."""


def plain_worth(choices: list[Choice]) -> list[float]:
    """The definition, one visitor at a time: docs/asks.md."""
    beta = RANKINGS["balanced", "walk"].beta_stars_per_km / 1000
    worths = []
    for place in choices:
        move = place.sd**2 / sqrt(place.sd**2 + STARS_SIGMA**2)
        total = 0.0
        for visitor in choices:

            def utility(choice: Choice, visitor: Choice = visitor) -> float:
                away_m = distance_m(Point(visitor.lon, visitor.lat), Point(choice.lon, choice.lat))
                return choice.quality - beta * away_m

            z = -abs(utility(place) - max(utility(other) for other in choices if other is not place)) / move
            total += move * (exp(-(z**2) / 2) / sqrt(2 * pi) + z * erfc(-z / sqrt(2)) / 2)
        worths.append(total / len(choices))
    return worths


@st.composite
def towns(draw: st.DrawFn) -> list[Choice]:
    number = draw(st.integers(2, 8))
    return [
        Choice(
            id=id_, kind="toilets", lon=24.9 + draw(st.floats(0, 0.03)), lat=60.1 + draw(st.floats(0, 0.015)),
            distance_m=0, quality=draw(st.floats(1, 5)), sd=draw(st.floats(0.1, 0.8)), last_rated_at=None,
        )
        for id_ in range(number)
    ]  # fmt: skip


@given(towns())
def test_worth_is_what_visitors_gain_on_average(choices: list[Choice]) -> None:
    assert worth_of(choices) == pytest.approx(plain_worth(choices), abs=1e-9)


def asks(session: Session, clock: TestClock, **memory: Any) -> list[int]:
    return [ask.facility_id for ask in worth_asking(session, Asking(HERE, clock(), **memory), 5)]


def add_place(session: Session, north_m: float, **columns: Any) -> int:
    return add_facility(session, HERE.lon, HERE.lat + north_m * METRE_DEG, **columns)


def test_an_unrated_place_is_worth_more_than_one_that_is_well_known(session: Session, clock: TestClock) -> None:
    known, unknown = add_place(session, 100), add_place(session, -100)
    for _ in range(30):
        add_rating(session, known, 4, clock())
    assert asks(session, clock)[0] == unknown


def test_places_nearby_are_asked_about_if_there_is_another_to_choose(session: Session, clock: TestClock) -> None:
    near = add_place(session, NEARBY_M - 1)
    assert asks(session, clock) == []
    add_place(session, NEARBY_M + 1)
    assert asks(session, clock) == [near]


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "shower"},
        {"status": "hidden"},
        {"status": "closed"},
        {"status": "reported_closed"},
        {"out_of_order_until": datetime(2100, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
def test_a_place_that_nobody_would_choose_is_no_choice(
    session: Session, clock: TestClock, columns: dict[str, Any]
) -> None:
    add_place(session, 10)
    add_place(session, 20, **columns)
    assert asks(session, clock) == []


def test_a_dismissed_place_is_not_asked_about_but_still_a_choice(session: Session, clock: TestClock) -> None:
    first, second = add_place(session, 10), add_place(session, 20)
    assert sorted(asks(session, clock)) == [first, second]
    assert asks(session, clock, dismissed={first}) == [second]


@pytest.mark.parametrize(
    ("local_time", "quiet"),
    [
        (NIGHT_FROM - timedelta(seconds=1), False),
        (NIGHT_FROM, True),
        (timedelta(0), True),
        (NIGHT_UNTIL - timedelta(seconds=1), True),
        (NIGHT_UNTIL, False),
    ],
)
def test_nobody_is_asked_at_night(local_time: timedelta, quiet: bool) -> None:
    asking = Asking(HERE, datetime(2026, 11, 20, 12, tzinfo=UTC), local_time=local_time)
    assert silence(asking) == ("quiet_hours" if quiet else None)


@pytest.mark.parametrize(
    ("lon", "hour_utc", "quiet"),
    [(0, 12, False), (0, 23, True), (139.7, 12, False), (139.7, 13, True), (-122.4, 5, False), (-122.4, 12, True)],
)
def test_without_a_clock_the_sun_tells_the_night(lon: float, hour_utc: int, quiet: bool) -> None:
    asking = Asking(Point(lon, 40), datetime(2026, 11, 20, hour_utc, tzinfo=UTC))
    assert silence(asking) == ("quiet_hours" if quiet else None)


def test_a_phone_asks_once_a_day_and_never_in_its_own_quiet_hours() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert silence(Asking(HERE, noon, last_asked_at=noon - ONCE_IN + timedelta(seconds=1))) == "asked_today"
    assert silence(Asking(HERE, noon, last_asked_at=noon - ONCE_IN)) is None
    assert silence(Asking(HERE, noon, last_asked_at=noon + timedelta(days=1))) == "asked_today"
    assert silence(Asking(HERE, noon, is_quiet=True)) == "quiet_hours"
