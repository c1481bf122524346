"""A phone that obeys ask_again misses nothing: simulated drives, and promises of silence put to the test."""

import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo.ahead.hints.advice import advise
from geo.ahead.hints.rules import COOL_DOWN_S
from geo.ahead.hints.situation import REPEAT_S, Memory, Situation
from geo.ahead.timed_route import Route, lay
from geo.coordinates import Point
from geo.facilities.search import Needs
from geo.imports import australia
from geo.imports.record import Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.geo.ahead.drive import Log, Moment, add_places_along, drive, moved, winding_road
from tests.geo.imports.real_data import real_file

PARIS = Point(2.35, 48.85)
TOILETS = Needs(kinds=("toilets",))
DRIVE_M = 300_000


def route_of(road: list[Moment], each_s: int = 15) -> Route:
    return lay([(moment.place.lon, moment.place.lat) for moment in road[::each_s]], speed_kmh=90)


def assert_well_behaved(log: Log, quiet: tuple[int, int] = (0, 0)) -> None:
    assert log.spoken, "a drive of three hours on which nobody says anything shows nothing"
    assert not log.missed
    assert not log.broken_promises
    assert not [hint for hint in log.spoken if quiet[0] <= hint[0] < quiet[1]]
    times = [second for second, _, _ in log.spoken]
    assert all(later - earlier >= COOL_DOWN_S for earlier, later in pairwise(times))
    suggested: dict[int, int] = {}
    for second, facility, _ in log.spoken:
        assert second - suggested.get(facility, -REPEAT_S) >= REPEAT_S
        suggested[facility] = second


@pytest.mark.slow
@pytest.mark.parametrize("with_route", [True, False], ids=["route", "heading"])
@pytest.mark.parametrize("seed", range(4))
def test_a_drive_of_300_km_has_no_missed_repeated_or_quiet_hours_hints(
    session: Session, capsys: pytest.CaptureFixture[str], seed: int, with_route: bool
) -> None:
    random = Random(seed)
    road = list(winding_road(random, PARIS, random.uniform(0, 360), DRIVE_M))
    add_places_along(session, random, road, 1500)
    quiet = (3600, 3600 + 2400) if seed % 2 else (0, 0)
    start_situation = Situation(PARIS, NOON, "drive", needs=TOILETS, since_last_stop_s=1800)
    start_situation = replace(start_situation, route=route_of(road) if with_route else None)
    log = drive(session, road, start_situation, stops=lambda: random.random() < 0.5, quiet=quiet)
    with capsys.disabled():
        sys.stdout.write(f"\n300 km, seed {seed}, by {'route' if with_route else 'heading'}: {log}")
    assert_well_behaved(log, quiet)
    assert log.requests < log.minutes * (0.3 if with_route else 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("with_route", [True, False], ids=["route", "heading"])
def test_a_drive_through_australia_has_no_missed_or_repeated_hints(
    session: Session, capsys: pytest.CaptureFixture[str], with_route: bool
) -> None:
    records = australia.read(real_file("australia_nptm_2016.csv"))
    write_dataset(
        session, Dataset("australia", Source("CC-BY-3.0-AU", "National Public Toilet Map", None)), records, NOON
    )
    sydney = Point(151.05, -33.9)
    road = list(winding_road(Random(5), sydney, 232, DRIVE_M))  # towards Canberra and on
    start_situation = Situation(sydney, NOON, "drive", needs=TOILETS, since_last_stop_s=1800)
    start_situation = replace(start_situation, route=route_of(road) if with_route else None)
    log = drive(session, road, start_situation, stops=lambda: False)
    with capsys.disabled():
        sys.stdout.write(f"\n300 km in Australia, by {'route' if with_route else 'heading'}: {log}")
    assert_well_behaved(log)


headings = st.none() | st.floats(0, 360)
shares = st.floats(0, 0.999)


@pytest.mark.parametrize("mode", ["walk", "drive"])
@pytest.mark.parametrize("seed", range(2))
def test_no_hint_is_due_before_ask_again_in_any_direction(session: Session, seed: int, mode: str) -> None:
    random = Random(seed)
    length_m = 6_000 if mode == "walk" else 60_000
    road = list(winding_road(random, PARIS, 90, length_m))
    add_places_along(session, random, road, 120 if seed else 1200)

    tried = 0

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(
        st.sampled_from(road), headings, st.floats(0, 7200), st.floats(0, 360), shares, shares, headings,
        st.none() | st.floats(0, 40),
    )  # fmt: skip
    def holds(
        start: Moment, heading: float | None, since_s: float, bearing: float, way: float, time: float,
        new_heading: float | None, speed: float | None,
    ) -> None:  # fmt: skip
        start_situation = Situation(start.place, NOON, mode, heading, None, TOILETS, 7200, since_s)
        advice = advise(session, start_situation)
        if advice.hint.speak or advice.ask_again.after_s == 60:
            return
        nonlocal tried
        tried += 1
        after_s, after_m = advice.ask_again.after_s, advice.ask_again.after_m
        then = replace(
            start_situation,
            origin=moved(start.place, bearing, (after_m if after_m is not None else 50_000) * way),
            as_of=NOON + timedelta(seconds=after_s * time),
            since_last_stop_s=since_s + after_s * time,
            heading_deg=new_heading,
            speed_m_s=speed,
        )
        assert not advise(session, then).hint.speak

    holds()
    assert tried >= 10


@pytest.mark.parametrize("seed", range(3))
def test_no_hint_is_due_before_ask_again_along_a_route(session: Session, seed: int) -> None:
    random = Random(seed)
    road = list(winding_road(random, PARIS, 90, 80_000))
    add_places_along(session, random, road, (60, 300, 1500)[seed])
    route = route_of(road)

    tried = 0

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.integers(0, len(road) - 1), st.floats(0, 7200), shares, shares, st.booleans())
    def holds(start: int, since_s: float, way: float, time: float, suggested: bool) -> None:
        memory = Memory(NOON - timedelta(minutes=45), 1) if suggested else Memory()
        start_situation = Situation(road[start].place, NOON, "drive", None, 25, TOILETS, 7200, since_s, memory, route)
        advice = advise(session, start_situation)
        if advice.hint.speak or advice.ask_again.after_s == 60:
            return
        nonlocal tried
        tried += 1
        after_s, after_m = advice.ask_again.after_s, advice.ask_again.after_m
        gone_m = road[start].gone_m + (after_m if after_m is not None else 50_000) * way
        there = max((moment for moment in road if moment.gone_m <= gone_m), key=lambda moment: moment.gone_m)
        then = replace(
            start_situation,
            origin=there.place,
            as_of=NOON + timedelta(seconds=after_s * time),
            since_last_stop_s=since_s + after_s * time,
        )
        assert not advise(session, then).hint.speak

    holds()
    assert tried >= 10
