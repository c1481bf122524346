"""A route: where its vertices are, how far along, and when the traveller is there.

Legs between vertices are great circles on the sphere of ``geo.coordinates``. Places are unit vectors from the centre of
the Earth, for which neither the antimeridian nor a pole is anything special.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from geo.coordinates import EARTH_RADIUS_M, Point
from geo.errors import InvalidRoute

Floats = NDArray[np.float64]

MAX_LENGTH_M = 2_000_000.0
"""A long day's drive twice over; a longer route is asked for day by day."""

MAX_VERTICES = 20_000
"""One each 100 m of the longest route, finer than routing services draw a motorway."""

MAX_DURATION_S = 14 * 86_400.0
"""A fortnight: opening hours are known for five weeks, and quality for today."""

SAME_PLACE_M = 0.01
"""Vertices nearer than this are one: a centimetre, below the grid of any polyline, has no direction to speak of."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way on the Earth and a time for each place of it; n legs between n + 1 vertices, each of some length.

    Attributes:
        places: (n + 1, 3), unit vectors.
        along_m: (n + 1,), metres from the start, growing.
        begins_s: (n,), seconds from departure at which each leg is begun.
        ends_s: (n,), and at which it ends; where the traveller rests at a vertex, the next one begins later.
    """

    places: Floats
    along_m: Floats
    begins_s: Floats
    ends_s: Floats

    @property
    def length_m(self) -> float:
        """From the first vertex to the last."""
        return float(self.along_m[-1])

    @property
    def duration_s(self) -> float:
        """From departure to arrival."""
        return float(self.ends_s[-1])

    def at(self, along_m: float) -> tuple[Point, float]:
        """Tell where the traveller is after so many metres, and how many seconds after departure, at the earliest."""
        leg = int(np.clip(np.searchsorted(self.along_m, along_m) - 1, 0, len(self.begins_s) - 1))
        start_m, end_m = self.along_m[leg], self.along_m[leg + 1]
        share = float(np.clip((along_m - start_m) / (end_m - start_m), 0, 1))
        between = _between(self.places[leg : leg + 1], self.places[leg + 1 : leg + 2], np.array([share]))[0]
        return point(between), float(self.begins_s[leg] + share * (self.ends_s[leg] - self.begins_s[leg]))

    def cut(self, longest_m: float) -> "Route":
        """Lay more vertices into legs longer than so many metres; the way and its times stay the same."""
        parts = np.maximum(1, np.ceil(np.diff(self.along_m) / longest_m)).astype(np.int64)
        if parts.max() == 1:
            return self
        leg = np.repeat(np.arange(len(parts)), parts)
        part = np.arange(len(leg)) - np.repeat(np.cumsum(parts) - parts, parts)
        begin, end = part / parts[leg], (part + 1) / parts[leg]
        lasts_s = (self.ends_s - self.begins_s)[leg]
        metres = np.diff(self.along_m)[leg]
        return Route(
            np.vstack((_between(self.places[leg], self.places[leg + 1], begin), self.places[-1:])),
            np.append(self.along_m[leg] + begin * metres, self.along_m[-1]),
            self.begins_s[leg] + begin * lasts_s,
            self.begins_s[leg] + end * lasts_s,
        )


