"""H3 cells, which a phone may send instead of its position."""

import h3

from geo.coordinates import Point

COARSEST = 5
FINEST = 10
"""Accepted resolutions: from cells of about 10 km for regions with few places to about 80 m for dense cities."""

_SPREAD = 1.2
"""Maximum distance of a cell's corners from its centre, in mean edge lengths of its resolution. The maximum over
thousands of random cells and those around the pentagons is 1.102; a test checks it."""


def resolution(cell: str) -> int | None:
    """Return the resolution of a cell; None if the text is not a valid H3 cell."""
    if not h3.is_valid_cell(cell) or cell != cell.lower():
        return None
    return int(h3.get_resolution(cell))


def centre(cell: str) -> Point:
    """Return the centre of a cell."""
    lat, lon = h3.cell_to_latlng(cell)
    return Point(lon, lat)


def cell_at(location: Point, at_resolution: int) -> str:
    """Return the cell that contains a position."""
    return str(h3.latlng_to_cell(location.lat, location.lon, at_resolution))


def spread_m(at_resolution: int) -> float:
    """Return the maximum distance of a cell's corners from its centre."""
    return _SPREAD * float(h3.average_hexagon_edge_length(at_resolution, unit="m"))


def coarsest_within(room_m: float) -> int | None:
    """Return the coarsest resolution whose refresh region contains the whole cell; None if not even the finest does.

    Args:
        room_m: half the gap that the region is derived from. The cell's spread is subtracted once for the neighbours'
            corners; the rest must contain the cell itself.
    """
    return next((step for step in range(COARSEST, FINEST + 1) if 2 * spread_m(step) <= room_m), None)
