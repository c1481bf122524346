"""Locates OSM ways and relations by the positions of their nodes, which are elsewhere in the file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from geo.coordinates import Point
from geo.errors import InvalidCoordinates
from geo.imports.osm_tags import facility_of
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import Position, point_on_outline


@dataclass(slots=True)
class Shape:
    """A way or relation that is a facility, kept until its positions are known.

    Attributes:
        tags: its OSM tags.
        nodes: the nodes of a way in order; the nodes among a relation's members.
        ways: the ways among a relation's members.
    """

    tags: dict[str, str]
    nodes: list[int] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)


def rows_of(
    shapes: Mapping[str, Shape],
    ways: Mapping[int, Sequence[int]],
    positions: Mapping[int, Position],
    nowhere: str = "its geometry has no positions",
) -> Iterator[FacilityRecord | Rejection]:
    """Return shapes as facilities, each at a point on it.

    Args:
        shapes: shapes by name, such as ``way/5``.
        ways: nodes of the ways that are members of relations, by the id of the way.
        positions: positions of the nodes by id. Missing nodes are ignored.
        nowhere: the reason for rejecting a shape without any position.
    """
    for name, shape in shapes.items():
        lines = [ways[way] for way in shape.ways if way in ways] or [shape.nodes]
        drawn = [[positions[node] for node in line if node in positions] for line in lines]
        if any(drawn):
            yield located(name, shape.tags, partial(point_on_outline, drawn))
        else:
            yield Rejection(name, nowhere)


def located(name: str, tags: dict[str, str], locate: Callable[[], Point]) -> FacilityRecord | Rejection:
    """Return an object as a facility; reject it if it has no valid position."""
    try:
        location = locate()
    except InvalidCoordinates as error:
        return Rejection.of(name, error)
    return facility_of(name, location, tags) or Rejection(name, "its tags are not those of a facility")