def lay(
    vertices: Sequence[tuple[float, float]],
    *,
    speed_kmh: float | None = None,
    duration_s: float | None = None,
    times_s: Sequence[float] | None = None,
) -> Route:
    """Lay a route through vertices, in the time that exactly one of the last three tells.

    Args:
        vertices: (lon, lat) in degrees; one that repeats the one before it is collapsed into it.
        speed_kmh: the same all the way.
        duration_s: of the whole, at the same speed all the way.
        times_s: seconds from departure at each vertex, the first 0, growing; equal only where the place is the same.

    Raises:
        InvalidRoute: too short, too long, too slow, or with times that do not grow; tells which of these is wrong.
        InvalidCoordinates: a vertex lies nowhere on the Earth.
    """
    every = _places(vertices)
    moved = _angles(every[:-1], every[1:]) * EARTH_RADIUS_M >= SAME_PLACE_M
    if not moved.any():
        raise InvalidRoute("line", "goes nowhere: all its points are the same")
    places = every[np.append(True, moved)]
    along_m = np.append(0.0, np.cumsum(_angles(places[:-1], places[1:]) * EARTH_RADIUS_M))
    if along_m[-1] > MAX_LENGTH_M:
        raise InvalidRoute("line", f"is {along_m[-1] / 1000:.0f} km long; {MAX_LENGTH_M / 1000:.0f} km are the most")
    if times_s is not None:
        return Route(places, along_m, *_told_times(np.asarray(times_s, dtype=np.float64), moved))
    if speed_kmh is not None:
        part, whole_s = "speed_kmh", along_m[-1] * 3.6 / speed_kmh if speed_kmh else inf
    else:
        part, whole_s = "duration_s", duration_s or 0.0
    if not 0 < whole_s <= MAX_DURATION_S:
        raise InvalidRoute(part, f"makes the way last {whole_s:.0f} s; {MAX_DURATION_S:.0f} s are the most")
    instants = along_m * (whole_s / along_m[-1])
    return Route(places, along_m, instants[:-1], instants[1:])


def _places(vertices: Sequence[tuple[float, float]]) -> Floats:
    """The vertices as unit vectors, all on the Earth, and neither too few nor too many."""
    if len(vertices) < 2:
        raise InvalidRoute("line", "needs at least two points")
    if len(vertices) > MAX_VERTICES:
        raise InvalidRoute("line", f"has {len(vertices)} points; {MAX_VERTICES} are the most")
    lon, lat = np.array(vertices, dtype=np.float64).T
    for place in np.flatnonzero(~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))):  # NaN is within nothing
        Point(*vertices[int(place)])
    return unit_vectors(lon, lat)


def _told_times(times_s: Floats, moved: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """When each leg begins and ends, by the time told for each vertex."""
    if len(times_s) != len(moved) + 1:
        raise InvalidRoute("times_s", f"has {len(times_s)} times for {len(moved) + 1} points")
    if not np.isfinite(times_s).all() or times_s[0] != 0:
        raise InvalidRoute("times_s", "must begin with 0: seconds after depart_at")
    steps = np.diff(times_s)
    wrong = np.flatnonzero(np.where(moved, steps <= 0, steps < 0))
    if len(wrong):
        raise InvalidRoute("times_s", f"must grow from vertex to vertex, and does not at {wrong[0] + 1}")
    if times_s[-1] > MAX_DURATION_S:
        raise InvalidRoute("times_s", f"ends after {times_s[-1]:.0f} s; {MAX_DURATION_S:.0f} s are the most")
    return times_s[:-1][moved], times_s[1:][moved]


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Turn degrees into unit vectors, (n, 3)."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def lon_lat(places: Floats) -> tuple[Floats, Floats]:
    """Turn unit vectors, (n, 3), into degrees."""
    x, y, z = places.T
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def point(place: Floats) -> Point:
    """Turn one unit vector into a point."""
    lon, lat = lon_lat(place[np.newaxis])
    return Point(float(lon[0]), float(lat[0]))


def _angles(a: Floats, b: Floats) -> Floats:
    """The angle in radians between unit vectors, row by row; exact for small ones, as arccos is not."""
    result: Floats = 2 * np.arctan2(np.linalg.norm(a - b, axis=1), np.linalg.norm(a + b, axis=1))
    return result


def _between(a: Floats, b: Floats, share: Floats) -> Floats:
    """The place that far on the great circle from a to b, row by row."""
    angle = _angles(a, b)
    weight_a, weight_b = np.sin((1 - share) * angle) / np.sin(angle), np.sin(share * angle) / np.sin(angle)
    result: Floats = weight_a[:, np.newaxis] * a + weight_b[:, np.newaxis] * b
    return result
