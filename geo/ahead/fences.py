"""Selects the regions that a phone should monitor, and the refresh region in which the selection stays valid.

Places with equal offers are thinned first, independently of the phone's position, so that their circles do not overlap.
Of the rest, the nearest are selected and, for a position, the best of the way ahead. docs/fences.md has the proof for
the refresh region.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from math import asin, atan2, ceil, cos, degrees, floor, radians, sin
from typing import NoReturn

from sqlalchemy import text

from geo.ahead.cells import coarsest_within
from geo.ahead.outlook import WELCOME_DURING, needs_parameters
from geo.coordinates import EARTH_RADIUS_M, SRID_WGS84, Point
from geo.database import Row, Session
from geo.errors import CellTooCoarse
from geo.facilities import search
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.ranking import RANKINGS, distance_m

RADIUS_M = 150.0
"""Radius of a region: phones detect smaller ones late or never."""

DWELL_S = 90
"""Time inside before text is shown: a bus crosses a region in half a minute, a walker in four minutes."""

NEAREST_SHARE = 0.75
"""Share of the set for the nearest regions, which determine the refresh region; the rest is for the way ahead."""

AHEAD_M = 3_000.0
"""Distance ahead, along the heading, at which places count as near."""

WATCHED_TO_M = 45_000.0
"""Maximum distance of a region: a phone that travels so far has left the refresh region long before."""

_LOOKED_TO_M = 50_000.0
"""Search distance: whether a place is kept depends on its neighbours and theirs, for which five kilometres suffice."""

STAYS_OPEN = timedelta(minutes=30)
"""Minimum time that a place must stay open to get a region."""

LONGEST = timedelta(hours=6)
"""Maximum validity of a set, because ratings and opening hours change."""

ROUNDING_M = 1.0
"""Subtracted from the refresh region: more than the rounding errors."""

_LOOKED_AT_FIRST = 8
"""Number of places of the first query, in multiples of the set's size; if too few, _GROWTH times as many follow."""
_GROWTH = 4
_LOOKED_AT_MOST = 20_000


@dataclass(frozen=True, slots=True)
class FencesQuery:
    """A request for regions.

    Attributes:
        origin: the phone's position, or the centre of its cell.
        as_of: the instant of the answer.
        limit: maximum number of regions, without the refresh region.
        heading_deg: the course, if known.
        needs: filters for places.
        spread_m: 0 for a position. For a cell, the maximum distance of its own and its neighbours' corners from their
            centres.
    """

    origin: Point
    as_of: datetime
    limit: int
    heading_deg: float | None = None
    needs: search.Needs = field(default_factory=search.Needs)
    spread_m: float = 0

    @property
    def nearest(self) -> int:
        """Number of regions for the nearest places; all of them for a cell, which has no heading."""
        return self.limit if self.spread_m else ceil(NEAREST_SHARE * self.limit)


@dataclass(frozen=True, slots=True)
class Fences:
    """The regions to monitor.

    Attributes:
        rows: rows of ``facility_search.cards``, nearest first; each is the centre of a circle of RADIUS_M.
        refresh_m: radius of the refresh region around the origin.
        expires_at: when the phone must request new regions, wherever it is.
        data_version: see ``geo.database.data_version``.
    """

    rows: Sequence[Row]
    refresh_m: float
    expires_at: datetime
    data_version: str


@dataclass(frozen=True, slots=True)
class _Place:
    facility_id: int
    location: Point
    offers: frozenset[str]
    distance_m: float
    sure_stars: float
    closes_at: datetime | None

    @property
    def precedence(self) -> tuple[float, int]:
        """Sort key: of two overlapping places, the one with the lower key is kept, independently of the phone."""
        return -self.sure_stars, self.facility_id


