"""Thins places so that their regions do not overlap, independently of the phone's position."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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


def _overlapping(places: Sequence[Place]) -> Mapping[int, list[Place]]:
    """Return, for each place, those with equal offers within twice the radius, by a grid of that size."""
    grid: defaultdict[tuple[int, int], list[Place]] = defaultdict(list)
    neighbours: defaultdict[int, list[Place]] = defaultdict(list)
    for place in places:
        for cell in cells_around(place.location):
            for other in grid[cell]:
                if place.offers & other.offers and distance_m(place.location, other.location) < 2 * RADIUS_M:
                    neighbours[place.facility_id].append(other)
                    neighbours[other.facility_id].append(place)
        grid[cell_of(place.location)].append(place)
    return neighbours
