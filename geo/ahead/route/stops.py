"""Finds the stops along a route that are open on arrival, the gaps between them, and a plan of stops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from geo.ahead.passes import Ints, Passes, Track
from geo.ahead.passing import array_literals, find_cards, find_passes
from geo.ahead.route.gaps import backups, gaps, shown, with_gaps, with_last_good
from geo.ahead.route.journey import Journey, Stop, StopsQuery
from geo.ahead.route.plan import COST_DECIMALS, STOP_COST_STARS, best_plan
from geo.database import Session
from geo.facilities import search
from geo.facilities.ranking import MAX_STARS, RANKINGS, Ranking
from geo.rows import driver_rows, driver_text


class _Judged(NamedTuple):
    """A row of facility_search.on_passing. PostgreSQL counts from 1."""

    number: int
    quality: float
    sd: float
    verdict: str
    utility: float
    open_state: str


_ON_PASSING = driver_text(
    """
    SELECT judged.*
    FROM facility_search.on_passing(CAST(:facility_id AS bigint[]), :depart_at, CAST(:arrive_s AS int[]),
        CAST(:offset_m AS float8[]), CAST(:needs AS facility_search.needs),
        CAST(:ranking AS facility_search.ranking), :as_of) AS judged
    ORDER BY judged.number
    """
)


def along(session: Session, query: StopsQuery) -> Journey:
    """Return the exact stops along the route and the plan, in three statements: places, states and cards.

    Raises:
        InvalidRoute: too many places lie near the route.
    """
    parameters = {
        "depart_at": query.depart_at,
        # Each stop is evaluated for its own arrival.
        "needs": search.needs_parameter(replace(query.needs, open_at=None, open_on_arrival=False)),
        "ranking": search.ranking_parameter(query.rank, query.mode),
        "as_of": query.as_of,
    }
    stops = with_gaps(_stops(session, query, parameters), query.route)
    plan = best_plan(
        [stop.arrive_s for stop in stops],
        [stop.cost_stars for stop in stops],
        end_s=round(query.route.duration_s),
        comfort_s=query.comfort_s,
        since_last_stop_s=query.since_last_stop_s,
    )
    stops = with_last_good(stops, plan, query)
    alternatives = backups(stops, plan, query)
    indexes = shown(stops, plan, alternatives, query)
    cards = find_cards(session, [stops[index].judged for index in indexes], parameters)
    return Journey(stops, plan, gaps(stops, plan, query), alternatives, {indexes[n]: card for n, card in cards})


def _stops(session: Session, query: StopsQuery, parameters: Mapping[str, Any]) -> list[Stop]:
    """Return every pass of a facility that meets the needs on arrival, in order along the route, without gaps."""
    passes = find_passes(session, Track(query.route, query.max_offset_m), parameters["needs"])
    if passes is None:
        return []
    arrive_s = np.rint(passes.arrive_s).astype(np.int64)
    columns = array_literals({"facility_id": passes.key, "arrive_s": arrive_s, "offset_m": passes.offset_m})
    judged = driver_rows(session, _ON_PASSING, {**parameters, **columns}, _Judged)
    return _stops_of(passes, arrive_s, judged, RANKINGS[query.rank, query.mode])


def _stops_of(passes: Passes, arrive_s: Ints, judged: Sequence[_Judged], ranking: Ranking) -> list[Stop]:
    """Combine passes with the state of the facilities on arrival."""
    best_utility = MAX_STARS * ranking.quality_weight
    arrivals_s, sides = arrive_s.tolist(), passes.sides()
    seen: Counter[int] = Counter()
    stops = []
    for row in judged:
        index = row.number - 1
        facility_id = int(passes.key[index])
        seen[facility_id] += 1
        stops.append(
            Stop(
                facility_id=facility_id,
                visit=seen[facility_id],
                along_m=float(passes.along_m[index]),
                offset_m=float(passes.offset_m[index]),
                side=sides[index],
                arrive_s=arrivals_s[index],
                cost_stars=round(best_utility - row.utility + STOP_COST_STARS, COST_DECIMALS),
                quality=row.quality,
                sd=row.sd,
                verdict=row.verdict,
                utility=row.utility,
                open_state=row.open_state,
            )
        )
    return stops
