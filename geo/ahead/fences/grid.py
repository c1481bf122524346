"""A grid on the sphere, with which overlapping regions are found without comparing all pairs."""

from collections.abc import Iterator
from itertools import product
from math import cos, degrees, floor, radians

from geo.coordinates import EARTH_RADIUS_M, Point

RADIUS_M = 150.0
"""Radius of a region: phones detect smaller ones late or never."""

_ROW_DEG = degrees(2 * RADIUS_M / EARTH_RADIUS_M) * 1.01
"""Height of a row of the grid: a hundredth more than the maximum difference of two overlapping places."""


def cell_of(location: Point) -> tuple[int, int]:
    """Return the row and the column of a position."""
    row = floor(location.lat / _ROW_DEG)
    return row, floor(location.lon / _column_deg(row)) % _columns(row)


def _columns(row: int) -> int:
    """Return the number of columns of a row: each is as wide as the row is high, where the row is narrowest."""
    narrowest = min(cos(radians(row * _ROW_DEG)), cos(radians((row + 1) * _ROW_DEG)))
    return max(1, floor(360 * max(narrowest, 0) / _ROW_DEG))


def _column_deg(row: int) -> float:
    return 360 / _columns(row)


def cells_around(location: Point) -> Iterator[tuple[int, int]]:
    """Yield the cell of a position and its neighbours: positions within twice the radius lie in one of them."""
    row = floor(location.lat / _ROW_DEG)
    cells = set()
    for near_row, step in product((row - 1, row, row + 1), (-1, 0, 1)):
        columns = _columns(near_row)
        cells.add((near_row, (floor(location.lon / _column_deg(near_row)) + step) % columns))
    yield from cells
