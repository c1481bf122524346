"""What the bench's phones see is what the database returns for the same places."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import degrees
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.hints_quality.outlook import look_along, look_around, moment
from bench.hints_quality.world import HOUR_S, Here, Places, World
from bench.reference.quality import DecayedSums, quality, verdict
from geo.ahead.hints import outlook as product
from geo.ahead.hints import outlook_on_route as product_on_route
from geo.ahead.hints.rules import Outlook
from geo.ahead.hints.situation import Memory, Situation
from geo.ahead.timed_route import lay
from geo.coordinates import EARTH_RADIUS_M, Point
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.facilities.ranking import Mode
from tests.conftest import NOON

NOON_S = 12 * HOUR_S
DAYS = (NOON - LANDMARK) / timedelta(days=1)
ROAD_M = 120_000.0


def add_world(session: Session, seed: int, *, is_road: bool, extent_m: float, count: int) -> tuple[World, list[int]]:
    """Places in the database and in the bench. Returns the bench's world and the ids in the database."""
    random = np.random.default_rng(seed)
    east_m = np.sort(random.uniform(0, ROAD_M, count)) if is_road else random.normal(0, extent_m, count)
    north_m = np.zeros(count) if is_road else random.normal(0, extent_m, count)
    closes_s = np.where(random.random(count) < 0.4, NOON_S + random.uniform(-600, 9000, count), np.inf)
    weights, stars = random.choice([0.0, 2.0, 8.0, 30.0], count), random.uniform(1.5, 5, count)
    rated = list(zip(weights.tolist(), stars.tolist(), strict=True))
    estimates = [quality(DecayedSums(w, w * s, w / 3, w / 3 * s)) for w, s in rated]
    places = Places(
        east_m,
        north_m,
        closes_s,
        np.array([estimate.q for estimate in estimates]),
        np.array([estimate.sd for estimate in estimates]),
        [verdict(estimate, int(w)) for estimate, (w, _) in zip(estimates, rated, strict=True)],
    )
    slow, fast = 2 ** (DAYS / SLOW_HALF_LIFE_DAYS), 2 ** (DAYS / FAST_HALF_LIFE_DAYS) / 3
    ids = []
    columns = (column.tolist() for column in (east_m, north_m, closes_s, weights, stars))
    for east, north, closes, w, s in zip(*columns, strict=True):
        ends = NOON + timedelta(seconds=closes - NOON_S) if closes < np.inf else None
        ids.append(
            session.execute(
                text(
                    """INSERT INTO facility (kind, location, weight_slow, stars_slow, weight_fast, stars_fast,
                                             rating_count, weight_total, stars_total, last_rated_at, open_during,
                                             unknown_during)
                       VALUES ('toilets', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :slow, :stars * :slow, :fast,
                               :stars * :fast, :count, :count, :stars * :count, :at, CAST(:hours AS tstzmultirange),
                               CAST(:unknown AS tstzmultirange)) RETURNING id"""
                ),
                {
                    "lon": degrees(east / EARTH_RADIUS_M), "lat": degrees(north / EARTH_RADIUS_M), "slow": w * slow,
                    "fast": w * fast, "stars": s, "count": int(w), "at": NOON if w else None,
                    "hours": None if ends is None else f"{{(,{ends.isoformat()})}}",
                    "unknown": None if ends is None else "{}",
                },
            ).scalar_one()
        )  # fmt: skip
    session.execute(text("ANALYZE facility"))
    return World(places, ROAD_M if is_road else None), ids


def in_database(situation: Situation, ids: Sequence[int]) -> Situation:
    """The same situation on the day and with the ids of the database."""
    memory = situation.memory
    if memory.last_hint_at is not None and memory.last_hint_facility_id is not None:
        at = memory.last_hint_at - situation.as_of + NOON
        memory = replace(memory, last_hint_at=at, last_hint_facility_id=ids[memory.last_hint_facility_id - 1])
    return replace(situation, as_of=NOON, memory=memory)


def close(value: float | None) -> Any:
    """A plane is not a sphere: equal to a thousandth."""
    return None if value is None else pytest.approx(value, rel=1e-3, abs=1e-3)


