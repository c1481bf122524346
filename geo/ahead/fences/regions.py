"""Selects the regions that a phone should monitor, and the refresh region in which the selection stays valid.

Places with equal offers are thinned first, independently of the phone's position, so that their circles do not overlap.
Of the rest, the nearest are selected and, for a position, the best of the way ahead. docs/fences.md has the proof for
the refresh region.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import asin, atan2, ceil, cos, degrees, radians, sin
from typing import NamedTuple, NoReturn

from geo.ahead.fences.cells import coarsest_within
from geo.ahead.fences.thinning import Place, thinned
from geo.ahead.suggestion import suggestion_needs
from geo.coordinates import EARTH_RADIUS_M, Point
from geo.database import Session
from geo.errors import CellTooCoarse
from geo.facilities import search
from geo.facilities.cards import Card
from geo.facilities.ranking import RANKINGS, distance_m
from geo.rows import driver_pairs, driver_text

DWELL_S = 90
"""Time inside before text is shown: a bus crosses a region in half a minute, a walker in four minutes."""

NEAREST_SHARE = 0.75
"""Share of the set for the nearest regions, which determine the refresh region; the rest is for the way ahead."""

AHEAD_M = 3_000.0
"""Distance ahead, along the heading, at which places count as near."""

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
_LOOKED_AT_MOST = 2_000
"""Maximum number of places that are thinned: in a city that has a hundred on each square kilometre, those of 3 km."""


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
        cards: the places, nearest first; each is the centre of a circle of RADIUS_M.
        refresh_m: radius of the refresh region around the origin.
        expires_at: when the phone must request new regions, wherever it is.
        data_version: see ``geo.rows.data_version``.
    """

    cards: Sequence[Card]
    refresh_m: float
    expires_at: datetime
    data_version: str


class _Candidate(NamedTuple):
    """The other columns of facility_search.fence_candidates."""

    facility_id: int
    lon: float
    lat: float
    offers: list[str]
    distance_m: float
    sure_stars: float
    is_watchable: bool
    closes_at: datetime | None


class _Looked(NamedTuple):
    """The first column of facility_search.fence_candidates."""

    to_m: float


class _Version(NamedTuple):
    """The first column of facility_search.fence."""

    data_version: str


_CANDIDATES = driver_text(
    """
    SELECT * FROM facility_search.fence_candidates(
        facility_search.point(:lon, :lat), :within_m, CAST(:needs AS facility_search.needs),
        CAST(:ranking AS facility_search.ranking), :kappa, :as_of, :stays_until, :how_many)
    """
)

_FENCES = driver_text(
    """
    SELECT data_version, (card).*
    FROM facility_search.fences(CAST(:facility_ids AS bigint[]), facility_search.point(:lon, :lat),
        CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking), :as_of)
    """
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
    pairs = driver_pairs(session, _FENCES, {**parameters, "facility_ids": ids}, _Version, Card)
    return Fences(
        [card for _, card in pairs if card is not None],
        room_m - query.spread_m,
        min([query.as_of + LONGEST, *closes]),
        pairs[0][0].data_version,
    )


def _refuse_cell(room_m: float) -> NoReturn:
    finer = coarsest_within(room_m)
    instead = "lat and lon" if finer is None else f"one of resolution {finer} or finer"
    raise CellTooCoarse(f"is too coarse for the density of places there: send {instead}")


def _parameters(query: FencesQuery) -> Mapping[str, object]:
    return {
        "lon": query.origin.lon,
        "lat": query.origin.lat,
        "within_m": _LOOKED_TO_M,
        "needs": search.needs_parameter(suggestion_needs(query.needs)),
        "ranking": search.ranking_parameter("distance", "walk"),
        "kappa": RANKINGS["balanced", "walk"].kappa,
        "as_of": query.as_of,
        "stays_until": query.as_of + STAYS_OPEN,
    }


def _kept_around(session: Session, query: FencesQuery, parameters: Mapping[str, object]) -> tuple[list[Place], float]:
    """Return the places kept after thinning, nearest first, and the distance up to which they are complete."""
    how_many = _LOOKED_AT_FIRST * query.limit
    while True:
        looked = driver_pairs(session, _CANDIDATES, {**parameters, "how_many": how_many}, _Looked, _Candidate)
        candidates = [candidate for _, candidate in looked if candidate is not None]
        is_all = len(candidates) < how_many
        looked_to_m = looked[0][0].to_m if is_all else candidates[-1].distance_m
        watchable = [_place(candidate, query.needs) for candidate in candidates if candidate.is_watchable]
        kept, known_m = thinned(watchable, looked_to_m)
        if is_all or len(kept) > 2 * query.limit or how_many >= _LOOKED_AT_MOST:
            return kept, known_m
        how_many = min(_GROWTH * how_many, _LOOKED_AT_MOST)


def _place(candidate: _Candidate, needs: search.Needs) -> Place:
    offers = frozenset(candidate.offers)
    return Place(
        candidate.facility_id,
        Point(candidate.lon, candidate.lat),
        offers & frozenset(needs.kinds) if needs.kinds else offers,
        candidate.distance_m,
        candidate.sure_stars,
        candidate.closes_at,
    )


def _ahead(query: FencesQuery, others: Sequence[Place]) -> list[Place]:
    """Return the best of the other places, by stars against distance from here or from a point ahead."""
    beta_per_m = RANKINGS["balanced", "drive"].beta_stars_per_km / 1000
    ahead = None if query.heading_deg is None else _moved(query.origin, query.heading_deg, AHEAD_M)

    def worth(place: Place) -> tuple[float, int]:
        away_m = min(place.distance_m, distance_m(ahead, place.location)) if ahead else place.distance_m
        return beta_per_m * away_m - place.sure_stars, place.facility_id

    return sorted(others, key=worth)[: query.limit - query.nearest]


def _moved(start: Point, bearing_deg: float, metres: float) -> Point:
    """Return the point at that distance along a great circle."""
    lat, bearing, angle = radians(start.lat), radians(bearing_deg), metres / EARTH_RADIUS_M
    to_lat = asin(sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing))
    lon = radians(start.lon) + atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(to_lat))
    return Point((degrees(lon) + 540) % 360 - 180, degrees(to_lat))
