"""Thins places so that their regions do not overlap, independently of the phone's position."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.ahead.fences.grid import RADIUS_M, cell_of, cells_around
from geo.coordinates import Point
from geo.facilities.ranking import distance_m

WATCHED_TO_M = 45_000.0
"""Maximum distance of a region: a phone that travels so far has left the refresh region long before."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place that may get a region.

    Attributes:
        facility_id: its facility.
        location: its position.
        offers: the wanted kinds that it offers.
        distance_m: distance from the phone.
        sure_stars: quality minus its uncertainty.
        closes_at: when it closes; None if unknown.
    """

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


_Grid = defaultdict[tuple[int, int], list[Place]]
"""Places by the cell of the grid that they lie in."""


def thinned(places: Sequence[Place], looked_to_m: float) -> tuple[list[Place], float]:
    """Thin places: of overlapping places with equal offers, keep the better one.

    A place is kept if no better one that overlaps it is kept, which depends only on the places around it. Near the edge
    of the searched area it may depend on places outside; such a place is uncertain.

    Args:
        places: all places within looked_to_m of the origin.
        looked_to_m: radius of the searched area.

    Returns:
        The places kept, nearest first, and the distance up to which they are complete.
    """
    kept: _Grid = defaultdict(list)
    unsure: _Grid = defaultdict(list)
    for place in sorted(places, key=lambda place: place.precedence):
        around = tuple(cells_around(place.location))
        if _overlaps(place, kept, around):
            continue
        is_unsure = place.distance_m + 2 * RADIUS_M > looked_to_m or _overlaps(place, unsure, around)
        (unsure if is_unsure else kept)[cell_of(place.location)].append(place)
    known_m = min([looked_to_m, WATCHED_TO_M, *(place.distance_m for cell in unsure.values() for place in cell)])
    sure = [place for cell in kept.values() for place in cell if place.distance_m < known_m]
    return sorted(sure, key=lambda place: (place.distance_m, place.facility_id)), known_m


def _overlaps(place: Place, others: _Grid, cells: Iterable[tuple[int, int]]) -> bool:
    """Return whether one of the others in these cells has equal offers and is within twice the radius."""
    return any(
        place.offers & other.offers and distance_m(place.location, other.location) < 2 * RADIUS_M
        for cell in cells
        for other in others.get(cell, ())
    )