def assert_same(ours: Outlook, theirs: Outlook, ids: Sequence[int]) -> None:
    assert [ids[place.card.id - 1] for place in ours.near] == [place.card.id for place in theirs.near]
    for mine, other in zip(ours.near, theirs.near, strict=True):
        assert mine[1:] == pytest.approx(other[1:], rel=1e-3, abs=1e-3)
        assert (mine.card.verdict, mine.card.open_state) == (other.card.verdict, other.card.open_state)
        if mine.card.open_until is not None and other.card.open_until is not None:
            lasts = [one.card.open_until - one.card.open_checked_at for one in (mine, other) if one.card.open_until]
            assert lasts[0] / lasts[1] == pytest.approx(1, abs=0.01)
    assert ours.only_last_hint == theirs.only_last_hint
    for name in ("near_ends_m", "beyond_m", "beyond_stars", "in_time_stars", "looked_m"):
        assert getattr(ours, name) == close(getattr(theirs, name)), name


@pytest.mark.parametrize("heading_deg", [None, 40.0, 200.0])
@pytest.mark.parametrize(("mode", "extent_m"), [("walk", 1_500), ("drive", 12_000)])
@pytest.mark.parametrize("since_h", [1.0, 2.8])
def test_around_a_phone(
    session: Session, mode: Mode, extent_m: float, heading_deg: float | None, since_h: float
) -> None:
    world, ids = add_world(session, int(extent_m), is_road=False, extent_m=extent_m, count=60)
    here = Here(NOON_S, mode, 0.0, 0.0, heading_deg, 0.0)
    situation = Situation(Point(0, 0), moment(NOON_S), mode, heading_deg, since_last_stop_s=since_h * HOUR_S)
    tried = [situation]
    near = look_around(world, here, situation)[0].near
    if near:
        told = Memory(moment(NOON_S - 3000), near[0].card.id)
        tried.append(replace(situation, memory=told))
    for each in tried:
        ours, around = look_around(world, here, each)
        theirs, around_theirs = product.look(session, in_database(each, ids))
        assert_same(ours, theirs, ids)
        assert len(around.possible) == len(around_theirs.possible)
        for mine, other in zip(around.possible, around_theirs.possible, strict=True):
            assert (mine.distance_m, mine.sure_stars) == pytest.approx((other.distance_m, other.sure_stars), rel=1e-3)
            assert mine.closes_in_s == close(other.closes_in_s)
        witnesses = [sorted((w.distance_m, w.bearing_deg, w.sure_stars) for w in one.witnesses)
                     for one in (around, around_theirs)]  # fmt: skip
        assert np.array(witnesses[0]) == pytest.approx(np.array(witnesses[1]), rel=1e-2)


@pytest.mark.parametrize("since_h", [1.0, 2.8, 3.2])
@pytest.mark.parametrize("from_m", [0.0, 90_000.0, 116_000.0])
def test_along_a_route(session: Session, from_m: float, since_h: float) -> None:
    world, ids = add_world(session, 5, is_road=True, extent_m=0, count=25)
    route = lay([(0.0, 0.0), (degrees(ROAD_M / EARTH_RADIUS_M), 0.0)], speed_kmh=80)
    here = Here(NOON_S, "drive", from_m, 0.0, 90.0, 30.0)
    origin = Point(degrees(from_m / EARTH_RADIUS_M), 0.0)
    situation = Situation(origin, moment(NOON_S), "drive", 90, 30, since_last_stop_s=since_h * HOUR_S, route=route)
    ours, ahead = look_along(world, here, situation)
    theirs, ahead_theirs = product_on_route.look_along(session, in_database(situation, ids), route, from_m)
    assert_same(ours, theirs, ids)
    assert ahead.left_m == pytest.approx(ahead_theirs.left_m, abs=1)
    # The database also knows places beside the end of the stretch.
    mine, others = ([place for place in one.places if place.along_m < 77_900] for one in (ahead, ahead_theirs))
    for place, other in zip(mine, others, strict=True):
        assert (place.along_m, place.sure_stars) == pytest.approx((other.along_m, other.sure_stars), rel=1e-3, abs=1)
        assert place.closes_in_s == close(other.closes_in_s)
        assert (place.is_sure, place.is_last_hint) == (other.is_sure, other.is_last_hint)
