"""Finds the stops along a route that are open on arrival, the gaps between them, and a plan of stops."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from geo.ahead.passes import Ints, Passes, Side, Track
from geo.ahead.plan import COST_DECIMALS, STOP_COST_STARS, Plan, best_plan
from geo.ahead.route import Route
from geo.database import Row, Session
from geo.facilities import search
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.ranking import MAX_STARS, RANKINGS, Mode, Rank, Ranking

LastReason = Literal["gap_exceeds_comfort", "comfort_runs_out"]

OFFERED = search.Needs(open_states=OFFERED_STATES)


@dataclass(frozen=True, slots=True)
class StopsQuery:
    """A request for stops along a route.

    Attributes:
        route: the route with its times.
        depart_at: when it begins.
        as_of: the instant that quality refers to.
        needs: filters for stops; open_states apply on arrival at each stop, open_at is ignored.
        max_offset_m: maximum distance of a stop from the route, in a straight line.
        comfort_s: how long the traveller can go without a stop.
        since_last_stop_s: time since the last stop, at departure.
        limit: maximum number of stops to return, in addition to those of the plan.
    """

    route: Route
    depart_at: datetime
    as_of: datetime
    needs: search.Needs = field(default=OFFERED)
    rank: Rank = "balanced"
    mode: Mode = "drive"
    max_offset_m: float = 500
    comfort_s: int = 7_200
    since_last_stop_s: int = 0
    limit: int = 100


class Stop(NamedTuple):
    """One pass of a facility.

    Attributes:
        facility_id: the facility.
        visit: 1 for the route's first pass of it that is a stop, 2 for the next.
        along_m: metres from the start to the route's point nearest to it.
        offset_m: distance from that point, in a straight line.
        side: side of the route, in the direction of travel.
        arrive_s: whole seconds from departure, at that point.
        cost_stars: its cost in a plan.
        quality, sd, verdict, utility: as in the ranking, with offset_m as the distance.
        open_state: state on arrival.
        gap_before_m, gap_before_s: from the previous stop, or the route's start.
        gap_after_m, gap_after_s: to the next stop, or the route's end.
        last_good: why not to skip it, if the gap after it exceeds the remaining comfort time.
    """

    facility_id: int
    visit: int
    along_m: float
    offset_m: float
    side: Side
    arrive_s: int
    cost_stars: float
    quality: float
    sd: float
    verdict: str
    utility: float
    open_state: str
    gap_before_m: float = 0
    gap_before_s: int = 0
    gap_after_m: float = 0
    gap_after_s: int = 0
    last_good: LastReason | None = None


class Backup(NamedTuple):
    """An alternative for a planned stop that is closed.

    Attributes:
        stop: its index in the list of stops.
        further_m: distance along the route beyond the planned stop.
        within_comfort: whether it can be reached within the comfort time.
    """

    stop: int
    further_m: float
    within_comfort: bool


class Gap(NamedTuple):
    """A time without a stop, in the plan.

    Attributes:
        from_stop: index of the stop at which it begins; None for the start of the route.
        to_stop: index of the stop at which it ends; None for the end of the route.
        length_m: length along the route.
        duration_s: time since the last stop, which for the first gap is before departure.
    """

    from_stop: int | None
    to_stop: int | None
    length_m: float
    duration_s: int


@dataclass(frozen=True, slots=True)
class Journey:
    """The stops along a route and the plan.

    Attributes:
        stops: all stops, in order along the route.
        plan: which of them to make.
        gaps: the gaps of the plan, one more than it has stops.
        backups: one for each planned stop; None if there is no other stop further along the route.
        cards: rows of ``facility_search.cards`` for the stops to return, by their index, as of their arrival.
    """

    stops: Sequence[Stop]
    plan: Plan
    gaps: Sequence[Gap]
    backups: Sequence[Backup | None]
    cards: Mapping[int, Row]


IN_BOXES = text(
    f"""
    SELECT array_agg(found.piece) AS piece, array_agg(found.facility_id) AS facility_id,
           array_agg(found.lon) AS lon, array_agg(found.lat) AS lat
    FROM facility_search.in_boxes(CAST(:piece AS int[]), CAST(:west AS float8[]), CAST(:south AS float8[]),
             CAST(:east AS float8[]), CAST(:north AS float8[]), {search.NEEDS_SQL}) AS found
    """  # noqa: S608 - joined from constants
)

_ON_PASSING = text(
    f"""
    SELECT judged.*
    FROM facility_search.on_passing(CAST(:facility_id AS bigint[]), CAST(:depart_at AS timestamptz),
             CAST(:arrive_s AS int[]), CAST(:offset_m AS float8[]),
             {search.NEEDS_SQL}, {search.RANKING_SQL}, :as_of) AS judged
    ORDER BY judged.number
    """  # noqa: S608 - joined from constants
)

_CARDS = text(
    f"""
    WITH asked AS MATERIALIZED (SELECT {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking)
    SELECT stop.place, card.*
    FROM asked
    CROSS JOIN unnest(CAST(:place AS int[]), CAST(:facility_id AS bigint[]), CAST(:arrive_s AS int[]),
             CAST(:quality AS float8[]), CAST(:sd AS float8[]), CAST(:verdict AS text[]), CAST(:utility AS float8[]))
             AS stop (place, facility_id, arrive_s, quality, sd, verdict, utility)
    CROSS JOIN LATERAL facility_search.cards(
        ARRAY[(stop.facility_id, NULL, stop.quality, stop.sd, stop.verdict, stop.utility, false)
              ::facility_search.ranked],
        NULL, asked.needs, asked.ranking, :depart_at + make_interval(secs => stop.arrive_s)) AS card
    ORDER BY stop.place
    """  # noqa: S608 - joined from constants
)


def along(session: Session, query: StopsQuery) -> Journey:
    """Return the exact stops along the route and the plan, in three statements: places, states and cards.

    Raises:
        InvalidRoute: too many places lie near the route.
    """
    asked = {
        "depart_at": query.depart_at,
        # Each stop is evaluated for its own arrival.
        **search.needs_parameters(replace(query.needs, open_at=None, open_on_arrival=False)),
        **search.ranking_parameters(RANKINGS[query.rank, query.mode], query.mode),
        "as_of": query.as_of,
    }
    stops = _with_gaps(_stops(session, query, asked), query.route)
    arrivals_s, end_s = [stop.arrive_s for stop in stops], round(query.route.duration_s)
    plan = best_plan(
        arrivals_s,
        [stop.cost_stars for stop in stops],
        end_s=end_s,
        comfort_s=query.comfort_s,
        since_last_stop_s=query.since_last_stop_s,
    )
    stops = _with_last_good(stops, plan, query)
    backups = _backups(stops, plan, query)
    shown = _shown(stops, plan, backups, query)
    cards = _cards(session, stops, shown, asked)
    return Journey(stops, plan, _gaps(stops, plan, query), backups, cards)


def _stops(session: Session, query: StopsQuery, asked: Mapping[str, Any]) -> list[Stop]:
    """Return every pass of a facility that meets the needs on arrival, in order along the route, without gaps."""
    track = Track(query.route, query.max_offset_m)
    boxes = track.boxes()
    found = session.execute(IN_BOXES, {**asked, **arrays(boxes._asdict())}).one()
    if found.piece is None:
        return []
    passes = track.passes(*(np.array(column) for column in found))
    arrive_s = np.rint(passes.arrive_s).astype(np.int64)
    listed = arrays({"facility_id": passes.key, "arrive_s": arrive_s, "offset_m": passes.offset_m})
    judged = session.execute(_ON_PASSING, {**asked, **listed}).all()
    return _stops_of(passes, arrive_s, judged, RANKINGS[query.rank, query.mode])


def _stops_of(passes: Passes, arrive_s: Ints, judged: Sequence[Any], ranking: Ranking) -> list[Stop]:
    """Combine passes with the state of the facilities on arrival."""
    best_utility = MAX_STARS * ranking.quality_weight
    arrivals_s, sides = arrive_s.tolist(), passes.sides()
    seen: Counter[int] = Counter()
    stops = []
    for row in judged:
        place = row.number - 1  # PostgreSQL counts from 1
        facility_id = int(passes.key[place])
        seen[facility_id] += 1
        stops.append(
            Stop(
                facility_id=facility_id,
                visit=seen[facility_id],
                along_m=float(passes.along_m[place]),
                offset_m=float(passes.offset_m[place]),
                side=sides[place],
                arrive_s=arrivals_s[place],
                cost_stars=round(best_utility - row.utility + STOP_COST_STARS, COST_DECIMALS),
                quality=row.quality,
                sd=row.sd,
                verdict=row.verdict,
                utility=row.utility,
                open_state=row.open_state,
            )
        )
    return stops


def _with_gaps(stops: Sequence[Stop], route: Route) -> list[Stop]:
    """Set the gaps before and after each stop."""
    along_m = [0.0, *(stop.along_m for stop in stops), route.length_m]
    arrive_s = [0, *(stop.arrive_s for stop in stops), round(route.duration_s)]
    return [
        stop._replace(
            gap_before_m=along_m[place] - along_m[place - 1],
            gap_before_s=arrive_s[place] - arrive_s[place - 1],
            gap_after_m=along_m[place + 1] - along_m[place],
            gap_after_s=arrive_s[place + 1] - arrive_s[place],
        )
        for place, stop in enumerate(stops, start=1)
    ]


def _with_last_good(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Stop]:
    """Mark the stops after which the gap exceeds the comfort time left since the last stop of the plan."""
    planned, last_stop_s = set(plan.stops), -query.since_last_stop_s
    marked = []
    for place, stop in enumerate(stops):
        reason: LastReason | None = None
        if stop.gap_after_s > query.comfort_s:
            reason = "gap_exceeds_comfort"
        elif stop.gap_after_s > query.comfort_s - (stop.arrive_s - last_stop_s):
            reason = "comfort_runs_out"
        marked.append(stop._replace(last_good=reason))
        if place in planned:
            last_stop_s = stop.arrive_s
    return marked


def _gaps(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Gap]:
    """Return the gaps of the plan, from the last stop before departure to the end of the route."""
    along_m = [0.0, *(stops[place].along_m for place in plan.stops), query.route.length_m]
    at_s = [-query.since_last_stop_s, *(stops[place].arrive_s for place in plan.stops), round(query.route.duration_s)]
    ends = [None, *plan.stops, None]
    return [Gap(ends[n], ends[n + 1], along_m[n + 1] - along_m[n], at_s[n + 1] - at_s[n]) for n in range(len(ends) - 1)]


def _backups(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Backup | None]:
    """Return a backup for each planned stop: the best one further along, where the way there counts as distance.

    It is the best within the comfort time or, if there is none, the nearest.
    """
    beta_per_m = RANKINGS[query.rank, query.mode].beta_stars_per_km / 1000
    last_stop_s = -query.since_last_stop_s
    backups = []
    for planned in plan.stops:
        from_m, until_s = stops[planned].along_m, last_stop_s + query.comfort_s
        best: tuple[float, int] | None = None
        for place in range(planned + 1, len(stops)):
            stop = stops[place]
            if best and stop.arrive_s > until_s:
                break
            if stop.facility_id == stops[planned].facility_id:
                continue
            worth = stop.utility - beta_per_m * (stop.along_m - from_m)
            if best is None or worth > best[0]:
                best = worth, place
            if stop.arrive_s > until_s:
                break
        backups.append(best and Backup(best[1], stops[best[1]].along_m - from_m, stops[best[1]].arrive_s <= until_s))
        last_stop_s = stops[planned].arrive_s
    return backups


def _shown(stops: Sequence[Stop], plan: Plan, backups: Sequence[Backup | None], query: StopsQuery) -> list[int]:
    """Choose the stops to return: those of the plan, and the best of each stretch of the route.

    The route is divided into ``limit`` stretches of equal length: first the best stop of each, then the second best.
    """
    shown = {*plan.stops, *(backup.stop for backup in backups if backup)}
    shown |= {place for place, stop in enumerate(stops) if stop.last_good}
    taken: Counter[int] = Counter()
    turns: list[tuple[int, int, int]] = []
    for place in sorted(range(len(stops)), key=lambda place: (place not in shown, -stops[place].utility, place)):
        stretch = int(stops[place].along_m / query.route.length_m * query.limit)
        turns.append((taken[stretch], len(turns), place))
        taken[stretch] += 1
    for _turn, _order, place in sorted(turns):
        if len(shown) >= query.limit:
            break
        shown.add(place)
    return sorted(shown)


def _cards(session: Session, stops: Sequence[Stop], shown: Sequence[int], asked: Mapping[str, Any]) -> dict[int, Row]:
    """Return the cards of the stops to return, by their index."""
    columns = {
        name: [getattr(stops[place], name) for place in shown]
        for name in ("facility_id", "arrive_s", "quality", "sd", "verdict", "utility")
    }
    rows = session.execute(_CARDS, {**asked, "place": list(shown), **columns}).mappings()
    return {row["place"]: row for row in rows}


def arrays(columns: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """Format columns as PostgreSQL array literals, which parse much faster than psycopg2's expressions."""
    return {name: "{" + ",".join(map(repr, column.tolist())) + "}" for name, column in columns.items()}
