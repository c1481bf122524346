"""Computes where a route passes places: the distance along it and from it, the side, and the time.

A pass is a maximal stretch of the route within max_offset_m of the place. A new pass begins only after the route has
been farther away for RETURN_AFTER_OFFSETS times max_offset_m of its length: a bend that leaves the disc briefly belongs
to the same pass, a road that returns is another one.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.ahead.timed_route import Floats, Route, lon_lat, unit_vectors
from geo.coordinates import EARTH_RADIUS_M
from geo.errors import InvalidRoute

Ints = NDArray[np.int64]
Side = Literal["left", "right", "on"]

RETURN_AFTER_OFFSETS = 1.0
"""Length of the route outside the disc before a new pass begins, in multiples of max_offset_m."""

ON_ROUTE_M = 10.0
"""Distance below which the side is ``on``: half the width of a motorway, and the error of maps."""

SAME_OFFSET_M = 1e-6
"""Offsets that differ by less count as equal, and the earlier one is used: a micrometre is rounding."""

LONGEST_PIECE_M = 10_000.0
SHORTEST_PIECE_M = 1_000.0
"""Bounds of the length of pieces, which is otherwise twice max_offset_m. Longer pieces have boxes with more places off
the route; shorter ones have more and overlapping boxes."""

_BOX_SPARE_M = 2.0
"""Margin for a great circle of SHORTEST_PIECE_M outside the box of its ends (0.4 m at _POLAR_LAT), and rounding."""

_POLAR_LAT = 87.0
"""Latitude beyond which a box spans all longitudes."""

MAX_PAIRS = 1_500_000
MAX_PASSES = 10_000
"""Maximum numbers of pairs of a place and a leg near it, and of passes. A road of 2,000 km with vertices each
100 m has a million pairs and 5,000 passes at 5 km offset. Larger requests go back and forth in one city and would take
seconds."""

_PAIRS_AT_ONCE = 1 << 18
"""Pairs of a place and a leg that are processed together, in about 60 MB."""


class Boxes(NamedTuple):
    """Boxes in degrees, (n,) each, that contain all points within some distance of a piece of the route."""

    piece: Ints
    west: Floats
    south: Floats
    east: Floats
    north: Floats


class Passes(NamedTuple):
    """Passes in order along the route, (n,) each.

    Attributes:
        key: key of the place.
        along_m: metres from the start to the route's point nearest to the place.
        offset_m: great-circle distance from that point to the place.
        lateral_m: distance to the left of the direction of travel; negative to the right.
        arrive_s: seconds from departure.
    """

    key: Ints
    along_m: Floats
    offset_m: Floats
    lateral_m: Floats
    arrive_s: Floats

    def sides(self) -> list[Side]:
        """Return the side of the route on which each place lies."""
        on = (self.offset_m <= ON_ROUTE_M) | (np.abs(self.lateral_m) <= ON_ROUTE_M)
        sides: list[Side] = np.where(on, "on", np.where(self.lateral_m > 0, "left", "right")).tolist()
        return sides


class _Near(NamedTuple):
    """Stretches of legs within max_offset_m of a place, (n,) each; begin, end and nearest in radians of the leg."""

    key: Ints
    row: Ints
    leg: Ints
    begin: Floats
    end: Floats
    nearest: Floats
    offset: Floats

    def take(self, rows: Ints) -> "_Near":
        """Return these rows, in this order."""
        return _Near._make(column[rows] for column in self)


class Track:
    """A route prepared for finding places along it: cut into short legs, which are grouped into pieces."""

    def __init__(self, route: Route, max_offset_m: float) -> None:
        """Prepare the route.

        Args:
            route: the route.
            max_offset_m: maximum distance of places from the route, at most some kilometres.
        """
        self._max_offset_m = max_offset_m
        self._route = route.cut(SHORTEST_PIECE_M)
        piece_m = min(max(2 * max_offset_m, SHORTEST_PIECE_M), LONGEST_PIECE_M)
        number = np.floor(self._route.along_m[:-1] / piece_m)
        self._first_leg = np.flatnonzero(np.append(True, np.diff(number) > 0))
        self._legs = np.diff(np.append(self._first_leg, len(number)))
        starts, ends = self._route.positions[:-1], self._route.positions[1:]
        # (a + b) x (b - a) = 2 (a x b), and keeps its precision where a and b are near
        across = np.cross(starts + ends, ends - starts)
        self._left = across / np.linalg.norm(across, axis=1)[:, np.newaxis]
        self._ahead = np.cross(self._left, starts)
        self._leg_rad = np.diff(self._route.along_m) / EARTH_RADIUS_M

    def boxes(self) -> Boxes:
        """Return boxes of all places within max_offset_m of each piece; two for one across the antimeridian."""
        lon, lat = lon_lat(self._route.positions)
        lon = np.degrees(np.unwrap(np.radians(lon)))
        last = self._first_leg + self._legs
        west, east = (_over_pieces(f, lon, self._first_leg, last) for f in (np.minimum, np.maximum))
        south, north = (_over_pieces(f, lat, self._first_leg, last) for f in (np.minimum, np.maximum))
        reach_rad = (self._max_offset_m + _BOX_SPARE_M) / EARTH_RADIUS_M
        south, north = south - np.degrees(reach_rad), north + np.degrees(reach_rad)
        farthest_lat = np.minimum(np.maximum(np.abs(south), np.abs(north)), _POLAR_LAT)
        # The widest meridian distance of a circle on a sphere is asin(sin(r) / cos(lat)).
        width = np.degrees(np.arcsin(np.minimum(1, np.sin(reach_rad) / np.cos(np.radians(farthest_lat)))))
        polar = np.maximum(np.abs(south), np.abs(north)) > _POLAR_LAT
        west, east = np.where(polar, -180, west - width), np.where(polar, 180, east + width)
        return _within_the_map(Boxes(np.arange(len(west)), west, np.maximum(south, -90), east, np.minimum(north, 90)))

    def passes(self, piece: Ints, key: Ints, lon: Floats, lat: Floats) -> Passes:
        """Return the passes of places. The input has a row for each place and each piece whose boxes contain it.

        Args:
            piece: (n,), its number in ``boxes``.
            key: (n,), of the place.
            lon: (n,), degrees.
            lat: (n,), degrees.

        Raises:
            InvalidRoute: there are too many places near the route.
        """
        if self._legs[piece].sum() > MAX_PAIRS:
            raise too_many()
        places = unit_vectors(lon, lat)
        found = [self._near(places, key, rows, legs) for rows, legs in self._pairs(piece)]
        if not any(len(near.key) for near in found):
            return Passes(np.empty(0, np.int64), *(np.empty(0) for _ in Passes._fields[1:]))
        passes = self._nearest(places, _Near._make(np.concatenate(columns) for columns in zip(*found, strict=True)))
        if len(passes.key) > MAX_PASSES:
            raise too_many()
        return passes

    def _pairs(self, piece: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Yield pairs of a row and each leg of its piece, in batches."""
        legs = self._legs[piece]
        total = np.cumsum(legs)
        start = 0
        while start < len(piece):
            before = total[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(total, before + _PAIRS_AT_ONCE, side="right")))
            rows = np.repeat(np.arange(start, stop), legs[start:stop])
            first_of_row = np.repeat(total[start:stop] - legs[start:stop] - before, legs[start:stop])
            yield rows, self._first_leg[piece[rows]] + np.arange(len(rows)) - first_of_row
            start = stop

    def _near(self, places: Floats, key: Ints, rows: Ints, legs: Ints) -> _Near:
        """Return the part of each leg that is within max_offset_m of its place."""
        place = places[rows]
        off = np.arcsin(np.clip(np.einsum("ij,ij->i", place, self._left[legs]), -1, 1))
        # sin^2(w/2) = (sin^2(r/2) - sin^2(off/2)) / cos(off): half the chord of the disc on the leg's great circle
        half_chord = (np.sin(self._max_offset_m / EARTH_RADIUS_M / 2) ** 2 - np.sin(off / 2) ** 2) / np.cos(off)
        near = np.flatnonzero(half_chord >= 0)
        place, rows, legs, off = place[near], rows[near], legs[near], off[near]
        foot = np.arctan2(
            np.einsum("ij,ij->i", place, self._ahead[legs]), np.einsum("ij,ij->i", place, self._route.positions[legs])
        )
        width = 2 * np.arcsin(np.sqrt(np.minimum(1, half_chord[near])))
        nearest = np.clip(foot, 0, self._leg_rad[legs])
        begin, end = np.maximum(foot - width, 0), np.minimum(foot + width, self._leg_rad[legs])
        haversine = np.sin(off / 2) ** 2 + np.cos(off) * np.sin((foot - nearest) / 2) ** 2
        offset = 2 * np.arcsin(np.sqrt(np.minimum(1, haversine)))
        kept = np.flatnonzero(begin <= end)
        return _Near(key[rows], rows, legs, begin, end, nearest, offset).take(kept)

    def _nearest(self, places: Floats, near: _Near) -> Passes:
        """Join the near parts into passes, and take the nearest point of each, the earlier of equals."""
        start_m = self._route.along_m[near.leg]
        order = np.lexsort((start_m + near.begin * EARTH_RADIUS_M, near.key))
        near, start_m = near.take(order), start_m[order]
        away_m = (start_m + near.begin * EARTH_RADIUS_M)[1:] - (start_m + near.end * EARTH_RADIUS_M)[:-1]
        comes_back = away_m > RETURN_AFTER_OFFSETS * self._max_offset_m
        number = np.cumsum(np.append(False, (np.diff(near.key) != 0) | comes_back))
        along_m, offset_m = start_m + near.nearest * EARTH_RADIUS_M, near.offset * EARTH_RADIUS_M
        by_offset = np.lexsort((along_m, np.round(offset_m / SAME_OFFSET_M), number))
        best = by_offset[np.flatnonzero(np.append(True, np.diff(number[by_offset]) > 0))]
        best = best[np.lexsort((near.key[best], along_m[best]))]
        leg = near.leg[best]
        share = near.nearest[best] / self._leg_rad[leg]
        begins_s, ends_s = self._route.begins_s[leg], self._route.ends_s[leg]
        return Passes(
            near.key[best],
            along_m[best],
            offset_m[best],
            self._lateral_m(places[near.row[best]], leg, share),
            begins_s + share * (ends_s - begins_s),
        )

    def _lateral_m(self, place: Floats, leg: Ints, share: Floats) -> Floats:
        """Return how far to the left of the route each place lies.

        Nearest to a vertex, by the mean of its two legs' directions: one leg alone would have a place outside a sharp
        bend on the wrong side (Baerentzen, Aanaes, IEEE TVCG 11, 2005, on pseudonormals).
        """
        last = len(self._left) - 1
        before = np.where((share <= 0) & (leg > 0), leg - 1, leg)
        after = np.where((share >= 1) & (leg < last), leg + 1, leg)
        left = self._left[before] + self._left[after]
        length = np.linalg.norm(left, axis=1)
        turns_back = length < 1e-9
        left = np.where(turns_back[:, np.newaxis], self._left[leg], left / np.maximum(length, 1e-9)[:, np.newaxis])
        lateral: Floats = np.arcsin(np.clip(np.einsum("ij,ij->i", place, left), -1, 1)) * EARTH_RADIUS_M
        return lateral


def too_many() -> InvalidRoute:
    """Return the error for a route with too many places near it."""
    return InvalidRoute(
        "max_offset_m", "too many places are this near to the route: reduce it, or send a part of the route"
    )


def _over_pieces(reduce: np.ufunc, values: Floats, first: Ints, last: Ints) -> Floats:
    """Return the minimum or maximum over the vertices of each piece, including the one shared with the next."""
    own: Floats = reduce(reduce.reduceat(values[:-1], first), values[last])
    return own


def _within_the_map(boxes: Boxes) -> Boxes:
    """Normalise west and east to -180 to 180; split a box across the antimeridian in two."""
    turns = np.floor((boxes.west + 180) / 360) * 360
    west, east = boxes.west - turns, boxes.east - turns
    whole = east - west >= 360
    west, east = np.where(whole, -180, west), np.where(whole, 180, east)
    beyond = east > 180
    return Boxes(
        np.append(boxes.piece, boxes.piece[beyond]),
        np.append(west, np.full(beyond.sum(), -180.0)),
        np.append(boxes.south, boxes.south[beyond]),
        np.append(np.minimum(east, 180), east[beyond] - 360),
        np.append(boxes.north, boxes.north[beyond]),
    )
