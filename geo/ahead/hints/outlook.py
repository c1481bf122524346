"""Queries the places for a hint: those within reach, those beyond, and those that may change the answer.

One statement reads the disc of the horizon. facility_search determines the candidates and their order.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from geo.ahead.hints.rules import AHEAD_HALF_ANGLE_DEG, Candidate, Outlook
from geo.ahead.hints.situation import Situation
from geo.ahead.suggestion import suggestion_needs
from geo.database import Session
from geo.facilities import search
from geo.facilities.cards import Card
from geo.facilities.ranking import CIRCUITY, SPEED_M_PER_S, Rank
from geo.rows import driver_pairs, driver_rows, driver_text

LONGEST_SILENCE_S = 3600.0
"""Maximum guaranteed silence, because opening hours, ratings and people change."""

RANK: Rank = "balanced"

CANDIDATES = 10
"""Number of places within reach to read: one to suggest, one as its backup, and alternatives to closing ones."""


MOST_AROUND = 12_000
"""Maximum number of listed facilities around a phone that are looked at: each takes 10 µs."""

_UNCOUNTED_M = 1_000.0
"""Distance that is looked at whatever lies within it: smaller than any crowd of MOST_AROUND in a city."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An acceptable place that stays acceptable during the longest silence.

    Attributes:
        distance_m, bearing_deg: distance and bearing from the origin.
        sure_stars: quality minus its uncertainty.
    """

    distance_m: float
    bearing_deg: float
    sure_stars: float


@dataclass(frozen=True, slots=True)
class Possible:
    """Places at about the same distance that are acceptable at some time during the longest silence.

    Attributes:
        distance_m: distance of the nearest of them.
        sure_stars: sure stars of the best of them.
        closes_in_s: seconds until the first of them closes; None if no closing time is known.
    """

    distance_m: float
    sure_stars: float
    closes_in_s: float | None


@dataclass(frozen=True, slots=True)
class Around:
    """The places that may change the answer, in all directions.

    Attributes:
        possible: places that could be suggested later, in rings, nearest first.
        witnesses: places that rule out a gap ahead.
    """

    possible: tuple[Possible, ...]
    witnesses: tuple[Witness, ...]


class SituationParameter(NamedTuple):
    """A parameter of the type ``facility_search.situation``: the same fields in the same order."""

    reach_m: float
    here_m: float
    aside_m: float
    horizon_m: float
    way_left_m: float
    comfort_left_m: float
    heading_deg: float | None
    half_angle_deg: float
    dismissed: list[int]
    last_hint_id: int | None
    silence_until: datetime
    possible_until: datetime
    rungs_m: list[float]
    candidates: int


class _Reach(NamedTuple):
    """The column of _REACH."""

    reach_m: float


class _Summary(NamedTuple):
    """The first columns of ``facility_search.outlook``, the same in each row."""

    only_last_hint: bool
    near_ends_m: float | None
    beyond_m: float | None
    beyond_stars: float | None
    in_time_stars: float | None
    possible: list[tuple[float, float, float | None]] | None
    witnesses: list[tuple[float, float, float]] | None


_LOOK = driver_text(
    """
    SELECT only_last_hint, near_ends_m, beyond_m, beyond_stars, in_time_stars, possible, witnesses,
           (card).*
    FROM facility_search.outlook_around(
        facility_search.point(:lon, :lat), CAST(:situation AS facility_search.situation),
        CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking), :as_of)
    """
)


_REACH = driver_text(
    """
    SELECT facility_search.bounded_reach_m(
        facility_search.point(:lon, :lat), :uncounted_m, :horizon_m, :most) AS reach_m
    """
)


def in_crowd(session: Session, situation: Situation) -> Situation:
    """Return the situation with a nearer horizon if too many facilities lie within its own."""
    parameters = {
        "lon": situation.origin.lon,
        "lat": situation.origin.lat,
        "uncounted_m": _UNCOUNTED_M,
        "horizon_m": situation.horizon_m,
        "most": MOST_AROUND,
    }
    [known] = driver_rows(session, _REACH, parameters, _Reach)
    return replace(situation, crowded_m=known.reach_m) if known.reach_m < situation.horizon_m else situation


def rungs_m(situation: Situation) -> list[float]:
    """Return the distances that a silence may last, shortest first: from a sixth of the reach to the horizon."""
    reach_m, horizon_m = situation.scale.reach_m, situation.horizon_m
    rungs = [reach_m * factor for factor in (1 / 6, 1 / 3, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8)]
    return [rung for rung in rungs if reach_m + rung < horizon_m] + [horizon_m - reach_m]


def situation_parameter(situation: Situation, seconds_per_m: float) -> SituationParameter:
    """Return a situation as a parameter of a statement.

    Args:
        situation: the situation.
        seconds_per_m: travel time per metre of the distance to a place.
    """
    reach_m = situation.scale.reach_m
    silence_until = situation.as_of + timedelta(seconds=LONGEST_SILENCE_S)
    return SituationParameter(
        reach_m=reach_m,
        here_m=situation.scale.here_m,
        aside_m=situation.scale.aside_m,
        horizon_m=situation.horizon_m,
        way_left_m=situation.way_left_m(),
        comfort_left_m=situation.comfort_left_m(),
        heading_deg=situation.heading_deg,
        half_angle_deg=AHEAD_HALF_ANGLE_DEG,
        dismissed=list(situation.memory.dismissed),
        last_hint_id=None if situation.may_repeat else situation.memory.last_hint_facility_id,
        silence_until=silence_until,
        possible_until=silence_until + timedelta(seconds=reach_m * seconds_per_m),
        rungs_m=[reach_m + rung_m for rung_m in rungs_m(situation)],
        candidates=CANDIDATES,
    )


def look(session: Session, situation: Situation) -> tuple[Outlook, Around]:
    """Query the surroundings in one statement."""
    ranking = search.ranking_parameter(RANK, situation.mode)
    parameters = {
        "lon": situation.origin.lon,
        "lat": situation.origin.lat,
        "situation": situation_parameter(situation, CIRCUITY[situation.mode] / SPEED_M_PER_S[situation.mode]),
        "needs": search.needs_parameter(replace(suggestion_needs(situation.needs), open_on_arrival=True)),
        "ranking": ranking,
        "as_of": situation.as_of,
    }
    pairs = driver_pairs(session, _LOOK, parameters, _Summary, Card)
    summary = pairs[0][0]
    near = [_candidate(card, ranking.beta_per_m) for _, card in pairs if card is not None]
    outlook = Outlook(
        near,
        only_last_hint=summary.only_last_hint and not near,
        near_ends_m=summary.near_ends_m,
        beyond_m=summary.beyond_m,
        beyond_stars=summary.beyond_stars,
        in_time_stars=summary.in_time_stars,
        looked_m=None if situation.heading_deg is None or situation.is_crowded else situation.way_left_m(),
    )
    possible = tuple(Possible(*ring) for ring in summary.possible or [])
    witnesses = tuple(Witness(*place) for place in summary.witnesses or [])
    return outlook, Around(possible, witnesses)


def _candidate(card: Card, beta_per_m: float) -> Candidate:
    assert card.distance_m is not None and card.utility is not None  # noqa: S101, PT018 - for mypy
    return Candidate(card, card.distance_m, card.utility, card.utility + beta_per_m * card.distance_m)
