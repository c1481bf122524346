"""Fences: what is watched, that it does not overlap, and that the refresh region keeps its promise."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.ahead.fences import cells
from geo.ahead.fences.grid import RADIUS_M
from geo.ahead.fences.regions import LONGEST, Fences, FencesQuery, watch
from geo.coordinates import Point
from geo.errors import CellTooCoarse
from geo.facilities.cards import Card
from geo.facilities.ranking import distance_m
from geo.facilities.search import Needs
from tests.conftest import NOON
from tests.factories import add_facility, add_rating
from tests.geo.ahead.drive import moved

HELSINKI = Point(24.9384, 60.1699)
EVERYTHING = Needs(kinds=None)


def add_town(session: Session, random: Random, centre: Point, count: int, spread_m: float) -> None:
    """Places around a centre, of two kinds, of all qualities, some at the very same place."""
    place = centre
    rows = []
    for _ in range(count):
        if random.random() > 0.05:
            place = moved(centre, random.uniform(0, 360), random.expovariate(1 / spread_m))
        weight, stars = random.choice((0, 0, 3, 8)), random.uniform(2, 5)
        rows.append(
            {"lon": place.lon, "lat": place.lat, "kind": random.choice(("toilets", "toilets", "drinking_water")),
             "weight": weight, "stars": weight * stars, "count": weight,
             "at": NOON if weight else None}
        )  # fmt: skip
    session.execute(
        text(
            """INSERT INTO facility (kind, location, weight_slow, stars_slow, weight_fast, stars_fast, rating_count,
                                     weight_total, stars_total, last_rated_at)
               VALUES (:kind, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :weight * 1.85, :stars * 1.85,
                       :weight * 1820.3, :stars * 1820.3, :count, :weight, :stars, :at)"""
        ),
        rows,
    )


def ids(fences: Fences) -> list[int]:
    return [card.id for card in fences.cards]


def location(card: Card) -> Point:
    return Point(*json.loads(card.feature)["geometry"]["coordinates"])


def nearest_half(fences: Fences) -> set[int]:
    """Rows come nearest first."""
    return set(ids(fences)[: (len(fences.cards) + 1) // 2])


@pytest.mark.parametrize("seed", range(12))
def test_everywhere_in_the_refresh_region_the_nearest_half_is_watched(session: Session, seed: int) -> None:
    random = Random(seed)
    centre = random.choice((HELSINKI, Point(179.999, -16.8), Point(25, 89.99), Point(0, 0)))
    add_town(session, random, centre, random.choice((5, 60, 600)), random.choice((400, 2000, 8000)))
    for _ in range(4):
        query = FencesQuery(
            moved(centre, random.uniform(0, 360), random.uniform(0, 3000)), NOON, random.choice((1, 2, 7, 19, 40)),
            random.choice((None, 77)), random.choice((EVERYTHING, Needs(kinds=("toilets",)))),
        )  # fmt: skip
        fences = watch(session, query)
        for share in (1, 1, random.random(), random.random()):  # the rim is where it fails first
            elsewhere = moved(query.origin, random.uniform(0, 360), fences.refresh_m * share)
            again = watch(session, replace(query, origin=elsewhere))
            assert nearest_half(fences) <= set(ids(again))


@pytest.mark.parametrize("seed", range(6))
def test_in_every_cell_that_meets_the_refresh_region_the_nearest_half_is_watched(session: Session, seed: int) -> None:
    random = Random(seed)
    add_town(session, random, HELSINKI, random.choice((60, 400)), random.choice((2000, 8000)))
    answered = 0
    for resolution in (7, 8, 9, 10):
        cell = cells.cell_at(moved(HELSINKI, random.uniform(0, 360), random.uniform(0, 3000)), resolution)
        query = FencesQuery(cells.centre(cell), NOON, 19, spread_m=cells.spread_m(resolution), needs=EVERYTHING)
        try:
            fences = watch(session, query)
        except CellTooCoarse:
            continue
        answered += 1
        assert fences.refresh_m >= cells.spread_m(resolution)  # it holds the whole cell
        for _ in range(4):
            phone = moved(query.origin, random.uniform(0, 360), fences.refresh_m)
            there = cells.centre(cells.cell_at(phone, resolution))
            assert nearest_half(fences) <= set(ids(watch(session, replace(query, origin=there))))
    assert answered


def test_no_corner_of_a_cell_is_farther_from_its_centre_than_its_spread() -> None:
    h3 = pytest.importorskip("h3")
    random = Random(0)
    for resolution in range(cells.COARSEST, cells.FINEST + 1):
        found = [h3.latlng_to_cell(random.uniform(-90, 90), random.uniform(-180, 180), resolution) for _ in range(300)]
        for pentagon in h3.get_pentagons(resolution):
            found += h3.grid_disk(pentagon, 2)
        for cell in found:
            corners = [Point((lon + 180) % 360 - 180, lat) for lat, lon in h3.cell_to_boundary(cell)]
            assert max(distance_m(cells.centre(cell), corner) for corner in corners) < cells.spread_m(resolution)


@pytest.mark.parametrize("centre", [HELSINKI, Point(180, -16.8), Point(0, 89.998), Point(-180, -89.999)])
def test_regions_of_the_same_offer_do_not_overlap_and_the_better_one_stays(session: Session, centre: Point) -> None:
    add_town(session, Random(1), centre, 300, 1500)
    fences = watch(session, FencesQuery(centre, NOON, 100, needs=EVERYTHING))
    assert len(fences.cards) > 20
    for a, b in combinations(fences.cards, 2):
        if set(a.offers) & set(b.offers):
            assert distance_m(location(a), location(b)) >= 2 * RADIUS_M


def test_the_better_of_two_adjacent_places_is_watched(session: Session) -> None:
    add_facility(session, HELSINKI.lon, HELSINKI.lat)
    good = add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.002)
    water = add_facility(session, HELSINKI.lon, HELSINKI.lat, kind="drinking_water")
    for _ in range(3):
        add_rating(session, good, 5, NOON)
    assert set(ids(watch(session, FencesQuery(HELSINKI, NOON, 19, needs=EVERYTHING)))) == {good, water}


def test_a_place_is_watched_when_its_better_neighbour_is_dropped_for_a_still_better_one(session: Session) -> None:
    best, between, last = (add_facility(session, HELSINKI.lon, HELSINKI.lat + step * 0.002) for step in range(3))
    for facility, ratings in ((best, 6), (between, 3)):
        for _ in range(ratings):
            add_rating(session, facility, 5, NOON)
    assert ids(watch(session, FencesQuery(HELSINKI, NOON, 19))) == [best, last]


def test_closed_private_and_badly_rated_places_are_not_watched(session: Session) -> None:
    far = 0.01
    squat = add_facility(session, HELSINKI.lon, HELSINKI.lat)
    for _ in range(5):
        add_rating(session, squat, 1, NOON)
    add_facility(session, HELSINKI.lon, HELSINKI.lat + far, access="private")
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 2 * far, open_during="{}", unknown_during="{}")
    soon = (NOON + timedelta(minutes=20)).isoformat()
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 3 * far, open_during=f"{{(,{soon})}}", unknown_during="{}")
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 4 * far, status="closed")
    assert not watch(session, FencesQuery(HELSINKI, NOON, 19)).cards
    unknown = add_facility(session, HELSINKI.lon, HELSINKI.lat + 5 * far)
    assert ids(watch(session, FencesQuery(HELSINKI, NOON, 19))) == [unknown]
    assert not watch(session, FencesQuery(HELSINKI, NOON, 19, needs=Needs(open_states=("open",)))).cards


def test_a_set_expires_when_the_first_of_it_closes_and_after_six_hours_at_the_latest(session: Session) -> None:
    add_facility(session, HELSINKI.lon, HELSINKI.lat)
    assert watch(session, FencesQuery(HELSINKI, NOON, 19)).expires_at == NOON + LONGEST
    closes = NOON + timedelta(hours=2)
    hours = {"open_during": f"{{(,{closes.isoformat()})}}", "unknown_during": "{}"}
    add_facility(session, HELSINKI.lon, HELSINKI.lat + 0.01, **hours)
    assert watch(session, FencesQuery(HELSINKI, NOON, 19)).expires_at == closes


def test_a_heading_favours_places_ahead(session: Session) -> None:
    for step in range(40):
        for bearing in (0, 180):
            place = moved(HELSINKI, bearing, 400 * (step + 1))
            add_facility(session, place.lon, place.lat)
    farthest = {}
    for heading in (0, 180):
        cards = watch(session, FencesQuery(HELSINKI, NOON, 20, heading_deg=heading)).cards
        assert len(cards) == 20
        farthest[heading] = location(cards[-1]).lat > HELSINKI.lat
    assert farthest == {0: True, 180: False}


def test_an_empty_set_still_has_a_refresh_region(session: Session) -> None:
    fences = watch(session, FencesQuery(HELSINKI, NOON, 19))
    assert not fences.cards
    assert fences.refresh_m > 20_000


def test_a_cell_too_coarse_for_a_dense_town_is_refused_with_the_resolution_to_use(session: Session) -> None:
    add_town(session, Random(3), HELSINKI, 600, 1500)
    with pytest.raises(CellTooCoarse, match="send "):
        watch(session, FencesQuery(HELSINKI, NOON, 19, spread_m=cells.spread_m(6)))
