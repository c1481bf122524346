"""A route: the positions of its vertices, their distance along it, and when the traveller is there.

Legs between vertices are great circles on the sphere of ``geo.coordinates``. Positions are unit vectors from the centre
of the Earth, for which the antimeridian and the poles are no special cases.
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
"""Maximum length: two long days' drive. Request a longer route day by day."""

MAX_VERTICES = 20_000
"""One per 100 m of the longest route, more than routing services return for a motorway."""

MAX_DURATION_S = 14 * 86_400.0
"""Maximum duration: two weeks. Opening hours are known for five weeks."""

SAME_POSITION_M = 0.01
"""Vertices nearer than this are merged: at a centimetre, below the precision of polylines, directions are noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A path on the Earth with a time for each position: n legs of positive length between n + 1 vertices.

    Attributes:
        positions: (n + 1, 3), unit vectors.
        along_m: (n + 1,), metres from the start, increasing.
        begins_s: (n,), seconds from departure at the start of each leg.
        ends_s: (n,), the same at its end. If the traveller rests at a vertex, the next leg begins later.
    """

    positions: Floats
    along_m: Floats
    begins_s: Floats
    ends_s: Floats

    @property
    def length_m(self) -> float:
        """Length from the first vertex to the last."""
        return float(self.along_m[-1])

    @property
    def duration_s(self) -> float:
        """Duration from departure to arrival."""
        return float(self.ends_s[-1])

    def at(self, along_m: float) -> tuple[Point, float]:
        """Return the position after so many metres, and the earliest time there in seconds from departure."""
        leg = int(np.clip(np.searchsorted(self.along_m, along_m) - 1, 0, len(self.begins_s) - 1))
        start_m, end_m = self.along_m[leg], self.along_m[leg + 1]
        share = float(np.clip((along_m - start_m) / (end_m - start_m), 0, 1))
        between = _between(self.positions[leg : leg + 1], self.positions[leg + 1 : leg + 2], np.array([share]))[0]
        return point(between), float(self.begins_s[leg] + share * (self.ends_s[leg] - self.begins_s[leg]))

    def cut(self, longest_m: float) -> "Route":
        """Split legs longer than so many metres; the path and its times do not change."""
        parts = np.maximum(1, np.ceil(np.diff(self.along_m) / longest_m)).astype(np.int64)
        if parts.max() == 1:
            return self
        leg = np.repeat(np.arange(len(parts)), parts)
        part = np.arange(len(leg)) - np.repeat(np.cumsum(parts) - parts, parts)
        begin, end = part / parts[leg], (part + 1) / parts[leg]
        lasts_s = (self.ends_s - self.begins_s)[leg]
        metres = np.diff(self.along_m)[leg]
        return Route(
            np.vstack((_between(self.positions[leg], self.positions[leg + 1], begin), self.positions[-1:])),
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
    """Create a route through vertices, with the timing of exactly one of the last three arguments.

    Args:
        vertices: (lon, lat) in degrees; repeated vertices are merged.
        speed_kmh: constant speed.
        duration_s: total duration, at constant speed.
        times_s: seconds from departure at each vertex: starts with 0 and increases; equal only for equal vertices.

    Raises:
        InvalidRoute: the route is too short, too long or too slow, or its times do not increase.
        InvalidCoordinates: a vertex is out of range.
    """
    every = _positions(vertices)
    moved = _angles(every[:-1], every[1:]) * EARTH_RADIUS_M >= SAME_POSITION_M
    if not moved.any():
        raise InvalidRoute("line", "needs two distinct points")
    positions = every[np.append(True, moved)]
    along_m = np.append(0.0, np.cumsum(_angles(positions[:-1], positions[1:]) * EARTH_RADIUS_M))
    if along_m[-1] > MAX_LENGTH_M:
        raise InvalidRoute("line", f"is {along_m[-1] / 1000:.0f} km long; the maximum is {MAX_LENGTH_M / 1000:.0f} km")
    if times_s is not None:
        return Route(positions, along_m, *_given_times(np.asarray(times_s, dtype=np.float64), moved))
    if speed_kmh is not None:
        part, whole_s = "speed_kmh", along_m[-1] * 3.6 / speed_kmh if speed_kmh else inf
    else:
        part, whole_s = "duration_s", duration_s or 0.0
    if not 0 < whole_s <= MAX_DURATION_S:
        raise InvalidRoute(part, f"gives a duration of {whole_s:.0f} s; the maximum is {MAX_DURATION_S:.0f} s")
    instants = along_m * (whole_s / along_m[-1])
    return Route(positions, along_m, instants[:-1], instants[1:])


def _positions(vertices: Sequence[tuple[float, float]]) -> Floats:
    """Return the vertices as unit vectors, after checking their range and number."""
    if len(vertices) < 2:
        raise InvalidRoute("line", "needs at least two points")
    if len(vertices) > MAX_VERTICES:
        raise InvalidRoute("line", f"has {len(vertices)} points; the maximum is {MAX_VERTICES}")
    lon, lat = np.array(vertices, dtype=np.float64).T
    for index in np.flatnonzero(~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))):  # NaN fails every comparison
        Point(*vertices[int(index)])
    return unit_vectors(lon, lat)


def _given_times(times_s: Floats, moved: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return when each leg begins and ends, from the time given for each vertex."""
    if len(times_s) != len(moved) + 1:
        raise InvalidRoute("times_s", f"has {len(times_s)} times for {len(moved) + 1} points")
    if not np.isfinite(times_s).all() or times_s[0] != 0:
        raise InvalidRoute("times_s", "must start with 0: values are seconds after depart_at")
    steps = np.diff(times_s)
    wrong = np.flatnonzero(np.where(moved, steps <= 0, steps < 0))
    if len(wrong):
        raise InvalidRoute("times_s", f"must increase from vertex to vertex, but does not at {wrong[0] + 1}")
    if times_s[-1] > MAX_DURATION_S:
        raise InvalidRoute("times_s", f"ends after {times_s[-1]:.0f} s; the maximum is {MAX_DURATION_S:.0f} s")
    return times_s[:-1][moved], times_s[1:][moved]


def unit_vectors(lon: Floats, lat: Floats) -> Floats:
    """Convert degrees to unit vectors, (n, 3)."""
    lon, lat = np.radians(lon), np.radians(lat)
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def lon_lat(positions: Floats) -> tuple[Floats, Floats]:
    """Convert unit vectors, (n, 3), to degrees."""
    x, y, z = positions.T
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def point(position: Floats) -> Point:
    """Convert one unit vector to a point."""
    lon, lat = lon_lat(position[np.newaxis])
    return Point(float(lon[0]), float(lat[0]))


def _angles(a: Floats, b: Floats) -> Floats:
    """Return the angle in radians between unit vectors, row by row; unlike arccos it is exact for small angles."""
    result: Floats = 2 * np.arctan2(np.linalg.norm(a - b, axis=1), np.linalg.norm(a + b, axis=1))
    return result


def _between(a: Floats, b: Floats, share: Floats) -> Floats:
    """Return the position at a share of the great circle from a to b, row by row."""
    angle = _angles(a, b)
    weight_a, weight_b = np.sin((1 - share) * angle) / np.sin(angle), np.sin(share * angle) / np.sin(angle)
    result: Floats = weight_a[:, np.newaxis] * a + weight_b[:, np.newaxis] * b
    return result
