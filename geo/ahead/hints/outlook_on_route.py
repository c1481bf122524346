"""Queries the places for a hint on a route: as geo/ahead/hints/outlook.py, but along the route.

Three statements: the places along the next stretch, their state on arrival, and the cards of those to suggest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from geo.ahead.hints.outlook import CANDIDATES, RANK, situation_parameter
from geo.ahead.hints.rules import Candidate, Outlook
from geo.ahead.hints.situation import CRUISE_M_PER_S, Situation
from geo.ahead.passes import Track
from geo.ahead.passing import JudgedPass, array_literals, find_cards, find_passes
from geo.ahead.suggestion import suggestion_needs
from geo.ahead.timed_route import Route, lay, point
from geo.coordinates import Point
from geo.database import Session
from geo.facilities import search
from geo.rows import driver_rows, driver_text

MAX_OFFSET_M = 500
"""Maximum distance of places from the route. A phone farther away has left the route."""


SHORTEST_STRETCH_M = 1.0
"""The route has ended if less than this is left."""


@dataclass(frozen=True, slots=True)
class PassedPlace:
    """A place along the route that is acceptable at some time during the longest silence.

    Attributes:
        along_m: distance along the route from here to where it is passed.
        sure_stars: quality minus its uncertainty.
        closes_in_s: seconds until it closes; None if unknown.
        is_sure: whether it stays acceptable during the longest silence.
        is_last_hint: whether it is the place of the last hint, which may not be suggested again during the
            longest silence.
    """

    along_m: float
    sure_stars: float
    closes_in_s: float | None
    is_sure: bool
    is_last_hint: bool


@dataclass(frozen=True, slots=True)
class OnRoute:
    """The places that may change the answer on the rest of a route.

    Attributes:
        places: in order along the route.
        left_m: remaining length of the route.
    """

    places: tuple[PassedPlace, ...]
    left_m: float


class _Judged(NamedTuple):
    """A row of facility_search.outlook_on_passing. PostgreSQL counts from 1."""

    number: int
    quality: float
    sd: float
    verdict: str
    utility: float
    is_welcome: bool
    is_possible: bool
    is_sure: bool
    is_last_hint: bool
    closes_in_s: float | None


_JUDGE = driver_text(
    """
    SELECT * FROM facility_search.outlook_on_passing(
        CAST(:facility_id AS bigint[]), CAST(:arrive_s AS int[]), CAST(:along_m AS float8[]),
        CAST(:offset_m AS float8[]), CAST(:situation AS facility_search.situation),
        CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking), :cruise_s_per_m, :depart_at)
    """
)


class _Passed(NamedTuple):
    """A pass, with the state of the place then; see PassedPlace and _Judged."""

    judged: JudgedPass
    along_m: float
    sure_stars: float
    is_welcome: bool
    is_possible: bool
    is_sure: bool
    is_last_hint: bool
    closes_in_s: float | None


def position_m(route: Route, origin: Point) -> float | None:
    """Return how far along the route a position is, for the first pass; None if it is off the route."""
    track = Track(route, MAX_OFFSET_M)
    pieces = np.unique(track.boxes().piece)
    here = track.passes(pieces, np.zeros_like(pieces), *(np.full(len(pieces), at) for at in (origin.lon, origin.lat)))
    return float(here.along_m[0]) if len(here.along_m) else None


def look_along(session: Session, situation: Situation, route: Route, from_m: float) -> tuple[Outlook, OnRoute]:
    """Query the places along the route after ``from_m`` metres, in at most three statements."""
    left_m = route.length_m - from_m
    way_left_m, comfort_left_m = situation.way_left_m(), situation.comfort_left_m()
    parameters = _parameters(situation)
    stretch = _stretch(route, from_m, situation.horizon_m, CRUISE_M_PER_S[situation.mode])
    passed = _passed(session, stretch, parameters) if stretch else []
    reach_m = situation.scale.reach_m
    near = [place for place in passed if place.is_welcome and place.along_m <= reach_m]
    beyond = [place for place in passed if place.is_welcome and reach_m < place.along_m <= way_left_m]
    ends = [left_m] if left_m <= way_left_m else []  # the route's end is not a gap
    new = [place for place in near if not place.is_last_hint]
    candidates = _candidates(session, new, parameters, situation.origin)
    outlook = Outlook(
        candidates,
        only_last_hint=bool(near) and not candidates,
        near_ends_m=max((place.along_m for place in near), default=None),
        beyond_m=min([*(place.along_m for place in beyond), *ends], default=None),
        beyond_stars=max((place.sure_stars for place in beyond), default=None),
        in_time_stars=max((place.sure_stars for place in beyond if place.along_m <= comfort_left_m), default=None),
        looked_m=way_left_m,
    )
    places = tuple(
        PassedPlace(place.along_m, place.sure_stars, place.closes_in_s, place.is_sure, place.is_last_hint)
        for place in passed
        if place.is_possible
    )
    return outlook, OnRoute(places, left_m)


def _parameters(situation: Situation) -> dict[str, Any]:
    cruise_s_per_m = 1 / CRUISE_M_PER_S[situation.mode]
    return {
        "situation": situation_parameter(situation, cruise_s_per_m),
        "needs": search.needs_parameter(suggestion_needs(situation.needs)),
        "ranking": search.ranking_parameter(RANK, situation.mode),
        "cruise_s_per_m": cruise_s_per_m,
        "depart_at": situation.as_of,
    }


def _stretch(route: Route, from_m: float, length_m: float, pace_m_s: float) -> Route | None:
    """Return the next ``length_m`` metres of a route, at constant speed; None at its end."""
    to_m = min(route.length_m, from_m + length_m)
    if to_m - from_m < SHORTEST_STRETCH_M:
        return None
    inner = np.flatnonzero((route.along_m > from_m) & (route.along_m < to_m))
    between = [point(route.positions[vertex]) for vertex in inner]
    points = [route.at(from_m)[0], *between, route.at(to_m)[0]]
    return lay([(place.lon, place.lat) for place in points], speed_kmh=pace_m_s * 3.6)


def _passed(session: Session, stretch: Route, parameters: Mapping[str, Any]) -> list[_Passed]:
    """Return the places passed on the stretch, in order, without those beside its start."""
    passes = find_passes(session, Track(stretch, MAX_OFFSET_M), parameters["needs"])
    if passes is None:
        return []
    arrive_s = np.rint(passes.arrive_s).astype(np.int64)
    columns = {"facility_id": passes.key, "along_m": passes.along_m, "offset_m": passes.offset_m, "arrive_s": arrive_s}
    beta_per_m = parameters["ranking"].beta_per_m
    passed = []
    for row in driver_rows(session, _JUDGE, {**parameters, **array_literals(columns)}, _Judged):
        index = row.number - 1
        along_m, offset_m = float(passes.along_m[index]), float(passes.offset_m[index])
        if along_m > 0:
            utility = row.utility - beta_per_m * along_m
            passed.append(
                _Passed(
                    JudgedPass(int(passes.key[index]), int(arrive_s[index]), row.quality, row.sd, row.verdict, utility),
                    along_m,
                    row.utility + beta_per_m * offset_m,
                    row.is_welcome,
                    row.is_possible,
                    row.is_sure,
                    row.is_last_hint,
                    row.closes_in_s,
                )
            )
    return passed


def _candidates(
    session: Session, near: Sequence[_Passed], parameters: Mapping[str, Any], origin: Point
) -> Sequence[Candidate]:
    best = sorted(near, key=lambda place: (-place.judged.utility, place.judged.facility_id))[:CANDIDATES]
    if not best:
        return []
    return [
        Candidate(card, best[index].along_m, best[index].judged.utility, best[index].sure_stars)
        for index, card in find_cards(session, [place.judged for place in best], parameters, origin)
    ]
