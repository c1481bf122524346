"""Points and boxes on the Earth: WGS84 degrees, longitude before latitude."""

from dataclasses import dataclass
from math import isfinite

from geo.errors import InvalidCoordinates

SRID_WGS84 = 4326
"""EPSG code of WGS84 longitude and latitude in degrees."""

EARTH_RADIUS_M = 6371008.7714150598
"""Radius in metres of the sphere that distances are measured on: the mean radius (2a + b) / 3 of WGS84, the one of
PostGIS's ST_DistanceSphere, so that a distance in Python equals the one in SQL."""


@dataclass(frozen=True, slots=True)
class Point:
    """A position on the Earth.

    Attributes:
        lon: longitude in degrees, -180 to 180.
        lat: latitude in degrees, -90 to 90.

    Raises:
        InvalidCoordinates: either is not finite or lies outside its range.
    """

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lon) and -180 <= self.lon <= 180):
            raise InvalidCoordinates(f"longitude {self.lon} must be between -180 and 180")
        if not (isfinite(self.lat) and -90 <= self.lat <= 90):
            is_swapped = 90 < abs(self.lat) <= 180 and abs(self.lon) <= 90
            raise InvalidCoordinates(f"latitude {self.lat} must be between -90 and 90", is_swapped=is_swapped)


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A box between two meridians and two parallels, in degrees.

    Where ``west`` is greater than ``east`` the box crosses the antimeridian (RFC 7946, section 5.2).

    Raises:
        InvalidCoordinates: a corner is out of range, or south is greater than north.
    """

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        Point(self.west, self.south)
        Point(self.east, self.north)
        if self.south > self.north:
            raise InvalidCoordinates(f"south {self.south} must not be greater than north {self.north}")
