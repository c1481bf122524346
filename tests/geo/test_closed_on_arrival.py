"""What is known to be closed on arrival is ranked after everything that is not, unless the request filters by hours."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from geo.ahead.hints.outlook import look
from geo.ahead.hints.situation import Situation
from geo.coordinates import BoundingBox, Point
from geo.facilities import search
from tests.conftest import NOON
from tests.factories import add_facility, add_rating, properties
from tests.geo.world import hours_columns

HERE = Point(0, 0)
KM = 1 / 111.195


def ranked(session: Session, query: search.NearbyQuery) -> list[tuple[int, str | None]]:
    """The ids of the found facilities, each with why it is ranked last."""
    found = search.nearby(session, query).facilities
    return [(row.id, properties(row)["ranked_last"]) for row in found]


@pytest.mark.parametrize("rank", ["balanced", "distance", "cleanliness"])
def test_a_closed_place_comes_after_open_and_unknown_ones_at_any_distance(session: Session, rank: search.Rank) -> None:
    closed = add_facility(session, 0, 0, **hours_columns("Mo-Su 18:00-20:00", HERE))
    add_rating(session, closed, 5, NOON)
    unknown = add_facility(session, 0, 1 * KM)
    is_open = add_facility(session, 0, 1.5 * KM, **hours_columns("24/7", HERE))
    query = search.NearbyQuery(HERE, NOON, radius_m=2000, rank=rank)
    assert ranked(session, query) == [(unknown, None), (is_open, None), (closed, "closed_on_arrival")]
    assert ranked(session, replace(query, limit=2)) == [(unknown, None), (is_open, None)]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("walk", None), ("drive", "closed_on_arrival")],  # a kilometre: 15 minutes on foot
)
def test_the_arrival_depends_on_the_mode(session: Session, mode: search.Mode, reason: str | None) -> None:
    place = add_facility(session, 0, 1 * KM, **hours_columns("Mo-Su 12:10-20:00", HERE))
    assert ranked(session, search.NearbyQuery(HERE, NOON, mode=mode)) == [(place, reason)]


def test_a_place_that_closes_before_the_arrival_is_ranked_last(session: Session) -> None:
    place = add_facility(session, 0, 1 * KM, **hours_columns("Mo-Su 08:00-12:10", HERE))
    assert ranked(session, search.NearbyQuery(HERE, NOON)) == [(place, "closed_on_arrival")]
    assert ranked(session, search.NearbyQuery(HERE, NOON, mode="drive")) == [(place, None)]


def test_a_request_that_filters_by_hours_is_ranked_without_them(session: Session) -> None:
    closed = add_facility(session, 0, 0, **hours_columns("Mo-Su 18:00-20:00", HERE))
    unknown = add_facility(session, 0, 1 * KM)
    needs = search.Needs(open_states=("closed", "unknown"))
    assert ranked(session, search.NearbyQuery(HERE, NOON, needs=needs)) == [(closed, None), (unknown, None)]


def test_a_box_uses_the_instant_of_the_request(session: Session) -> None:
    closed = add_facility(session, 0, 0, **hours_columns("Mo-Su 18:00-20:00", HERE))
    unknown = add_facility(session, 0, 1 * KM)
    found = search.in_box(session, search.BoxQuery(BoundingBox(-1, -1, 1, 1), NOON)).facilities
    assert [(row.id, properties(row)["ranked_last"]) for row in found] == [
        (unknown, None),
        (closed, "closed_on_arrival"),
    ]


def test_a_closed_place_alone_is_found_and_does_not_widen_the_search(session: Session) -> None:
    closed = add_facility(session, 0, 0, **hours_columns("Mo-Su 18:00-20:00", HERE))
    add_facility(session, 0, 10 * KM)
    found = search.nearby(session, search.NearbyQuery(HERE, NOON, radius_m=500))
    assert ([row.id for row in found.facilities], found.widened) == ([closed], False)


def test_a_hint_may_wait_for_a_place_that_opens_later(session: Session) -> None:
    add_facility(session, 0, 1 * KM, **hours_columns("Mo-Su 12:40-20:00", HERE))
    outlook, around = look(session, Situation(HERE, NOON, "walk", since_last_stop_s=3600))
    assert not outlook.near
    assert len(around.possible) == 1
