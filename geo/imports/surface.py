"""Computes a representative point on the surface of a shape."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coordinates import BoundingBox, Point
from geo.errors import InvalidCoordinates

HALF_CIRCLE_DEG = 180

Position = tuple[float, float]
"""Longitude and latitude in degrees."""


def point_on(shape: BaseGeometry) -> Point:
    """Return a point on the shape: inside an area, or at the middle of a line.

    Raises:
        InvalidCoordinates: the shape is empty, out of range, or wider than half the Earth.
    """
    if shape.is_empty:
        raise InvalidCoordinates("its geometry has no positions")
    BoundingBox(*shape.bounds)
    _require_narrow(shape)
    if isinstance(shape, shapely.LineString):
        point = shape.interpolate(0.5, normalized=True)
    else:
        point = shape.representative_point()
    return Point(point.x, point.y)


def point_on_outline(lines: Sequence[Sequence[Position]]) -> Point:
    """Return a point in the area that the lines enclose together, or on the lines if they enclose none.

    One closed line is an area, one open line a path; several are the outer and inner rings of a multipolygon, whole or
    in pieces. Lines that an extract has truncated enclose nothing, but give the position within metres.

    Raises:
        InvalidCoordinates: there is no position, one is out of range, or a line is wider than half the Earth.
    """
    drawn = [shapely.LineString(line) for line in lines if len(line) > 1]
    if not drawn:
        return point_on(shapely.MultiPoint([position for line in lines for position in line]))
    paths = drawn[0] if len(drawn) == 1 else shapely.MultiLineString(drawn)
    BoundingBox(*paths.bounds)  # the even-odd rule of build_area requires finite positions
    _require_narrow(paths)
    area = shapely.build_area(paths)
    return point_on(paths if area.is_empty else area)


def _require_narrow(shape: BaseGeometry) -> None:
    """Check that no part of a shape crosses the antimeridian, which would put it on the other side of the Earth.

    RFC 7946, section 3.1.9, cuts such shapes in two.
    """
    west, _, east, _ = shapely.bounds(shapely.get_parts(shape)).T
    if (east - west).max() > HALF_CIRCLE_DEG:
        raise InvalidCoordinates("it spans more than 180° of longitude: cut it in two at the antimeridian")
