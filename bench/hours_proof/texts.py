"""Reads the distinct opening hours of public files, each at the position of one place that has it."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import osmium

from bench.hours_proof.comparison import Place
from geo.coordinates import Point
from geo.imports.australia import HOURS
from geo.imports.english_hours import opening_hours

COLUMNS = ("opening_hours", "horaire", "Hours of Operation", "IsOpen", "OpeningHours")
"""Names of hours in OSM, in Paris' Sanisettes, in New York's restrooms and in Australia's map."""

_FRENCH = re.compile(r"(\d\d?) ?h ?(?:-|à) ?(\d\d?) ?h")


def places_of(path: Path) -> Iterator[Place]:
    """Yield each distinct text of a file (OSM, GeoJSON, JSON or CSV) in OSM syntax where it can be converted."""
    seen = set()
    for text, point in _rows(path):
        if text not in seen:
            seen.add(text)
            yield Place(_osm(text), point)


def _osm(text: str) -> str:
    if french := _FRENCH.fullmatch(text):
        return f"{int(french[1]):02}:00-{int(french[2]):02}:00"
    if re.fullmatch(r"24 ?h ?/ ?24", text):
        return "24/7"
    return opening_hours(text) or HOURS.get(text) or text


def _rows(path: Path) -> Iterator[tuple[str, Point]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                yield from _row(row, row.get("Longitude") or row.get("lon"), row.get("Latitude") or row.get("lat"))
    elif path.suffix in {".json", ".geojson"}:
        document = json.loads(path.read_text(encoding="utf-8"))
        for row in document if isinstance(document, list) else document["features"]:
            lon, lat = _first_position((row.get("geometry") or {}).get("coordinates") or [None, None])
            properties = row.get("fields") or row.get("properties") or {}
            yield from _row({**properties, **(properties.get("tags") or {})}, lon, lat)
    else:
        yield from _osm_objects(path)


def _row(row: Mapping[str, Any], lon: Any, lat: Any) -> Iterator[tuple[str, Point]]:
    text = next((row[column] for column in COLUMNS if row.get(column)), None)
    if text and lon not in {None, ""} and lat not in {None, ""}:
        yield text.strip(), Point(float(lon), float(lat))


def _first_position(coordinates: Any) -> Any:
    while isinstance(coordinates[0], list):
        coordinates = coordinates[0]
    return coordinates[:2]


def _osm_objects(path: Path) -> Iterator[tuple[str, Point]]:
    """Yield all hours, of any object; ways and relations are taken to be where a node of the file is."""
    anywhere = None
    texts = []
    for found in osmium.FileProcessor(str(path)):
        if isinstance(found, osmium.osm.Node) and found.location.valid():
            anywhere = anywhere or Point(found.location.lon, found.location.lat)
        if text := found.tags.get("opening_hours"):
            texts.append(text.strip())
    if anywhere:
        yield from ((text, anywhere) for text in texts)
