"""The import formats by name, with their readers and sources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from geo.errors import UnreadableFile
from geo.imports import australia, csv_table, geojson, overpass
from geo.imports.files import OSM_SUFFIXES, delimiter_of, first_bytes
from geo.imports.record import FacilityRecord, Reader, Rejection, Source


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """An import format.

    Attributes:
        description: description for users.
        read: function that yields the rows of a file.
        source: the source of such files; None if the user must specify it.
    """

    description: str
    read: Reader
    source: Source | None


OPENSTREETMAP = Source("ODbL-1.0", "© OpenStreetMap contributors", "https://www.openstreetmap.org/copyright")
AUSTRALIA = Source("CC-BY-3.0-AU", "Commonwealth of Australia", "https://toiletmap.gov.au")

COLUMNS_SHOWN = 8

_JSON_KINDS = {
    b'"Topology"': "is TopoJSON: convert it with `ogr2ogr -t_srs EPSG:4326 OUT.geojson FILE`",
    b'"geometryType"': "is Esri JSON: its server also has GeoJSON (f=geojson)",
    b'"features"': "is GeoJSON, but its features have neither OSM's ids nor a property kind; {mapping}",
    b'"Feature"': "is GeoJSON, but its features have neither OSM's ids nor a property kind; {mapping}",
    b"": "is JSON of another publisher; {mapping}",
}
"""What JSON is that has no known format, by a text in it."""

OSM_ID = re.compile(
    rb'"@?id"\s*:\s*"(?:node|way|relation)/\d+"|"(?:@type|osm_type)"\s*:\s*"(?:node|way|relation)"|"full_id"\s*:\s*"[nwr]\d+"'
)
OWN_KIND = re.compile(rb'"kind"\s*:\s*"(?:toilets|drinking_water|shower|baby_care)"')


def _read_osm(path: Path) -> Iterator[FacilityRecord | Rejection]:
    # libosmium takes four megabytes, which server processes do not need.
    from geo.imports import osm_pbf  # noqa: PLC0415

    return osm_pbf.read(path)


FORMATS: Mapping[str, ImportFormat] = MappingProxyType(
    {
        "osm": ImportFormat("OpenStreetMap extract (.osm.pbf, .osm)", _read_osm, OPENSTREETMAP),
        "overpass": ImportFormat("Overpass API reply (JSON)", overpass.read, OPENSTREETMAP),
        "osm-geojson": ImportFormat("GeoJSON with OSM tags", geojson.read_osm, OPENSTREETMAP),
        "geojson": ImportFormat("GeoJSON with this project's properties", geojson.read_own, None),
        "australia": ImportFormat("Australian National Public Toilet Map (CSV)", australia.read, AUSTRALIA),
        "csv": ImportFormat("CSV with this project's columns", csv_table.read, None),
    }
)


def format_of(path: Path, name: str | None = None) -> ImportFormat:
    """Return a file's format, by name or detected from its suffix and its first bytes.

    Raises:
        UnreadableFile: the file cannot be opened, is empty, or has no known format; the message says what it is.
    """
    text = first_bytes(path)
    detected = name or _format_of(path.name.lower(), text)
    if detected is None:
        raise UnreadableFile(f"{path.name} {_description(text)}")
    return FORMATS[detected]


def _description(text: bytes) -> str:
    """Return what a file without a known format seems to be, and what to do."""
    mapping = "describe its columns in a mapping (docs/mapping.md) and import it with --mapping"
    if not text:
        return "is empty"
    if text.startswith((b"{", b"[")):
        return next(kind for sign, kind in _JSON_KINDS.items() if sign in text).format(mapping=mapping)
    header = text.partition(b"\n")[0].decode(errors="replace").strip()
    columns = [cell.strip(' "') for cell in header.split(delimiter_of(header))]
    if len(columns) > 1:
        shown = ", ".join(columns[:COLUMNS_SHOWN]) + (", …" if len(columns) > COLUMNS_SHOWN else "")
        return f"is a table with the columns {shown}; {mapping}"
    return f"has no known format; set --format to one of: {', '.join(FORMATS)}"


def _format_of(name: str, text: bytes) -> str | None:
    if name.endswith(OSM_SUFFIXES):
        return "osm"
    if text.startswith((b"{", b"\x1e")):
        return _format_of_json(text)
    header = text.partition(b"\n")[0].decode(errors="replace")
    columns = {cell.strip(' \t\r"') for cell in header.split(delimiter_of(header))}
    if columns & {"ToiletID", "FacilityID"}:
        return "australia"
    return "csv" if {"external_id", "kind"} <= columns else None


def _format_of_json(text: bytes) -> str | None:
    if b'"features"' not in text and not geojson.is_feature_line(text):
        return "overpass" if b'"elements"' in text else None
    if OWN_KIND.search(text):
        return "geojson"
    return "osm-geojson" if OSM_ID.search(text) else None
