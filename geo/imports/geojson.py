"""Reads GeoJSON (RFC 7946): a FeatureCollection with OSM tags or with this project's properties."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import shape

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports import osm_tags, own_fields
from geo.imports.files import contains, first_bytes
from geo.imports.json_stream import read_text, stream_items, stream_lines
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.surface import point_on

_WGS84_NAMES = ("CRS84", "CRS84H", ":4326", ":4979")
"""Ends of the names of WGS84; the last one and CRS84H have heights."""

_QUICKOSM_TYPES = {"n": "node", "w": "way", "r": "relation"}
_QUICKOSM_KEYS = frozenset(("full_id", "osm_id", "osm_type"))
"""Properties of QuickOSM that are not tags."""

PropertiesReader = Callable[[str, Point, dict[str, Any]], FacilityRecord | Rejection | None]


def read_osm(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read features whose properties are OSM tags; skip those that are not facilities.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, or not a FeatureCollection.
    """
    return _read(path, _facility_of_tags, _is_no_facility)


def read_own(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read features whose properties are named as in FacilityRecord; ``tags`` may be an object with string values.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, or not a FeatureCollection.
    """
    return _read(path, _facility_of_own, lambda _feature: False)


def _read(
    path: Path, read_properties: PropertiesReader, is_passed_over: Callable[[Any], bool]
) -> Iterator[FacilityRecord | Rejection]:
    start = first_bytes(path)
    _require_degrees(path)
    features = stream_lines(path) if is_feature_line(start) else stream_items(path, "features")
    for number, feature in enumerate(features, start=1):
        row = _facility_of_feature(read_properties, feature)
        if row is None or (isinstance(row, Rejection) and is_passed_over(feature)):
            continue
        yield row if row.external_id else replace(row, external_id=f"feature {number}")


def is_feature_line(start: bytes) -> bool:
    """Return whether a file begins with a feature on a line of its own, as ogr2ogr's GeoJSONSeq writes them."""
    line = start.lstrip(b"\x1e").partition(b"\n")[0]
    return line.startswith(b"{") and b'"Feature"' in line and b'"geometry"' in line and b'"features"' not in line


def _require_degrees(path: Path) -> None:
    """Check the coordinate reference system, which RFC 7946 no longer allows and older files name."""
    name = read_text(path, "crs.properties.name") if contains(path, b'"crs"') else None
    if name and not name.upper().endswith(_WGS84_NAMES):
        system = re.sub(r".*?(\w+):+(?:[\d.]*:)?(\w+)$", r"\1:\2", name)
        stem = path.name.partition(".")[0]
        raise UnreadableFile(
            f"{path.name} is in {system}: convert it with `ogr2ogr -t_srs EPSG:4326 {stem}-4326.geojson {path.name}`"
        )


def _facility_of_feature(read_properties: PropertiesReader, feature: Any) -> FacilityRecord | Rejection | None:
    if not isinstance(feature, dict):
        return Rejection("", "a feature must be an object")
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        return Rejection(_external_id_of(feature, {}), "properties must be an object")
    external_id = _external_id_of(feature, properties)
    if not external_id:
        return Rejection("", "it has no id")
    try:
        location = location_of(feature.get("geometry"))
    except InvalidCoordinates as error:
        return Rejection.of(external_id, error)
    return read_properties(external_id, location, properties)


def _external_id_of(feature: dict[str, Any], properties: dict[str, Any]) -> str:
    if osm_id := _osm_id_of(properties):
        return osm_id
    for name in (
        properties.get("@id"),
        feature.get("id"),
        properties.get("external_id"),
        properties.get("id"),
    ):
        if name is not None and isinstance(name, str | int | float):
            return str(name)
    return ""


def _osm_id_of(properties: dict[str, Any]) -> str | None:
    """Return the id that osmium (``@type``, ``@id``) and QuickOSM (``full_id``) write in other ways."""
    match properties:
        case {"@type": "node" | "way" | "relation" as kind, "@id": int() | str() as number} if str(number).isdecimal():
            return f"{kind}/{number}"
        case {"full_id": str() as full_id} if full_id[:1] in _QUICKOSM_TYPES and full_id[1:].isdecimal():
            return f"{_QUICKOSM_TYPES[full_id[0]]}/{full_id[1:]}"
        case {"osm_type": "node" | "way" | "relation" as kind, "osm_id": int() | str() as number}:
            return f"{kind}/{number}"
    return None


def location_of(geometry: Any) -> Point:
    """Return a point on a GeoJSON geometry.

    Raises:
        InvalidCoordinates: there is no geometry, or it is invalid.
    """
    match geometry:
        # Most files contain only points, which need no shapely.
        case {"type": "Point", "coordinates": [float() | int() as lon, float() | int() as lat, *_]}:
            return Point(lon, lat)
        case {"type": str(), "coordinates": list()}:
            return _point_on_geometry(geometry)
        case {"type": "GeometryCollection"}:
            raise InvalidCoordinates("its geometry is a GeometryCollection; it must be one point, line or area")
    raise InvalidCoordinates("it has no geometry")


def _point_on_geometry(geometry: dict[str, Any]) -> Point:
    try:
        return point_on(shape(geometry))
    except RecursionError as error:
        raise InvalidCoordinates("its coordinates are nested too deeply") from error
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, ShapelyError) as error:
        raise InvalidCoordinates(f"its {geometry['type']} is not valid") from error


def _facility_of_tags(
    external_id: str, location: Point, properties: dict[str, Any]
) -> FacilityRecord | Rejection | None:
    return osm_tags.facility_of(external_id, location, _tags_of(properties))


def _is_no_facility(feature: Any) -> bool:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return isinstance(properties, dict) and not osm_tags.is_facility(_tags_of(properties))


def _tags_of(properties: dict[str, Any]) -> dict[str, str]:
    # overpass-turbo adds @id, @relations and others, which are not tags.
    return {key: str(value) for key, value in properties.items() if _is_tag(key, value)}


def _is_tag(key: str, value: Any) -> bool:
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    return is_text and not key.startswith("@") and key not in _QUICKOSM_KEYS


def _facility_of_own(external_id: str, location: Point, properties: dict[str, Any]) -> FacilityRecord | Rejection:
    tags = properties.pop("tags", None) or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return Rejection(external_id, "tags must be an object with string values")
    properties.pop("external_id", None)
    properties.pop("id", None)
    return own_fields.facility_of(external_id, location, properties, tags)
