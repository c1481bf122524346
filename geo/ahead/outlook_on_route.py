"""Queries the places for a hint on a route: as geo/ahead/outlook.py, but along the route.

Three statements: the places along the next stretch, their state on arrival, and the cards of those to suggest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import text

from geo.ahead import stops
from geo.ahead.hints import CRUISE_M_PER_S, Outlook, Situation, may_repeat
from geo.ahead.outlook import CANDIDATES, LONGEST_SILENCE_S, WELCOME_DURING, needs_parameters
from geo.ahead.passes import Track
from geo.ahead.route import Route, lay, point
from geo.coordinates import SRID_WGS84, Point
from geo.database import Row, Session
from geo.facilities import search
from geo.facilities.ranking import RANKINGS, Rank, Ranking

MAX_OFFSET_M = 500
"""Maximum distance of places from the route. A phone farther away has left the route."""


_RANK: Rank = "balanced"

SHORTEST_STRETCH_M = 1.0
"""The route has ended if less than this is left."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place along the route that is acceptable at some time during the longest silence.

    Attributes:
        along_m: distance along the route from here to where it is passed.
        sure_stars: quality minus its uncertainty.
        closes_in_s: seconds until it closes; None if unknown.
        surely: whether it stays acceptable during the longest silence.
        told: whether it is the place of the last hint and may not be suggested again during the longest silence.
    """

    along_m: float
    sure_stars: float
    closes_in_s: float | None
    surely: bool
    told: bool


@dataclass(frozen=True, slots=True)
class OnRoute:
    """The places that may change the answer on the rest of a route.

    Attributes:
        places: in order along the route.
        left_m: remaining length of the route.
    """

    places: tuple[Place, ...]
    left_m: float


_JUDGE = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking
    )
    SELECT judged.number, judged.quality, judged.sd, judged.verdict, judged.utility,
           hours.welcome_during @> CAST(:as_of AS timestamptz) + make_interval(secs => pass.arrive_s) AS welcome,
           hours.welcome_during && tstzrange(:as_of, :possible_until) AS possible,
           hours.welcome_during @> tstzrange(:as_of, CAST(:silence_until AS timestamptz)
               + make_interval(secs => pass.along_m * :cruise_s_per_m)) AS surely,
           (SELECT extract(epoch FROM min(upper(span)) - :as_of) FROM unnest(f.open_during) AS span
            WHERE upper(span) > :as_of) AS closes_in_s
    FROM asked
    CROSS JOIN LATERAL facility_search.on_passing(CAST(:facility_id AS bigint[]), :as_of, CAST(:arrive_s AS int[]),
        CAST(:offset_m AS float8[]), asked.needs, asked.ranking, CAST(:as_of AS timestamptz)) AS judged
    JOIN unnest(CAST(:facility_id AS bigint[]), CAST(:arrive_s AS int[]), CAST(:along_m AS float8[]))
        WITH ORDINALITY AS pass (facility_id, arrive_s, along_m, number) ON pass.number = judged.number
    JOIN facility f ON f.id = pass.facility_id
    CROSS JOIN LATERAL (SELECT {WELCOME_DURING} AS welcome_during) AS hours
    WHERE judged.verdict <> 'squat' AND f.id <> ALL (CAST(:dismissed AS bigint[]))
    ORDER BY judged.number
    """  # noqa: S608 - joined from constants
)

