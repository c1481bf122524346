"""The record that the reader yields and the writer takes."""

from typing import NamedTuple

from shapely.geometry.base import BaseGeometry


class NamedShape(NamedTuple):
    """A named OSM object.

    Attributes:
        external_id: its OSM type and id, such as ``way/5``.
        kind: one of KINDS.
        name: its name.
        population: of a place, if known.
        shape: a point, line or area in WGS84 degrees.
    """

    external_id: str
    kind: str
    name: str
    population: int | None
    shape: BaseGeometry
