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
from geo.imports.json_stream import read_text, stream_items
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.source_file import contains, is_json_lines, json_lines, start_of
from geo.imports.surface import point_on

WGS84_NAMES = ("CRS84", "CRS84H", ":4326", ":4979")
"""Ends of the names of WGS84 in longitude and latitude in the member ``crs`` of GeoJSON before RFC 7946."""

_OSM_TYPES = {"n": "node", "w": "way", "r": "relation"}
_SHORT_OSM_ID = re.compile(r"([nwra])(\d{1,19})", re.ASCII)

_NOT_TAGS = frozenset(("full_id", "osm_id", "osm_type"))
"""Properties that QuickOSM adds to the tags."""

IdReader = Callable[[dict[str, Any], dict[str, Any]], str]
PropertiesReader = Callable[[str, Point, dict[str, Any]], FacilityRecord | Rejection | None]


def read_osm(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read features whose properties are OSM tags; skip those that are not facilities.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, or not a FeatureCollection.
    """
    return _read(path, _facility_of_tags, _is_no_facility, _osm_id_of)


def read_own(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read features whose properties are named as in FacilityRecord; ``tags`` may be an object with string values.

    Raises:
        UnreadableFile: the file is missing, not JSON, truncated, or not a FeatureCollection.
    """
    return _read(path, _facility_of_own, lambda _feature: False, _external_id_of)


def _read(
    path: Path, read_properties: PropertiesReader, is_passed_over: Callable[[Any], bool], id_of: IdReader
) -> Iterator[FacilityRecord | Rejection]:
    for number, feature in enumerate(_features_of(path), start=1):
        row = _facility_of_feature(read_properties, id_of, feature)
        if row is None or (isinstance(row, Rejection) and is_passed_over(feature)):
            continue
        yield row if row.external_id else replace(row, external_id=f"feature {number}")


def _features_of(path: Path) -> Iterator[Any]:
    if is_json_lines(start_of(path)):
        return json_lines(path)
    if contains(path, b'"crs"'):
        crs = read_text(path, "crs.properties.name") or WGS84_NAMES[0]
        if not crs.upper().endswith(WGS84_NAMES):
            raise UnreadableFile(
                f"{path.name} is in the coordinate reference system {crs}, not in WGS84 degrees; convert it with"
                f" `ogr2ogr -f GeoJSON -t_srs EPSG:4326 OUT.geojson {path.name}`"
            )
    return stream_items(path, "features")


def _facility_of_feature(
    read_properties: PropertiesReader, id_of: IdReader, feature: Any
) -> FacilityRecord | Rejection | None:
    if not isinstance(feature, dict):
        return Rejection("", "a feature must be an object")
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        return Rejection(id_of(feature, {}), "properties must be an object")
    external_id = id_of(feature, properties)
    if not external_id:
        return Rejection("", "it has no id")
    try:
        location = location_of(feature.get("geometry"))
    except InvalidCoordinates as error:
        return Rejection.of_position(external_id, error)
    return read_properties(external_id, location, properties)


def _external_id_of(feature: dict[str, Any], properties: dict[str, Any]) -> str:
    for name in (
        properties.get("@id"),
        feature.get("id"),
        properties.get("external_id"),
        properties.get("id"),
    ):
        if name is not None and isinstance(name, str | int | float):
            return str(name)
    return ""


def _osm_id_of(feature: dict[str, Any], properties: dict[str, Any]) -> str:
    """Return the id as ``node/1``: as written by overpass-turbo, or in the forms of osmium and QuickOSM."""
    match properties:
        case {"@type": str() as type_, "@id": int() | str() as number} if str(number).isdecimal():
            return f"{type_}/{number}"
        case {"osm_type": "node" | "way" | "relation" as type_, "osm_id": int() | str() as number}:
            return f"{type_}/{number}"
    external_id = str(properties.get("full_id", "")) or _external_id_of(feature, properties)
    short = _SHORT_OSM_ID.fullmatch(external_id)
    if short is None:
        return external_id
    if short[1] == "a":  # osmium's areas: twice the id of a way, or twice the id of a relation plus one
        type_, number = ("relation", "way")[int(short[2]) % 2 == 0], int(short[2]) // 2
        return f"{type_}/{number}"
    return f"{_OSM_TYPES[short[1]]}/{short[2]}"


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
            raise InvalidCoordinates("its geometry is a GeometryCollection; use one geometry, such as a Point")
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
    return (
        isinstance(value, str | int | float)
        and not isinstance(value, bool)
        and not key.startswith("@")
        and key not in _NOT_TAGS
    )


def _facility_of_own(external_id: str, location: Point, properties: dict[str, Any]) -> FacilityRecord | Rejection:
    tags = properties.pop("tags", None) or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return Rejection(external_id, "tags must be an object with string values")
    properties.pop("external_id", None)
    properties.pop("id", None)
    return own_fields.facility_of(external_id, location, properties, tags)
