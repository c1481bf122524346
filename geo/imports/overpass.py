"""Overpass API replies in JSON: nodes, and ways and relations after ``out center``, ``geom`` or ``bb``."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.json_stream import stream_items
from geo.imports.osm_tags import facility_of, is_facility
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import Position, point_on_outline

TAIL_BYTES = 4096
"""How far from the end Overpass's remark is looked for; it follows the elements and is one sentence."""

FAILURE = re.compile(rb'"remark"\s*:\s*"(runtime error[^"]*)"')


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the facilities of a reply; the other elements (the nodes of its ways) are passed over.

    Raises:
        UnreadableFile: the file is missing, no JSON, cut short, no Overpass reply, or a reply that says that
        the
            server gave up half-way: taken for the whole, it would close every place that it lacks.
    """
    _check_complete(path)
    for number, element in enumerate(stream_items(path, "elements"), start=1):
        tags = element.get("tags") if isinstance(element, dict) else None
        if not isinstance(tags, dict):
            continue
        tags = {key: value for key, value in tags.items() if isinstance(value, str)}
        if is_facility(tags):
            yield _facility_of_element(element, tags, number)


def _check_complete(path: Path) -> None:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            failure = FAILURE.search(file.read())
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error
    if failure:
        raise UnreadableFile(f"{path.name} is incomplete: {failure[1].decode(errors='replace')}")


def _facility_of_element(element: dict[str, Any], tags: dict[str, str], number: int) -> FacilityRecord | Rejection:
    if not isinstance(element.get("type"), str) or not isinstance(element.get("id"), int):
        return Rejection(f"element {number}", "it has no type and id")
    external_id = f"{element['type']}/{element['id']}"
    try:
        location = _location_of(element)
    except InvalidCoordinates as error:
        return Rejection(external_id, str(error))
    return facility_of(external_id, location, tags) or Rejection(external_id, "its tags are those of no facility")


def _location_of(element: dict[str, Any]) -> Point:
    """Give the best place that the element knows: its own, on its surface, its centre, its box's."""
    position = _position_of(element)
    if position:
        return Point(*position)
    lines = _outline_of(element)
    if any(lines):
        return point_on_outline(lines)
    position = _position_of(element.get("center")) or _middle_of(element.get("bounds"))
    if position:
        return Point(*position)
    raise InvalidCoordinates("it has no position")


def _outline_of(element: dict[str, Any]) -> list[list[Position]]:
    if "members" not in element:
        return [_line_of(element.get("geometry"))]
    members = [member for member in _list_of(element["members"]) if isinstance(member, dict)]
    lines = [_line_of(member.get("geometry")) for member in members]
    nodes = list(filter(None, map(_position_of, members)))
    return lines if any(lines) else [nodes]


def _line_of(geometry: Any) -> list[Position]:
    # ``out geom(bbox)`` gives null for what lies outside the box.
    return list(filter(None, map(_position_of, _list_of(geometry))))


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
        }:
            return (west + east) / 2, (south + north) / 2
    return None
