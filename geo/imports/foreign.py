"""Recognises files that imports do not read, and says what they are and what to do with them."""

import csv
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from geo.errors import UnreadableFile
from geo.imports.source_file import DELIMITERS, start_of

OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")

BZIP2_MAGIC = b"BZh"

_CONVERT = "convert it with `ogr2ogr -f GeoJSON -t_srs EPSG:4326 OUT.geojson {name}`"
_DECOMPRESS = "decompress it first"
_SAVE_AS_CSV = "save its sheet as CSV in UTF-8"
_LOOK_ELSEWHERE = "look for CSV or GeoJSON at its publisher"

_BY_FIRST_BYTES: Mapping[bytes, tuple[str, str]] = {
    b"SQLite format 3\0": ("a GeoPackage or another SQLite database", _CONVERT),
    b"\x00\x00\x27\x0a": ("a shapefile", _CONVERT),
    b"fgb\x03": ("a FlatGeobuf file", _CONVERT),
    b"PAR1": ("a Parquet file", _CONVERT),
    BZIP2_MAGIC: ("compressed with bzip2", _DECOMPRESS),
    b"\xfd7zXZ\0": ("compressed with xz", _DECOMPRESS),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", _DECOMPRESS),
    b"7z\xbc\xaf\x27\x1c": ("compressed with 7-Zip", _DECOMPRESS),
    b"\xd0\xcf\x11\xe0": ("a spreadsheet or another document of old Microsoft Office", _SAVE_AS_CSV),
    b"%PDF": ("a PDF document", _LOOK_ELSEWHERE),
    b"\xff\xfe": ("text in UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("text in UTF-16", "save it as UTF-8"),
}

_BY_CONTENT_OF_ZIP: Mapping[bytes, tuple[str, str]] = {
    b"[Content_Types].xml": ("a spreadsheet (or another document of Microsoft Office)", _SAVE_AS_CSV),
    b"opendocument.spreadsheet": ("a spreadsheet", _SAVE_AS_CSV),
    b".shp": ("a ZIP archive with a shapefile", _CONVERT.replace("{name}", "/vsizip/{name}")),
    b".dbf": ("a ZIP archive with a shapefile", _CONVERT.replace("{name}", "/vsizip/{name}")),
    b".kml": ("a compressed KML file", _CONVERT),
    b"": ("a ZIP archive", "extract it and import the file that it contains"),
}

_BY_ROOT_OF_XML: Mapping[str, tuple[str, str]] = {
    "html": ("a web page instead of data", "download the file that it links to, or read the error that it shows"),
    "kml": ("a KML file", _CONVERT),
    "gpx": ("a GPX file", _CONVERT),
    "featurecollection": ("a GML file", _CONVERT),
    "osm": ("OSM data in XML", "rename it to {name}.osm"),
    "": ("an XML document of an unknown kind", _LOOK_ELSEWHERE),
}

_ROOT = re.compile(rb"<!doctype\s+(html)|<(?:\w+:)?(\w+)", re.IGNORECASE)

_PARTS_OF_SHAPEFILE = (".dbf", ".shx", ".prj", ".cpg")

_PBF_HEADER_BYTES = 32
"""The first bytes of a PBF file, which contain the name of its first block."""

_COLUMNS_SHOWN = 8


def require_readable(path: Path) -> None:
    """Check by a file's name and first bytes that it is not of a kind that imports cannot read.

    Raises:
        UnreadableFile: the file cannot be opened, or is of such a kind; the message says of which, and what to do.
    """
    found = _foreign_kind(path.name.lower(), start_of(path))
    if found:
        kind, advice = found
        raise UnreadableFile(f"{path.name} is {kind}; {advice.format(name=path.name)}")


def unknown_text(start: bytes) -> str:
    """Return what the first bytes of a file of text without a known format are, in a few words."""
    if start.startswith((b"{", b"[")):
        if re.search(rb'"type"\s*:\s*"Topology"', start):
            return "TopoJSON, which ogr2ogr converts to GeoJSON"
        if b'"geometryType"' in start and b'"spatialReference"' in start:
            return "Esri JSON; its server also returns GeoJSON, with f=geojson"
        is_geojson = re.search(rb'"type"\s*:\s*"Feature(?:Collection)?"', start)
        return "GeoJSON with properties of another kind" if is_geojson else "JSON with records of another kind"
    header = start.partition(b"\n")[0].partition(b"\r")[0].decode(errors="replace")
    if not header.isprintable() and "\t" not in header:
        return "binary data or text that is not UTF-8"
    delimiter = max(DELIMITERS, key=header.count)
    columns = [cell.strip() for cell in next(csv.reader(StringIO(header), delimiter=delimiter), [])]
    if len(columns) == 1:
        return "text without columns"
    more = ", …" if len(columns) > _COLUMNS_SHOWN else ""
    return f"a table with other columns ({', '.join(columns[:_COLUMNS_SHOWN])}{more})"


def _foreign_kind(name: str, start: bytes) -> tuple[str, str] | None:
    """Return what a file is and what to do with it; None if it may be readable."""
    if name.endswith(_PARTS_OF_SHAPEFILE):
        return (
            "a part of a shapefile",
            "convert the file that ends in .shp with `ogr2ogr -f GeoJSON OUT.geojson FILE.shp`",
        )
    if start.startswith(b"PK\x03\x04"):
        return next(found for sign, found in _BY_CONTENT_OF_ZIP.items() if sign in start)
    if start.startswith(b"<"):
        return _kind_of_xml(name, start)
    is_pbf = b"OSMHeader" in start[:_PBF_HEADER_BYTES]
    if is_pbf and not name.endswith(".pbf"):
        return "an OSM extract in PBF", "rename it to {name}.osm.pbf"
    if name.endswith(".pbf") and start and not is_pbf:
        return "not an OSM extract in PBF, although its name says so", "download it again"
    found = next((found for sign, found in _BY_FIRST_BYTES.items() if start.startswith(sign)), None)
    return None if name.endswith(OSM_SUFFIXES) and start.startswith(BZIP2_MAGIC) else found


def _kind_of_xml(name: str, start: bytes) -> tuple[str, str] | None:
    root = _ROOT.search(start)
    tag = (root[1] or root[2]).decode().lower() if root else ""
    if tag.startswith("osm") and name.endswith(OSM_SUFFIXES):
        return None
    return _BY_ROOT_OF_XML.get(tag, _BY_ROOT_OF_XML[""])
