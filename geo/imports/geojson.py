"""Reads GeoJSON (RFC 7946): a FeatureCollection with OSM tags or with this project's properties."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import shape

from geo.coordinates import Point
from geo.errors import InvalidCoordinates
from geo.imports import osm_tags, own_fields
from geo.imports.json_stream import stream_items
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.source_file import is_json_lines, json_lines, start_of
from geo.imports.surface import point_on

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
    features = json_lines(path) if is_json_lines(start_of(path)) else stream_items(path, "features")
    for number, feature in enumerate(features, start=1):
        row = _facility_of_feature(read_properties, feature)
        if row is None or (isinstance(row, Rejection) and is_passed_over(feature)):
            continue
        yield row if row.external_id else replace(row, external_id=f"feature {number}")


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
        return Rejection(external_id, str(error))
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
    raise InvalidCoordinates("it has no geometry")


def _point_on_geometry(geometry: dict[str, Any]) -> Point:
    try:
        return point_on(shape(geometry))
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError, ShapelyError) as error:
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
    return isinstance(value, str | int | float) and not isinstance(value, bool) and not key.startswith("@")


def _facility_of_own(external_id: str, location: Point, properties: dict[str, Any]) -> FacilityRecord | Rejection:
    tags = properties.pop("tags", None) or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return Rejection(external_id, "tags must be an object with string values")
    properties.pop("external_id", None)
    properties.pop("id", None)
    return own_fields.facility_of(external_id, location, properties, tags)
