"""Computes a representative point on the surface of a shape."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from geo.coordinates import BoundingBox, Point
from geo.errors import InvalidCoordinates

Position = tuple[float, float]
"""Longitude and latitude in degrees."""


MAX_SPAN_DEG = 180


def point_on(shape: BaseGeometry) -> Point:
    """Return a point on the shape: inside an area, or at the middle of a line.

    Raises:
        InvalidCoordinates: the shape is empty or out of range.
    """
    if shape.is_empty:
        raise InvalidCoordinates("its geometry has no positions")
    _require_bounds(shape)
    if isinstance(shape, shapely.LineString):
        point = shape.interpolate(0.5, normalized=True)
    else:
        point = shape.representative_point()
    return Point(point.x, point.y)


def _require_bounds(shape: BaseGeometry) -> None:
    """Check that no part of a shape is out of range or spans more than half the Earth.

    Such a part crosses the antimeridian and is not cut there, as RFC 7946, section 3.1.9, requires: read as it is
    written, it lies on the other side of the Earth.
    """
    BoundingBox(*shape.bounds)
    for part in shapely.get_parts(shape):
        west, _, east, _ = part.bounds
        if east - west > MAX_SPAN_DEG:
            raise InvalidCoordinates(
                f"its geometry spans {east - west:.0f}° of longitude; cut it in two at the antimeridian"
                " (RFC 7946, section 3.1.9)"
            )


def point_on_outline(lines: Sequence[Sequence[Position]]) -> Point:
    """Return a point in the area that the lines enclose together, or on the lines if they enclose none.

    One closed line is an area, one open line a path; several are the outer and inner rings of a multipolygon, whole or
    in pieces. Lines that an extract has truncated enclose nothing, but give the position within metres.

    Raises:
        InvalidCoordinates: there is no position, or one is out of range.
    """
    drawn = [shapely.LineString(line) for line in lines if len(line) > 1]
    if not drawn:
        return point_on(shapely.MultiPoint([position for line in lines for position in line]))
    paths = drawn[0] if len(drawn) == 1 else shapely.MultiLineString(drawn)
    _require_bounds(paths)  # the even-odd rule of build_area requires finite positions
    area = shapely.build_area(paths)
    return point_on(paths if area.is_empty else area)
