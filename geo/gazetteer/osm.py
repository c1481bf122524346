"""Reads the named places, stations and streets of an OpenStreetMap extract."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm import Area, Node, Way
from shapely.geometry.base import BaseGeometry

from geo.errors import UnreadableFile
from geo.gazetteer.models import IMPORTANCE, NAME_MAX_CHARACTERS
from geo.gazetteer.shape import NamedShape
from geo.imports.osm_pbf import reading_errors

NOT_STREETS = frozenset(
    {
        *("abandoned", "construction", "corridor", "disused", "elevator", "emergency_bay", "planned", "platform"),
        *("proposed", "raceway", "razed", "rest_area", "services", "via_ferrata"),
    }
)
"""Values of highway for ways that are no streets, or none yet, or none any more."""

PLACES = IMPORTANCE.keys() - {"station", "halt", "street"}
"""Values of place that are kinds of localities. The others are parts of land, such as city_block and plot."""

_WKB = osmium.geom.WKBFactory()


def kind_of(tags: Mapping[str, str]) -> str | None:
    """Return the kind of locality that an object's tags describe, or None."""
    if tags.get("place") in PLACES:
        return tags["place"]
    if tags.get("railway") == "halt":
        return "halt"
    if tags.get("railway") == "station" or tags.get("public_transport") == "station":
        return "station"
    return "street" if "highway" in tags and tags["highway"] not in NOT_STREETS else None


def read(path: Path) -> Iterator[NamedShape]:
    """Read the named objects of an extract. Areas without all their positions are skipped; ways lack those parts.

    The positions of all nodes of the file are held in memory, 16 bytes each.

    Raises:
        UnreadableFile: the file is missing, damaged, truncated, or not an OSM extract.
    """
    with reading_errors(path):
        yield from _read(path)


def _read(path: Path) -> Iterator[NamedShape]:
    if osmium.io.Reader(path).header().has_multiple_object_versions:
        raise UnreadableFile(
            f"{path.name} is a history or a change file: extract one instant with `osmium time-filter`"
        )
    named = osmium.filter.KeyFilter("name")
    found: Any
    for found in osmium.FileProcessor(path).with_locations().with_areas(named).with_filter(named):
        tags = dict(found.tags)
        kind = kind_of(tags)
        name = " ".join(tags["name"].split())
        if kind is None or not name or len(name) > NAME_MAX_CHARACTERS:
            continue
        shape = _shape_of(found, is_street=kind == "street")
        if shape is not None and shape.is_valid and not shape.is_empty:
            yield NamedShape(_external_id(found), kind, name, _population(tags), shape)


def _shape_of(found: Any, *, is_street: bool) -> BaseGeometry | None:
    """Return the geometry of an object; None if the extract lacks a part of it, or if the object occurs once more.

    A closed way occurs as a way and as an area: the way is used for a street, the area for a place or a station.
    """
    if isinstance(found, Node):
        return (
            shapely.Point(found.location.lon, found.location.lat) if found.location.valid() and not is_street else None
        )
    try:
        if isinstance(found, Way):
            if not is_street and found.is_closed():
                return None
            known = [(node.lon, node.lat) for node in found.nodes if node.location.valid()]
            return shapely.LineString(known) if len(known) > 1 else None
        if isinstance(found, Area) and not (is_street and found.from_way()):
            area = shapely.from_wkb(_WKB.create_multipolygon(found))
            return area.boundary if is_street else area
    except RuntimeError:  # an area that libosmium cannot assemble
        return None
    return None


def _external_id(found: Any) -> str:
    if isinstance(found, Area):
        return f"{'way' if found.from_way() else 'relation'}/{found.orig_id()}"
    return f"{'node' if isinstance(found, Node) else 'way'}/{found.id}"


def _population(tags: Mapping[str, str]) -> int | None:
    text = tags.get("population", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("10000000000") else None
