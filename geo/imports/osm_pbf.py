"""OpenStreetMap extracts: PBF, and whatever else libosmium reads (XML, also gzipped or bzipped)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import osmium
from osmium.osm import NODE, WAY, Node, Relation, Way

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.osm_tags import KEYS, facility_of, is_facility
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import Position, point_on_outline


@dataclass(slots=True)
class _Shape:
    """A way or relation that is a facility, remembered until its positions are known.

    Attributes:
        tags: its OSM tags.
        nodes: the nodes of a way in order; the nodes among a relation's members.
        ways: the ways among a relation's members.
    """

    tags: dict[str, str]
    nodes: list[int] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the facilities of an extract: its nodes, then its ways and relations by a point on them.

    The file is passed over twice more for the positions of the ways and relations, if it has any that matter;
    only theirs are held in memory, so that a country costs no more of it than its toilets do.

    Raises:
        UnreadableFile: the file is missing, damaged, cut short, or no OSM extract.
    """
    try:
        yield from _read(path)
    except (RuntimeError, UnicodeDecodeError) as error:
        # libosmium tells of every fault, a missing file too, as a RuntimeError.
        reason = str(error).partition("\n")[0].replace(str(path), path.name)
        raise UnreadableFile(f"{path.name} cannot be read as an OSM extract: {reason}") from error


def _read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    shapes: dict[str, _Shape] = {}
    referenced = osmium.IdTracker()
    for found in osmium.FileProcessor(path).with_filter(osmium.filter.KeyFilter(*KEYS)):
        tags = dict(found.tags)
        if not is_facility(tags):
            continue
        if isinstance(found, Node):
            lon, lat = found.location.lon_without_check(), found.location.lat_without_check()
            yield _located(f"node/{found.id}", tags, partial(Point, lon, lat))
        elif isinstance(found, Way | Relation):
            name, shape = _shape_of(found, tags)
            shapes[name] = shape
            referenced.add_references(found)
    if shapes:
        referenced.complete_backward_references(path)
        yield from _read_shapes(path, shapes, referenced)


def _shape_of(found: Way | Relation, tags: dict[str, str]) -> tuple[str, _Shape]:
    if isinstance(found, Way):
        return f"way/{found.id}", _Shape(tags, nodes=[node.ref for node in found.nodes])
    members = [(member.type, member.ref) for member in found.members]
    return f"relation/{found.id}", _Shape(
        tags,
        nodes=[ref for kind, ref in members if kind == "n"],
        ways=[ref for kind, ref in members if kind == "w"],
    )


def _read_shapes(
    path: Path, shapes: dict[str, _Shape], referenced: osmium.IdTracker
) -> Iterator[FacilityRecord | Rejection]:
    positions: dict[int, Position] = {}
    ways: dict[int, list[int]] = {}
    for found in osmium.FileProcessor(path, NODE | WAY).with_filter(referenced.id_filter()):
        if isinstance(found, Node):
            positions[found.id] = found.location.lon_without_check(), found.location.lat_without_check()
        elif isinstance(found, Way):
            ways[found.id] = [node.ref for node in found.nodes]
    for name, shape in shapes.items():
        # What the extract has cut off is not there; the rest still tells the place.
        lines = [ways[way] for way in shape.ways if way in ways] or [shape.nodes]
        drawn = [[positions[node] for node in line if node in positions] for line in lines]
        yield _located(name, shape.tags, partial(point_on_outline, drawn))


def _located(name: str, tags: dict[str, str], locate: Callable[[], Point]) -> FacilityRecord | Rejection:
    try:
        location = locate()
    except InvalidCoordinates as error:
        return Rejection(name, str(error))
    return facility_of(name, location, tags) or Rejection(name, "its tags are those of no facility")
