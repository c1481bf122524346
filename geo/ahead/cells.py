"""Coarse cells of the Earth (H3), that may be sent instead of a position."""

import h3

from geo.coordinates import Point

COARSEST = 5
FINEST = 10
"""Resolutions that are taken: cells of some 10 km, for land with few places, to some 80 m, for a city full of them."""

_SPREAD = 1.2
"""A cell's corners lie no farther from its centre than this many times the mean edge of its resolution. The farthest of
thousands of random cells and of those around the pentagons is 1.102 times; a test looks again."""


def resolution(cell: str) -> int | None:
    """The resolution of a cell; None where the text is no H3 cell as H3 writes it."""
    if not h3.is_valid_cell(cell) or cell != cell.lower():
        return None
    return int(h3.get_resolution(cell))


def centre(cell: str) -> Point:
    """The middle of a cell."""
    lat, lon = h3.cell_to_latlng(cell)
    return Point(lon, lat)


def cell_at(location: Point, at_resolution: int) -> str:
    """The cell that a place lies in."""
    return str(h3.latlng_to_cell(location.lat, location.lon, at_resolution))


def spread_m(at_resolution: int) -> float:
    """How far a corner of any cell may lie from its centre."""
    return _SPREAD * float(h3.average_hexagon_edge_length(at_resolution, unit="m"))


def coarsest_within(room_m: float) -> int | None:
    """The coarsest resolution whose refresh region holds the whole cell; None where even the finest does not.

    Args:
        room_m: half the gap that the region is derived from; the cell's spread is taken off it once for the neighbours'
            corners, and what is left must hold the cell itself.
    """
    return next((step for step in range(COARSEST, FINEST + 1) if 2 * spread_m(step) <= room_m), None)
