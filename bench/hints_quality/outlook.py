"""What a phone sees of a simulated world: geo/sql/70_hints.sql and geo/ahead/hints/outlook_on_route.py in Python.

tests/bench/hints_quality compares it with the database.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from bench.hints_quality.world import Bools, Floats, Here, Places, World
from geo.ahead.hints.outlook import CANDIDATES, LONGEST_SILENCE_S, RANK, Around, Possible, Witness, rungs_m
from geo.ahead.hints.outlook_on_route import OnRoute, PassedPlace
from geo.ahead.hints.rules import AHEAD_HALF_ANGLE_DEG, Candidate, Outlook
from geo.ahead.hints.situation import CRUISE_M_PER_S, Situation
from geo.facilities.cards import Card
from geo.facilities.ranking import CIRCUITY, RANKINGS, SPEED_M_PER_S

_MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)

SECTOR_DEG, RING = 10.0, 1.3
"""Of distant places one is kept per sector and ring, as in facility_search.outlook_around."""


def look_around(world: World, here: Here, situation: Situation) -> tuple[Outlook, Around]:
    """Return what facility_search.outlook_around returns."""
    places, scale = world.places, situation.scale
    distance_m = world.distances_m(here)
    sure_stars = places.sure_stars(here.mode)
    s_per_m = CIRCUITY[here.mode] / SPEED_M_PER_S[here.mode]
    bearing_deg = np.degrees(np.arctan2(places.east_m - here.east_m, places.north_m - here.north_m)) % 360
    is_known = places.is_acceptable & (distance_m <= situation.horizon_m)
    is_welcome = is_known & (here.at_s + distance_m * s_per_m < places.closes_s)
    is_near = distance_m <= scale.reach_m
    is_off_course, is_ahead = np.zeros_like(is_near), np.ones_like(is_near)
    if situation.heading_deg is not None:
        angle = np.radians(bearing_deg - situation.heading_deg)
        aside_m = distance_m * np.abs(np.sin(angle))
        is_off_course = (distance_m > scale.here_m) & ((np.cos(angle) < 0) | (aside_m > scale.aside_m))
        is_ahead = np.cos(angle) >= np.cos(np.radians(AHEAD_HALF_ANGLE_DEG))
    is_last_hint = _is_last_hint(situation, len(distance_m))
    near = is_welcome & is_near & ~is_off_course
    beyond = is_welcome & ~is_near & is_ahead & (distance_m <= situation.way_left_m())
    in_time = beyond & (distance_m <= situation.comfort_left_m())
    outlook = Outlook(
        _candidates(world, here, distance_m, near & ~is_last_hint),
        only_last_hint=bool(near.any()) and not (near & ~is_last_hint).any(),
        near_ends_m=_reduced(np.max, distance_m[near]),
        beyond_m=_reduced(np.min, distance_m[beyond]),
        beyond_stars=_reduced(np.max, sure_stars[beyond]),
        in_time_stars=_reduced(np.max, sure_stars[in_time]),
        looked_m=None if situation.heading_deg is None else situation.way_left_m(),
    )
    is_possible = is_known & ~is_last_hint & (here.at_s < places.closes_s)
    is_sure = is_known & ~is_near & (here.at_s + LONGEST_SILENCE_S + 2 * distance_m * s_per_m < places.closes_s)
    around = Around(
        _rings(situation, *(column[is_possible] for column in (distance_m, sure_stars, places.closes_s - here.at_s))),
        _witnesses(distance_m[is_sure], bearing_deg[is_sure], sure_stars[is_sure]),
    )
    return outlook, around


def look_along(world: World, here: Here, situation: Situation) -> tuple[Outlook, OnRoute]:
    """Return what geo.ahead.hints.outlook_on_route.look_along returns, for places beside the road."""
    assert world.road_m is not None  # noqa: S101 - for mypy
    places, reach_m = world.places, situation.scale.reach_m
    along_m = world.distances_m(here)
    sure_stars = places.sure_stars(here.mode)
    s_per_m = 1 / CRUISE_M_PER_S[here.mode]
    left_m, way_left_m = world.road_m - here.east_m, situation.way_left_m()
    is_known = places.is_acceptable & (along_m > 0) & (along_m <= situation.horizon_m)
    is_welcome = is_known & (here.at_s + along_m * s_per_m < places.closes_s)
    is_last_hint = _is_last_hint(situation, len(along_m))
    near = is_welcome & (along_m <= reach_m)
    beyond = is_welcome & (along_m > reach_m) & (along_m <= way_left_m)
    in_time = beyond & (along_m <= situation.comfort_left_m())
    ends_m = [left_m] if left_m <= way_left_m else []
    outlook = Outlook(
        _candidates(world, here, along_m, near & ~is_last_hint),
        only_last_hint=bool(near.any()) and not (near & ~is_last_hint).any(),
        near_ends_m=_reduced(np.max, along_m[near]),
        beyond_m=min([*along_m[beyond].tolist(), *ends_m], default=None),
        beyond_stars=_reduced(np.max, sure_stars[beyond]),
        in_time_stars=_reduced(np.max, sure_stars[in_time]),
        looked_m=way_left_m,
    )
    is_sure = here.at_s + LONGEST_SILENCE_S + along_m * s_per_m < places.closes_s
    passed = [
        PassedPlace(
            float(along_m[place]),
            float(sure_stars[place]),
            _or_none(float(places.closes_s[place]) - here.at_s),
            bool(is_sure[place]),
            bool(is_last_hint[place]),
        )
        for place in np.flatnonzero(is_known & (here.at_s < places.closes_s)).tolist()
    ]
    return outlook, OnRoute(tuple(passed), left_m)


def _is_last_hint(situation: Situation, count: int) -> Bools:
    last_id = None if situation.may_repeat else situation.memory.last_hint_facility_id
    is_last: Bools = np.arange(count) == (-1 if last_id is None else last_id - 1)
    return is_last


def _candidates(world: World, here: Here, away_m: Floats, may_be: Bools) -> list[Candidate]:
    places = world.places
    sure_stars = places.sure_stars(here.mode)
    utility = sure_stars - RANKINGS[RANK, here.mode].beta_stars_per_km * away_m / 1000
    best = sorted(np.flatnonzero(may_be).tolist(), key=lambda place: (-utility[place], place))[:CANDIDATES]
    s_per_m = CIRCUITY[here.mode] / SPEED_M_PER_S[here.mode] if world.road_m is None else 1 / CRUISE_M_PER_S[here.mode]
    return [
        Candidate(
            _card(places, here, place, float(away_m[place] * s_per_m)),
            float(away_m[place]),
            float(utility[place]),
            float(sure_stars[place]),
        )
        for place in best
    ]


def moment(at_s: float) -> datetime:
    """Return the instant of a time of the simulated day, seconds since midnight."""
    return _MIDNIGHT + timedelta(seconds=at_s)


def _card(places: Places, here: Here, place: int, arrival_in_s: float) -> Card:
    closes_s = float(places.closes_s[place])
    return Card(
        id=place + 1,
        offers=["toilets"],
        name=None,
        mean_stars=None,
        distance_m=None,
        quality=float(places.q[place]),
        sd=float(places.sd[place]),
        verdict=places.verdict[place],
        utility=None,
        open_checked_at=moment(here.at_s + arrival_in_s),
        open_state="unknown" if closes_s == np.inf else "open",
        open_until=None if closes_s == np.inf else moment(closes_s),
        status="active",
        feature="{}",
        terms=None,
    )


def _rings(situation: Situation, distance_m: Floats, sure_stars: Floats, closes_in_s: Floats) -> tuple[Possible, ...]:
    edges_m = [situation.scale.reach_m + rung_m for rung_m in rungs_m(situation)]
    ring = np.searchsorted(edges_m, distance_m, side="right")
    return tuple(
        Possible(
            float(distance_m[ring == number].min()),
            float(sure_stars[ring == number].max()),
            _or_none(float(closes_in_s[ring == number].min())),
        )
        for number in np.unique(ring).tolist()
    )


def _or_none(closes_in_s: float) -> float | None:
    return None if closes_in_s == np.inf else closes_in_s


def _witnesses(distance_m: Floats, bearing_deg: Floats, sure_stars: Floats) -> tuple[Witness, ...]:
    cells = np.floor(bearing_deg / SECTOR_DEG) * 1000 + np.floor(np.log(distance_m) / np.log(RING))
    order = np.lexsort((-sure_stars, cells))
    best = order[np.flatnonzero(np.append(True, np.diff(cells[order]) > 0))] if len(order) else order
    columns = (distance_m[best].tolist(), bearing_deg[best].tolist(), sure_stars[best].tolist())
    return tuple(Witness(*row) for row in zip(*columns, strict=True))


def _reduced(reduce: Callable[[Floats], Any], values: Floats) -> float | None:
    return float(reduce(values)) if len(values) else None
