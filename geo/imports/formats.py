"""The import formats by name, with their readers and sources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from geo.errors import UnreadableFile
from geo.imports import australia, csv_table, geojson, overpass
from geo.imports.foreign import OSM_SUFFIXES, unknown_text
from geo.imports.record import FacilityRecord, Reader, Rejection, Source
from geo.imports.source_file import delimiter_in, is_json_lines, start_of


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

OSM_ID = re.compile(
    rb'"@?id"\s*:\s*"(?:node|way|relation)/\d+"'
    rb'|"(?:@type|osm_type)"\s*:\s*"(?:node|way|relation)"|"(?:full_)?id"\s*:\s*"[nwr]\d+"'
)
"""An id as written by overpass-turbo, osmium or QuickOSM."""
COLUMNS = (("csv", ("external_id", "kind")), ("australia", ("ToiletID",)), ("australia", ("FacilityID",)))
"""Formats of tables, and columns that a table of this format has."""
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
    """Return the format of a file that require_readable accepts, detected from its suffix and its first bytes.

    Returns:
        A key of FORMATS.

    Raises:
        UnreadableFile: the file cannot be opened, is empty, or has no known format; the message says what it is.
    """
    start = start_of(path)
    detected = _format_of(path.name.lower(), start)
    if detected is not None:
        return detected
    if not start:
        raise UnreadableFile(f"{path.name} is empty")
    raise UnreadableFile(
        f"{path.name} has no known format: it is {unknown_text(start)}; describe it in a file for --mapping,"
        f" or set --format to one of: {', '.join(FORMATS)}"
    )


def _format_of(name: str, text: bytes) -> str | None:
    if name.endswith(OSM_SUFFIXES):
        return "osm"
    if text.startswith((b"{", b"\x1e")):
        return _format_of_json(text)
    header = text.partition(b"\n")[0].decode(errors="replace")
    for format_, columns in COLUMNS:
        cells = {cell.strip(' \t\r"') for cell in header.split(delimiter_in(header, columns))}
        if cells.issuperset(columns):
            return format_
    return None


def _format_of_json(text: bytes) -> str | None:
    if b'"features"' not in text and not is_json_lines(text):
        return "overpass" if b'"elements"' in text else None
    if OWN_KIND.search(text):
        return "geojson"
    return "osm-geojson" if OSM_ID.search(text) else None