_NEAREST = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID_WGS84}) AS origin,
               {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking
    ), looked AS MATERIALIZED (
        SELECT best.* FROM asked
        CROSS JOIN LATERAL unnest(facility_search.best_around(
            asked.origin, :looked_to_m, asked.needs, asked.ranking, CAST(:as_of AS timestamptz), :how_many)) AS best
    )
    SELECT f.id, ST_X(f.location) AS lon, ST_Y(f.location) AS lat, f.offers, looked.distance_m,
           looked.quality - :doubt * looked.sd AS sure_stars, looked.verdict <> 'squat'
               AND hours.welcome_during @> tstzrange(:as_of, :stays_until) AS watchable,
           (SELECT min(upper(span)) FROM unnest(hours.welcome_during) AS span WHERE upper(span) > :as_of) AS closes_at
    FROM looked JOIN facility f ON f.id = looked.facility_id AND NOT looked.is_doubtful
    CROSS JOIN LATERAL (SELECT {WELCOME_DURING} AS welcome_during) AS hours
    ORDER BY looked.distance_m, f.id
    """  # noqa: S608 - joined from constants
)

_CARDS = text(
    f"""
    WITH asked AS MATERIALIZED (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), {SRID_WGS84}) AS origin,
               {search.NEEDS_SQL} AS needs, {search.RANKING_SQL} AS ranking
    )
    SELECT pg_current_snapshot()::text AS data_version, card.*
    FROM asked
    LEFT JOIN LATERAL facility_search.cards(
        ARRAY(SELECT (one.facility_id, ST_DistanceSphere(f.location, asked.origin), one.quality, one.sd, one.verdict,
                      NULL, false)::facility_search.ranked
              FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS chosen (id, place)
              JOIN facility f ON f.id = chosen.id
              CROSS JOIN LATERAL facility_search.one(chosen.id, CAST(:as_of AS timestamptz)) AS one
              ORDER BY chosen.place),
        asked.origin, asked.needs, asked.ranking, CAST(:as_of AS timestamptz)) AS card ON true
    """  # noqa: S608 - joined from constants
)


def watch(session: Session, query: FencesQuery) -> Fences:
    """Return the regions to monitor, and the refresh region in which they stay valid.

    Raises:
        CellTooCoarse: no refresh region can contain the whole cell.
    """
    parameters = _parameters(query)
    kept, known_m = _kept_around(session, query, parameters)
    nearest, others = kept[: query.nearest], kept[query.nearest :]
    chosen = [*nearest, *_ahead(query, others)]
    half = ceil(len(chosen) / 2)
    first_beyond_m = others[0].distance_m if others else known_m
    farthest_of_half_m = chosen[half - 1].distance_m if chosen else 0.0
    room_m = max(0.0, (first_beyond_m - farthest_of_half_m) / 2 - ROUNDING_M)
    if query.spread_m and room_m < 2 * query.spread_m:
        _refuse_cell(room_m)
    closes = [place.closes_at for place in chosen if place.closes_at]
    ids = [place.facility_id for place in sorted(chosen, key=lambda place: (place.distance_m, place.facility_id))]
    rows = session.execute(_CARDS, {**parameters, "ids": ids}).mappings().all()
    return Fences(
        [row for row in rows if row["id"] is not None],
        room_m - query.spread_m,
        min([query.as_of + LONGEST, *closes]),
        rows[0]["data_version"],
    )


def _refuse_cell(room_m: float) -> NoReturn:
    finer = coarsest_within(room_m)
    instead = "lat and lon" if finer is None else f"one of resolution {finer} or finer"
    raise CellTooCoarse(f"is too coarse for the density of places there: send {instead}")


def _parameters(query: FencesQuery) -> Mapping[str, object]:
    return {
        "lon": query.origin.lon,
        "lat": query.origin.lat,
        "looked_to_m": _LOOKED_TO_M,
        "doubt": RANKINGS["balanced", "walk"].kappa,
        "stays_until": query.as_of + STAYS_OPEN,
        **needs_parameters(query.needs),
        "open_states": list(query.needs.open_states or OFFERED_STATES),
        **search.ranking_parameters(RANKINGS["distance", "walk"], "walk"),
        "as_of": query.as_of,
    }


def _kept_around(session: Session, query: FencesQuery, parameters: Mapping[str, object]) -> tuple[list[_Place], float]:
    """Return the places kept after thinning, nearest first, and the distance up to which they are complete."""
    how_many = _LOOKED_AT_FIRST * query.limit
    while True:
        rows = session.execute(_NEAREST, {**parameters, "how_many": how_many}).mappings().all()
        is_all = len(rows) < how_many
        looked_to_m = _LOOKED_TO_M if is_all else rows[-1]["distance_m"]
        kept, known_m = thinned([_place(row, query.needs) for row in rows if row["watchable"]], looked_to_m)
        if is_all or len(kept) > 2 * query.limit or how_many >= _LOOKED_AT_MOST:
            return kept, known_m
        how_many *= _GROWTH


def _place(row: Row, needs: search.Needs) -> _Place:
    offers = frozenset(row["offers"])
    return _Place(
        row["id"],
        Point(row["lon"], row["lat"]),
        offers & frozenset(needs.kinds) if needs.kinds else offers,
        row["distance_m"],
        row["sure_stars"],
        row["closes_at"],
    )


def thinned(places: Sequence[_Place], looked_to_m: float) -> tuple[list[_Place], float]:
    """Thin places: of overlapping places with equal offers, keep the better one.

    A place is kept if no better one that overlaps it is kept, which depends only on the places around it. Near the edge
    of the searched area it may depend on places outside; such a place is uncertain.

    Args:
        places: all places within looked_to_m of the origin.
        looked_to_m: radius of the searched area.

    Returns:
        The places kept, nearest first, and the distance up to which they are complete.
    """
    neighbours = _overlapping(places)
    kept: set[int] = set()
    unsure: dict[int, float] = {}
    for place in sorted(places, key=lambda place: place.precedence):
        better = [other for other in neighbours[place.facility_id] if other.precedence < place.precedence]
        if any(other.facility_id in kept for other in better):
            continue
        at_edge = place.distance_m + 2 * RADIUS_M > looked_to_m
        if at_edge or any(other.facility_id in unsure for other in better):
            unsure[place.facility_id] = place.distance_m
        else:
            kept.add(place.facility_id)
    known_m = min([looked_to_m, WATCHED_TO_M, *unsure.values()])
    sure = [place for place in places if place.facility_id in kept and place.distance_m < known_m]
    return sorted(sure, key=lambda place: (place.distance_m, place.facility_id)), known_m


def _overlapping(places: Sequence[_Place]) -> Mapping[int, list[_Place]]:
    """Return, for each place, those with equal offers within twice the radius, by a grid of that size."""
    grid: defaultdict[tuple[int, int], list[_Place]] = defaultdict(list)
    neighbours: defaultdict[int, list[_Place]] = defaultdict(list)
    for place in places:
        for cell in _cells_around(place.location):
            for other in grid[cell]:
                if place.offers & other.offers and distance_m(place.location, other.location) < 2 * RADIUS_M:
                    neighbours[place.facility_id].append(other)
                    neighbours[other.facility_id].append(place)
        grid[_cell(place.location)].append(place)
    return neighbours


_ROW_DEG = degrees(2 * RADIUS_M / EARTH_RADIUS_M) * 1.01
"""Height of a row of the grid: a hundredth more than the maximum difference of two overlapping places."""


def _cell(location: Point) -> tuple[int, int]:
    row = floor(location.lat / _ROW_DEG)
    return row, floor(location.lon / _column_deg(row)) % _columns(row)


def _columns(row: int) -> int:
    """Return the number of columns of a row: each is as wide as the row is high, where the row is narrowest."""
    narrowest = min(cos(radians(row * _ROW_DEG)), cos(radians((row + 1) * _ROW_DEG)))
    return max(1, floor(360 * max(narrowest, 0) / _ROW_DEG))


def _column_deg(row: int) -> float:
    return 360 / _columns(row)


def _cells_around(location: Point) -> Iterator[tuple[int, int]]:
    row = floor(location.lat / _ROW_DEG)
    cells = set()
    for near_row, step in product((row - 1, row, row + 1), (-1, 0, 1)):
        columns = _columns(near_row)
        cells.add((near_row, (floor(location.lon / _column_deg(near_row)) + step) % columns))
    yield from cells


def _ahead(query: FencesQuery, others: Sequence[_Place]) -> list[_Place]:
    """Return the best of the other places, by stars against distance from here or from a point ahead."""
    beta_per_m = RANKINGS["balanced", "drive"].beta_stars_per_km / 1000
    ahead = None if query.heading_deg is None else _moved(query.origin, query.heading_deg, AHEAD_M)

    def worth(place: _Place) -> tuple[float, int]:
        away_m = min(place.distance_m, distance_m(ahead, place.location)) if ahead else place.distance_m
        return beta_per_m * away_m - place.sure_stars, place.facility_id

    return sorted(others, key=worth)[: query.limit - query.nearest]


def _moved(start: Point, bearing_deg: float, metres: float) -> Point:
    """Return the point at that distance along a great circle."""
    lat, bearing, angle = radians(start.lat), radians(bearing_deg), metres / EARTH_RADIUS_M
    to_lat = asin(sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing))
    lon = radians(start.lon) + atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(to_lat))
    return Point((degrees(lon) + 540) % 360 - 180, degrees(to_lat))
