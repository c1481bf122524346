"""Stops along a route, from the database: each at its own arrival, with its gaps, and the plan's backups."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.ahead.passes import Track
from geo.ahead.route.journey import Journey, StopsQuery
from geo.ahead.route.plan import STOP_COST_STARS
from geo.ahead.route.stops import along
from geo.ahead.timed_route import lay
from geo.facilities.ranking import RANKINGS
from geo.facilities.search import Needs
from tests.conftest import NOON
from tests.factories import add_facility, add_rating, properties
from tests.geo import brute_force
from tests.geo.ahead.test_passes import everywhere, wiggly
from tests.geo.world import add_world

KM = 1 / 111.19505197522943
"""A kilometre along a meridian of the sphere, in degrees."""

HOUR = 3600


def way(length_km: float, **pace: Any) -> StopsQuery:
    """A drive due north along the meridian of 10 degrees, by default one kilometre a minute."""
    route = lay([(10.0, 0.0), (10.0, length_km * KM)], **(pace or {"speed_kmh": 60}))
    return StopsQuery(route, depart_at=NOON, as_of=NOON)


def at_km(session: Session, km: float, *, off_m: float = 100, **columns: Any) -> int:
    """A facility beside that way, to its right."""
    return add_facility(session, 10.0 + off_m / 1000 * KM, km * KM, **columns)


def stop_ids(journey: Journey) -> list[int]:
    return [stop.facility_id for stop in journey.stops]


def planned_ids(journey: Journey) -> list[int]:
    return [journey.stops[place].facility_id for place in journey.plan.stops]


def hours(since_min: float, until_min: float) -> dict[str, str]:
    """Open from so many minutes after NOON until so many, and shut at any other time."""
    since, until = (NOON + timedelta(minutes=minutes) for minutes in (since_min, until_min))
    return {"open_during": f"{{[{since.isoformat()},{until.isoformat()})}}", "unknown_during": "{}"}


def test_a_place_is_offered_by_its_state_on_arrival(session: Session) -> None:
    at_km(session, 60, **hours(-600, 50))
    opens = at_km(session, 60, **hours(50, 600))
    at_km(session, 90, **hours(100, 600))
    closes = at_km(session, 90, **hours(-600, 100))
    journey = along(session, way(120))
    assert stop_ids(journey) == [opens, closes]
    assert {stop.open_state for stop in journey.stops} == {"open"}
    assert planned_ids(journey) == []


def test_a_place_is_open_in_its_opening_minute_and_shut_in_its_closing_minute(session: Session) -> None:
    opens, _shuts = at_km(session, 60, **hours(60, 600)), at_km(session, 60, **hours(-600, 60))
    assert stop_ids(along(session, way(120))) == [opens]


def test_the_opening_state_is_that_of_the_arrival(session: Session) -> None:
    at_km(session, 60, **hours(50, 90))
    (card,) = along(session, way(120)).cards.values()
    shown_properties = properties(card)
    assert shown_properties["open"]["state"] == "open"
    assert shown_properties["open"]["at"] == NOON + timedelta(hours=1)
    assert shown_properties["open"]["until"] == NOON + timedelta(minutes=90)
    assert (shown_properties["distance_m"], shown_properties["bearing_deg"], shown_properties["duration_s"]) == (
        None,
        None,
        None,
    )


def test_a_place_without_hours_is_marked_and_can_be_excluded(session: Session) -> None:
    silent = at_km(session, 60)
    journey = along(session, way(120))
    assert [(stop.facility_id, stop.open_state) for stop in journey.stops] == [(silent, "unknown")]
    assert not along(session, replace(way(120), needs=Needs(open_states=("open",)))).stops


def test_a_place_shut_on_the_way_out_is_open_on_the_way_back(session: Session) -> None:
    place = at_km(session, 30, **hours(60, 600))
    route = lay([(10.0, 0.0), (10.0, 50 * KM), (10.0, 0.0)], speed_kmh=60)
    (stop,) = along(session, StopsQuery(route, NOON, NOON)).stops
    assert (stop.facility_id, stop.visit, stop.side) == (place, 1, "left")
    assert stop.along_m == pytest.approx(70_000, abs=0.1)


def test_an_out_and_back_route_returns_a_place_at_each_pass(session: Session) -> None:
    place = at_km(session, 30)
    route = lay([(10.0, 0.0), (10.0, 50 * KM), (10.0, 0.0)], speed_kmh=60)
    journey = along(session, StopsQuery(route, NOON, NOON))
    assert [(stop.facility_id, stop.visit, stop.side) for stop in journey.stops] == [
        (place, 1, "right"),
        (place, 2, "left"),
    ]
    assert [properties(card)["open"]["at"] for card in journey.cards.values()] == [
        NOON + timedelta(minutes=30),
        NOON + timedelta(minutes=70),
    ]


def test_gaps_are_those_between_stops_and_to_the_ends(session: Session) -> None:
    for km in (10, 25, 90):
        at_km(session, km)
    stops = along(session, way(100)).stops
    assert [stop.gap_before_m for stop in stops] == pytest.approx([10_000, 15_000, 65_000], abs=0.1)
    assert [stop.gap_after_m for stop in stops] == pytest.approx([15_000, 65_000, 10_000], abs=0.1)
    assert [stop.gap_before_s for stop in stops] == [600, 900, 3900]
    assert [stop.gap_after_s for stop in stops] == [900, 3900, 600]


def test_the_last_good_stop_is_the_one_before_a_gap_longer_than_the_comfort(session: Session) -> None:
    ids = [at_km(session, km) for km in (10, 20, 90, 100)]
    query = replace(way(110), comfort_s=HOUR)
    journey = along(session, query)
    marked = {stop.facility_id: stop.last_good for stop in journey.stops if stop.last_good}
    # The comfort has run out at km 90 already: nobody should pass that by.
    assert marked == {ids[1]: "gap_exceeds_comfort", ids[2]: "comfort_runs_out"}
    assert [(gap.duration_s, gap.from_stop, gap.to_stop) for gap in journey.gaps if gap.duration_s > HOUR] == [
        (70 * 60, 1, 2)
    ]


def test_the_remaining_comfort_counts_from_the_last_stop(session: Session) -> None:
    ids = [at_km(session, km) for km in (10, 40, 80)]
    journey = along(session, replace(way(110), comfort_s=HOUR, since_last_stop_s=900))
    # At km 40 it has been 55 minutes, and the next is 40 more; at km 80 it has been 40, and the end is 30 more.
    assert planned_ids(journey) == [ids[1], ids[2]]
    assert {stop.facility_id: stop.last_good for stop in journey.stops if stop.last_good} == {
        ids[1]: "comfort_runs_out",
        ids[2]: "comfort_runs_out",
    }


def test_the_end_of_the_route_ends_the_last_gap(session: Session) -> None:
    place = at_km(session, 20)
    journey = along(session, replace(way(90), comfort_s=HOUR))
    assert journey.stops[0].last_good == "gap_exceeds_comfort"
    assert journey.plan.worst_gap_s == 70 * 60
    assert [(gap.from_stop, gap.to_stop, gap.duration_s) for gap in journey.gaps] == [(None, 0, 1200), (0, None, 4200)]
    assert planned_ids(journey) == [place]


def test_the_plan_prefers_clean_and_near_stops(session: Session) -> None:
    dirty, clean, far = at_km(session, 48), at_km(session, 50), at_km(session, 52, off_m=490)
    for facility_id, stars in ((dirty, 1), (clean, 5), (far, 5)):
        for _ in range(5):
            add_rating(session, facility_id, stars, NOON)
    query = replace(way(100), comfort_s=HOUR)
    journey = along(session, query)
    assert planned_ids(journey) == [clean]
    ranking = RANKINGS["balanced", "drive"]
    stop = journey.stops[1]
    stars = stop.quality - ranking.kappa * stop.sd - ranking.beta_stars_per_km * stop.offset_m / 1000
    assert stop.utility == pytest.approx(stars)
    assert stop.cost_stars == pytest.approx(5 - stars + STOP_COST_STARS, abs=1e-6)
    assert journey.plan.worth.cost_stars == pytest.approx(stop.cost_stars)


def test_a_backup_is_the_best_other_place_further_on_within_the_comfort(session: Session) -> None:
    before, planned, near, good, late = (at_km(session, km) for km in (59.4, 59.5, 59.6, 59.8, 60.2))
    for facility_id, stars in ((before, 1), (planned, 5), (near, 1), (good, 4), (late, 5)):
        for _ in range(9):
            add_rating(session, facility_id, stars, NOON)
    journey = along(session, replace(way(100), comfort_s=HOUR))
    (backup,) = journey.backups
    assert planned_ids(journey) == [planned]
    assert backup is not None
    assert journey.stops[backup.stop].facility_id == good
    assert backup.further_m == pytest.approx(300, abs=0.1)
    assert backup.within_comfort


def test_a_backup_beyond_the_comfort_says_so(session: Session) -> None:
    at_km(session, 50)
    late = at_km(session, 70)
    journey = along(session, replace(way(100), comfort_s=HOUR))
    (backup,) = journey.backups
    assert backup is not None
    assert (journey.stops[backup.stop].facility_id, backup.within_comfort) == (late, False)


def test_a_place_is_not_its_own_backup(session: Session) -> None:
    at_km(session, 30)
    route = lay([(10.0, 0.0), (10.0, 40 * KM), (10.0, 0.0)], speed_kmh=60)
    journey = along(session, StopsQuery(route, NOON, NOON, comfort_s=HOUR))
    assert len(journey.stops) == 2
    assert set(journey.backups) == {None}


def test_needs_filter_as_in_a_nearby_search(session: Session) -> None:
    wanted = at_km(session, 10, wheelchair="yes", kind="toilets", fee="no", access="public")
    for columns in (
        {"wheelchair": "no"},
        {"kind": "drinking_water"},
        {"fee": "yes"},
        {"access": "private"},
        {"status": "hidden"},
        {"status": "closed"},
    ):
        at_km(session, 10, **{"wheelchair": "yes", "kind": "toilets", "fee": "no", "access": "public", **columns})
    accepted = {"access": ("public",), "wheelchair": ("yes",), "fee": ("no",)}
    needs = Needs(accepted=accepted, verdicts=("unrated",))
    assert stop_ids(along(session, replace(way(20), needs=needs))) == [wanted]
    assert not along(session, replace(way(20), needs=replace(needs, verdicts=("sit",)))).stops


def test_a_limit_keeps_the_plan_and_spreads_the_rest(session: Session) -> None:
    for km in range(1, 300):
        at_km(session, km)
    journey = along(session, replace(way(300), comfort_s=HOUR, limit=30))
    shown = list(journey.cards)
    assert len(journey.stops) == 299
    assert len(shown) == 30
    assert set(journey.plan.stops) | {backup.stop for backup in journey.backups if backup} <= set(shown)
    assert max(journey.stops[b].along_m - journey.stops[a].along_m for a, b in pairwise(shown)) <= 30_000
    assert [stop.gap_after_m for stop in journey.stops[:3]] == pytest.approx([1000] * 3, abs=0.1)


def test_stops_in_a_random_world_equal_those_of_a_full_scan(session: Session) -> None:
    random = Random(9)
    add_world(session, random, 400)
    table = brute_force.all_facilities(session)
    judged = 0
    for centre in ((24.9384, 60.1699), (179.999, -16.8), (0.0, 89.95), (2.3522, 48.8566)):
        for max_offset_m in (500.0, 5000.0):
            route = lay(wiggly(centre, random, leg_m=300), speed_kmh=20)
            query = StopsQuery(
                route,
                NOON,
                NOON,
                max_offset_m=max_offset_m,
                needs=Needs(kinds=None, open_states=("open", "unknown")),
            )
            found = {(stop.facility_id, stop.visit): stop for stop in along(session, query).stops}
            expected = _by_looking_at_all(table, query)
            assert found.keys() == expected.keys()
            for key, (along_m, state) in expected.items():
                assert found[key].along_m == along_m
                assert found[key].open_state == state
            judged += len(expected)
    assert judged > 100


def _by_looking_at_all(table: Any, query: StopsQuery) -> dict[tuple[int, int], tuple[float, str]]:
    lon, lat = (np.array([facility[name] for facility in table], dtype=np.float64) for name in ("lon", "lat"))
    passes = everywhere(Track(query.route, query.max_offset_m), lon, lat)
    expected: dict[tuple[int, int], tuple[float, str]] = {}
    for key, along_m, _, _, arrive_s in zip(*passes, strict=True):
        facility = table[int(key)]
        state = brute_force._state(facility, NOON + timedelta(seconds=round(arrive_s)))
        is_working = facility["out_of_order_until"] is None or facility["out_of_order_until"] <= NOON
        is_listed = facility["status"] == "active" and is_working
        is_offered = is_listed and facility["offers"] and facility["access"] != "private"
        if is_offered and state != "closed":
            visit = 1 + sum(seen == facility["id"] for seen, _ in expected)
            expected[facility["id"], visit] = (along_m, state)
    return expected


def test_the_stops_of_a_route_cost_three_statements(session: Session, statements: list[str]) -> None:
    at_km(session, 10)
    statements.clear()
    along(session, way(20))
    assert len(statements) == 3


def test_pieces_of_a_route_use_the_index_of_what_is_offered(session: Session) -> None:
    session.execute(
        text(
            """INSERT INTO facility (kind, location)
               SELECT 'toilets', ST_SetSRID(ST_MakePoint(i % 360 - 180, i % 170 - 85), 4326)
               FROM generate_series(1, 5000) AS i"""
        )
    )
    session.execute(text("ANALYZE facility"))
    scans = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'facility'"
    before = session.execute(text(scans)).scalar_one()
    along(session, way(300))
    assert session.execute(text(scans)).scalar_one() == before
