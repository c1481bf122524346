"""The plainest possible search: every facility, its utility by the Python formulas, sorted. The oracle of the tests."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.reference.quality import DecayedSums, at, quality, verdict
from bench.reference.ranking import utility
from geo.coordinates import Point
from geo.facilities import search
from geo.facilities.attributes import KINDS
from geo.facilities.hours import compile_hours
from geo.facilities.ranking import RANKINGS, WIDEST_M, distance_m, duration_s
from tests.conftest import NOON


@dataclass(frozen=True, slots=True)
class Ranked:
    """One facility as the oracle ranks it."""

    id: int
    utility: float
    distance_m: float
    last_because: str | None


def all_facilities(session: Session) -> Sequence[dict[str, object]]:
    """The whole table, read once; opening hours are taken to be compiled at NOON."""
    rows = session.execute(text("SELECT *, ST_X(location) AS lon, ST_Y(location) AS lat FROM facility ORDER BY id"))
    return [dict(row) for row in rows.mappings()]


def nearby(facilities: Sequence[dict[str, object]], query: search.NearbyQuery) -> tuple[list[Ranked], bool]:
    """All that qualify, best first, and whether they lie beyond the radius."""
    passing = [ranked for facility in facilities if (ranked := _judge(facility, query)) is not None]
    within = [ranked for ranked in passing if ranked.distance_m <= query.radius_m]
    nearest_m = min((ranked.distance_m for ranked in passing), default=math.inf)
    widens = not within and nearest_m <= WIDEST_M
    wider = [ranked for ranked in passing if widens and ranked.distance_m <= min(2 * nearest_m, WIDEST_M)]
    chosen = within or wider
    chosen.sort(key=lambda ranked: (ranked.last_because is not None, -ranked.utility, ranked.id))
    return chosen, widens


def _judge(facility: dict[str, object], query: search.NearbyQuery) -> Ranked | None:
    away_m = distance_m(query.origin, Point(facility["lon"], facility["lat"]))  # type: ignore[arg-type]
    sums = DecayedSums(*(facility[name] for name in ("weight_slow", "stars_slow", "weight_fast", "stars_fast")))  # type: ignore[arg-type]
    prior = (facility[name] for name in ("prior_stars", "record_credibility", "present_credibility"))
    judged = quality(at(sums, query.as_of), *prior)  # type: ignore[arg-type]
    needs = query.needs
    accepted = {"access": ("public", "customers", "key", "unknown"), **needs.accepted}
    meets = (
        facility["status"] in ("active", "reported_closed")
        and bool(set(facility["offers"]) & set(needs.kinds or KINDS))  # type: ignore[call-overload]
        and all((facility[name] or "unknown") in words for name, words in accepted.items())
        and (needs.verdicts is None or verdict(judged, facility["rating_count"]) in needs.verdicts)  # type: ignore[arg-type]
        and (needs.open_states is None or _state(facility, _moment(query, away_m)) in needs.open_states)
    )
    if not meets:
        return None
    ranking = RANKINGS[query.rank, query.mode]
    worth = utility(judged.q, judged.sd, away_m / 1000, ranking)
    return Ranked(facility["id"], worth, away_m, _last_because(facility, query, away_m))  # type: ignore[arg-type]


def _last_because(facility: dict[str, object], query: search.NearbyQuery, away_m: float) -> str | None:
    """Why a facility is ranked after all others."""
    if facility["status"] == "reported_closed":
        return "reported_closed"
    until = facility["out_of_order_until"]
    if until is not None and until > query.as_of:  # type: ignore[operator]
        return "out_of_order"
    arrival = query.as_of + timedelta(seconds=duration_s(away_m, query.mode))
    is_shut = query.needs.open_states is None and _state(facility, arrival) == "closed"
    return "closed_on_arrival" if is_shut else None


def _moment(query: search.NearbyQuery, away_m: float) -> datetime:
    if query.needs.open_on_arrival:
        return query.as_of + timedelta(seconds=duration_s(away_m, query.mode))
    return query.needs.open_at or query.as_of


def _state(facility: dict[str, object], moment: datetime) -> str:
    place = Point(facility["lon"], facility["lat"])  # type: ignore[arg-type]
    hours = compile_hours(facility["opening_hours"], place, NOON) if facility["opening_hours"] else None  # type: ignore[arg-type]
    if hours is None:
        return "unknown"
    for ranges, state in ((hours.open_during, "open"), (hours.unknown_during, "unknown")):
        if any((start is None or start <= moment) and (end is None or moment < end) for start, end in ranges):
            return state
    return "closed"