_CARDS = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID_WGS84}) AS origin,
               {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking
    )
    SELECT card.*, place.sure_stars, place.along_m
    FROM asked
    CROSS JOIN unnest(CAST(:facility_id AS bigint[]), CAST(:along_m AS float8[]), CAST(:arrive_s AS int[]),
             CAST(:quality AS float8[]), CAST(:sd AS float8[]), CAST(:verdict AS text[]), CAST(:utility AS float8[]),
             CAST(:sure_stars AS float8[])) WITH ORDINALITY
             AS place (facility_id, along_m, arrive_s, quality, sd, verdict, utility, sure_stars, number)
    JOIN facility f ON f.id = place.facility_id
    CROSS JOIN LATERAL facility_search.cards(
        ARRAY[(place.facility_id, ST_DistanceSphere(f.location, asked.origin),
               place.quality, place.sd, place.verdict, place.utility, false)
               ::facility_search.ranked],
        asked.origin, asked.needs, asked.ranking,
        CAST(:as_of AS timestamptz) + make_interval(secs => place.arrive_s)) AS card
    ORDER BY place.number
    """  # noqa: S608 - joined from constants
)


class Judged(NamedTuple):
    """A pass and the state of the place then; see Place and geo.ahead.passes.Passes."""

    facility_id: int
    along_m: float
    arrive_s: int
    quality: float
    sd: float
    verdict: str
    utility: float
    sure_stars: float
    welcome: bool
    possible: bool
    surely: bool
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
    way_left_m = situation.way_left_m()
    asked = _asked(situation)
    stretch = _stretch(route, from_m, situation.horizon_m, CRUISE_M_PER_S[situation.mode])
    passed = _judged(session, stretch, asked, RANKINGS[_RANK, situation.mode]) if stretch else []
    told = None if may_repeat(situation) else situation.memory.last_hint_facility_id
    reach_m = situation.scale.reach_m
    near = [place for place in passed if place.welcome and place.along_m <= reach_m]
    beyond = [place for place in passed if place.welcome and reach_m < place.along_m <= way_left_m]
    ends = [left_m] if left_m <= way_left_m else []  # the route's end is not a gap
    rows = _cards(session, [place for place in near if place.facility_id != told], asked)
    outlook = Outlook(
        rows,
        only_told=bool(near) and not rows,
        near_ends_m=max((place.along_m for place in near), default=None),
        beyond_m=min([*(place.along_m for place in beyond), *ends], default=None),
        beyond_stars=max((place.sure_stars for place in beyond), default=None),
        looked_m=way_left_m,
    )
    places = tuple(
        Place(place.along_m, place.sure_stars, place.closes_in_s, place.surely, place.facility_id == told)
        for place in passed
        if place.possible
    )
    return outlook, OnRoute(places, left_m)


def _asked(situation: Situation) -> dict[str, Any]:
    cruise_s_per_m = 1 / CRUISE_M_PER_S[situation.mode]
    silence_until = situation.as_of + timedelta(seconds=LONGEST_SILENCE_S)
    return {
        "lon": situation.origin.lon,
        "lat": situation.origin.lat,
        "dismissed": list(situation.memory.dismissed),
        "cruise_s_per_m": cruise_s_per_m,
        "silence_until": silence_until,
        "possible_until": silence_until + timedelta(seconds=situation.scale.reach_m * cruise_s_per_m),
        **needs_parameters(situation.needs),
        **search.ranking_parameters(RANKINGS[_RANK, situation.mode], situation.mode),
        "as_of": situation.as_of,
    }


def _stretch(route: Route, from_m: float, length_m: float, pace_m_s: float) -> Route | None:
    """Return the next ``length_m`` metres of a route, at constant speed; None at its end."""
    to_m = min(route.length_m, from_m + length_m)
    if to_m - from_m < SHORTEST_STRETCH_M:
        return None
    inner = np.flatnonzero((route.along_m > from_m) & (route.along_m < to_m))
    between = [point(route.places[vertex]) for vertex in inner]
    points = [route.at(from_m)[0], *between, route.at(to_m)[0]]
    return lay([(place.lon, place.lat) for place in points], speed_kmh=pace_m_s * 3.6)


def _judged(session: Session, stretch: Route, asked: Mapping[str, Any], ranking: Ranking) -> list[Judged]:
    """Return the places passed on the stretch, in order, without those beside its start."""
    track = Track(stretch, MAX_OFFSET_M)
    found = session.execute(stops.IN_BOXES, {**asked, **stops.arrays(track.boxes()._asdict())}).one()
    if found.piece is None:
        return []
    passes = track.passes(*(np.array(column) for column in found))
    arrive_s = np.rint(passes.arrive_s).astype(np.int64)
    columns = {"facility_id": passes.key, "along_m": passes.along_m, "offset_m": passes.offset_m, "arrive_s": arrive_s}
    beta_per_m = ranking.beta_stars_per_km / 1000
    judged = []
    for row in session.execute(_JUDGE, {**asked, **stops.arrays(columns)}):
        number = row.number - 1  # PostgreSQL counts from 1
        along_m, offset_m = float(passes.along_m[number]), float(passes.offset_m[number])
        if along_m > 0:
            utility, sure_stars = row.utility - beta_per_m * along_m, row.utility + beta_per_m * offset_m
            key, seconds = int(passes.key[number]), int(arrive_s[number])
            judged.append(
                Judged(key, along_m, seconds, row.quality, row.sd, row.verdict, utility, sure_stars, *row[-4:])
            )
    return judged


def _cards(session: Session, near: Sequence[Judged], asked: Mapping[str, Any]) -> Sequence[Row]:
    best = sorted(near, key=lambda place: (-place.utility, place.facility_id))[:CANDIDATES]
    if not best:
        return []
    columns = {name: [getattr(place, name) for place in best] for name in Judged._fields}
    return session.execute(_CARDS, {**asked, **columns}).mappings().all()
