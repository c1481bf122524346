"""Reads OpenStreetMap extracts: PBF and the other formats of libosmium (XML, also compressed)."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import osmium
from osmium.osm import NODE, WAY, Location, Node, Way

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.osm_kinds import KEYS
from geo.imports.osm_shapes import Shape, located, rows_of
from geo.imports.osm_tags import is_facility
from geo.imports.osm_xml import read_versions
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import Position

NAMES = {"n": "node", "w": "way", "r": "relation"}

UNDEFINED = Location().x
"""libosmium's value for a missing coordinate."""


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the facilities of an extract: nodes, then ways and relations as a point on them.

    If there are relevant ways and relations, the file is read twice more for their positions; only those are held in
    memory. Deleted objects are skipped.

    Raises:
        UnreadableFile: the file is missing, damaged, truncated, incomplete, or not an OSM extract.
    """
    with reading_errors(path):
        yield from _read(path)


@contextmanager
def reading_errors(path: Path) -> Iterator[None]:
    """Translate the errors of libosmium.

    Raises:
        UnreadableFile: the file is missing, damaged, truncated, or not an OSM extract.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        # libosmium raises a RuntimeError for a missing or damaged file, a ValueError for a number out of range.
        reason = str(error).partition("\n")[0].replace(str(path), path.name)
        raise UnreadableFile(f"{path.name} cannot be read as an OSM extract: {reason}") from error


def _read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    versions = read_versions(path)
    shapes: dict[str, Shape] = {}
    positions: dict[int, Position] = {}
    referenced = osmium.IdTracker()
    processor = osmium.FileProcessor(path)
    if processor.header.has_multiple_object_versions:
        raise UnreadableFile(
            f"{path.name} is a history or a change file: extract one instant with `osmium time-filter`"
        )
    found: Any
    for found in processor.with_filter(osmium.filter.KeyFilter(*KEYS)):
        tags = dict(found.tags)
        if not is_facility(tags):
            continue
        name = f"{NAMES[found.type_str()]}/{found.id}"
        if found.deleted or not versions.is_current(name, found.version):
            continue
        if isinstance(found, Node):
            yield located(name, tags, partial(_point_of, found.location))
        else:
            shapes[name] = _shape_of(found, tags)
            referenced.add_references(found)
            # A response of Overpass can contain the positions of a way's nodes within the way.
            positions |= _positions_within(found)
    if shapes:
        referenced.complete_backward_references(path)
        yield from _read_shapes(path, shapes, positions, referenced)


def _point_of(location: Location) -> Point:
    if UNDEFINED in {location.x, location.y}:
        raise InvalidCoordinates("it has no position")
    return Point(location.lon_without_check(), location.lat_without_check())


def _positions_within(found: Any) -> dict[int, Position]:
    nodes = found.nodes if isinstance(found, Way) else ()
    return {node.ref: (node.lon, node.lat) for node in nodes if node.location.valid()}


def _shape_of(found: Any, tags: dict[str, str]) -> Shape:
    if isinstance(found, Way):
        return Shape(tags, nodes=[node.ref for node in found.nodes])
    members = [(member.type, member.ref) for member in found.members]
    return Shape(
        tags,
        nodes=[ref for kind, ref in members if kind == "n"],
        ways=[ref for kind, ref in members if kind == "w"],
    )


def _read_shapes(
    path: Path, shapes: dict[str, Shape], positions: dict[int, Position], referenced: osmium.IdTracker
) -> Iterator[FacilityRecord | Rejection]:
    ways: dict[int, list[int]] = {}
    found: Any
    for found in osmium.FileProcessor(path, NODE | WAY).with_filter(referenced.id_filter()):
        if found.deleted:
            continue
        if isinstance(found, Way):
            ways[found.id] = [node.ref for node in found.nodes]
        elif UNDEFINED not in {found.location.x, found.location.y}:
            positions[found.id] = found.location.lon_without_check(), found.location.lat_without_check()
    yield from rows_of(shapes, ways, positions)
