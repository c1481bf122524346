"""The import formats by name, with their readers and sources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from geo.errors import UnreadableFile
from geo.imports import australia, csv_table, geojson, overpass
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

SNIFFED_BYTES = 65536
"""Bytes of a file that are read to detect its format: a header row, or a JSON document's first features."""

OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
OSM_ID = re.compile(rb'"@?id"\s*:\s*"(?:node|way|relation)/\d+"')
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


def detect_format(path: Path) -> str:
    """Return a file's format, detected from its suffix and its first bytes.

    Returns:
        A key of FORMATS.

    Raises:
        UnreadableFile: the file cannot be opened, is empty, or has no known format.
    """
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    detected = _format_of(path.name.lower(), text)
    if detected is None:
        if not text:
            raise UnreadableFile(f"{path.name} is empty")
        known = ", ".join(FORMATS)
        raise UnreadableFile(f"{path.name} has no known format; set --format to one of: {known}")
    return detected


def _format_of(name: str, text: bytes) -> str | None:
    if name.endswith(OSM_SUFFIXES):
        return "osm"
    if text.startswith(b"{"):
        return _format_of_json(text)
    columns = {cell.strip(b' \t\r"') for cell in text.partition(b"\n")[0].split(b",")}
    if columns & {b"ToiletID", b"FacilityID"}:
        return "australia"
    return "csv" if {b"external_id", b"kind"} <= columns else None


def _format_of_json(text: bytes) -> str | None:
    if b'"features"' not in text:
        return "overpass" if b'"elements"' in text else None
    if OWN_KIND.search(text):
        return "geojson"
    return "osm-geojson" if OSM_ID.search(text) else None
