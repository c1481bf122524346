"""OSM ways and relations without a position of their own: the positions of their nodes stand elsewhere in the file."""

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
    """A way or relation that is a facility, remembered until its positions are known.

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
    """Read shapes as facilities, each at a point on it.

    Args:
        shapes: by their names, such as ``way/5``.
        ways: the nodes of the ways that relations have as members, by the id of the way.
        positions: of the nodes, by their ids. What the file lacks is left out; the rest still gives the place.
        nowhere: why a shape is rejected of which the file has no position at all.
    """
    for name, shape in shapes.items():
        lines = [ways[way] for way in shape.ways if way in ways] or [shape.nodes]
        drawn = [[positions[node] for node in line if node in positions] for line in lines]
        if any(drawn):
            yield located(name, shape.tags, partial(point_on_outline, drawn))
        else:
            yield Rejection(name, nowhere)


def located(name: str, tags: dict[str, str], locate: Callable[[], Point]) -> FacilityRecord | Rejection:
    """Read an object as a facility; reject it where it has no valid position."""
    try:
        location = locate()
    except InvalidCoordinates as error:
        return Rejection(name, str(error))
    return facility_of(name, location, tags) or Rejection(name, "its tags are those of no facility")
