"""Reads Overpass API responses in JSON, with ``out center``, ``geom`` or ``bb``, or with the nodes of ways."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports.files import contains
from geo.imports.json_stream import read_text, stream_items
from geo.imports.osm_shapes import Shape, located, rows_of
from geo.imports.osm_tags import is_facility
from geo.imports.osm_xml import FAILURE
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import HALF_CIRCLE_DEG, Position, point_on_outline

NOWHERE = "it has no position; use `out center` in the Overpass query"


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the facilities of a response; skip other elements (the nodes of its ways).

    If a way or relation has no position, as with overpass-turbo's ``out body; >; out skel qt;``, the file is read once
    or twice more for the positions of its nodes; only those are held in memory.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, not an Overpass response, or an incomplete response,
            whose import would close all places that it lacks.
    """
    _check_complete(path)
    shapes: dict[str, Shape] = {}
    for number, element in enumerate(stream_items(path, "elements"), start=1):
        tags = element.get("tags") if isinstance(element, dict) else None
        if not isinstance(tags, dict) or element.get("visible") is False:
            continue
        tags = {key: value for key, value in tags.items() if isinstance(value, str)}
        if not is_facility(tags):
            continue
        if not isinstance(element.get("type"), str) or not isinstance(element.get("id"), int):
            yield Rejection(f"element {number}", "it has no type and id")
            continue
        name = f"{element['type']}/{element['id']}"
        locate = _locator_of(element)
        if locate is None:
            shapes[name] = _shape_of(element, tags)
        else:
            yield located(name, tags, locate)
    if shapes:
        yield from _read_shapes(path, shapes)


def _check_complete(path: Path) -> None:
    remark = (read_text(path, "remark") if contains(path, b'"remark"') else None) or ""
    if FAILURE.search(remark):
        raise UnreadableFile(f"{path.name} is incomplete: {' '.join(remark.split())}")


def _shape_of(element: dict[str, Any], tags: dict[str, str]) -> Shape:
    members = [member for member in _list_of(element.get("members")) if isinstance(member, dict)]
    nodes, ways = (
        [member["ref"] for member in members if member.get("type") == kind and isinstance(member.get("ref"), int)]
        for kind in ("node", "way")
    )
    return Shape(tags, nodes or _ids_in(element.get("nodes")), ways)


def _read_shapes(path: Path, shapes: dict[str, Shape]) -> Iterator[FacilityRecord | Rejection]:
    wanted_ways = {way for shape in shapes.values() for way in shape.ways}
    ways = dict(_nodes_of_ways(path, wanted_ways)) if wanted_ways else {}
    lines = [*(shape.nodes for shape in shapes.values()), *ways.values()]
    wanted_nodes = {node for line in lines for node in line}
    positions = dict(_positions_of_nodes(path, wanted_nodes)) if wanted_nodes else {}
    yield from rows_of(shapes, ways, positions, NOWHERE)


def _nodes_of_ways(path: Path, wanted: set[int]) -> Iterator[tuple[int, list[int]]]:
    for element in stream_items(path, "elements"):
        match element:
            case {"type": "way", "id": int() as number, "nodes": list() as nodes} if number in wanted:
                yield number, _ids_in(nodes)


def _positions_of_nodes(path: Path, wanted: set[int]) -> Iterator[tuple[int, Position]]:
    for element in stream_items(path, "elements"):
        match element:
            case {"type": "node", "id": int() as number} if number in wanted and (position := _position_of(element)):
                yield number, position


def _locator_of(element: dict[str, Any]) -> Callable[[], Point] | None:
    """Return a function for the element's best position: its own, on its surface, its centre, or its box's centre."""
    position = _position_of(element)
    if position:
        return partial(Point, *position)
    lines = _outline_of(element)
    if any(lines):
        return partial(point_on_outline, lines)
    position = _position_of(element.get("center")) or _middle_of(element.get("bounds"))
    return partial(Point, *position) if position else None


def _outline_of(element: dict[str, Any]) -> list[list[Position]]:
    if "members" not in element:
        return [_line_of(element.get("geometry"))]
    members = [member for member in _list_of(element["members"]) if isinstance(member, dict)]
    lines = [_line_of(member.get("geometry")) for member in members]
    nodes = list(filter(None, map(_position_of, members)))
    return lines if any(lines) else [nodes]


def _line_of(geometry: Any) -> list[Position]:
    # ``out geom(bbox)`` returns null for positions outside the box.
    return list(filter(None, map(_position_of, _list_of(geometry))))


def _ids_in(value: Any) -> list[int]:
    return [number for number in _list_of(value) if isinstance(number, int)]


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _position_of(value: Any) -> Position | None:
    match value:
        case {"lon": float() | int() as lon, "lat": float() | int() as lat}:
            return lon, lat
    return None


def _middle_of(bounds: Any) -> Position | None:
    match bounds:
        case {
            "minlon": float() | int() as west,
            "minlat": float() | int() as south,
            "maxlon": float() | int() as east,
            "maxlat": float() | int() as north,
        } if abs(east - west) <= HALF_CIRCLE_DEG:
            return (west + east) / 2, (south + north) / 2
    return None
