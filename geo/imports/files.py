"""Opens files to import, also compressed ones, and says what a file is that cannot be read."""

import csv
import gzip
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import IO, cast

from geo.errors import UnreadableFile

SNIFFED_BYTES = 65536
"""Bytes of a file that are read to detect what it is: a header row, or a JSON document's first features."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

DELIMITERS = (",", ";", "\t", "|")
"""Characters between the cells of CSV files."""

_GZIP = b"\x1f\x8b"

_COMPRESSED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
"""The first bytes of compressed files that are not read."""

_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")

_SPREADSHEET_PARTS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")
"""Contents of spreadsheets, which are ZIP archives."""

OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")

_PBF_HEADER_BYTES = 32
"""The first bytes of a PBF file, which contain the name of its first block."""

_GEODATA = {
    b"SQLite format 3\x00": "a GeoPackage",
    b"\x00\x00\x27\x0a": "a shapefile",
    b"PAR1": "a Parquet file",
    b"fgb": "a FlatGeobuf file",
}
"""The first bytes of geodata that ogr2ogr converts."""

_GEODATA_XML = {b"<kml": "KML", b"<gpx": "GPX", b"featurecollection": "GML"}
_PARTS_OF_SHAPEFILE = (".dbf", ".shx", ".prj", ".cpg")
_WEB_PAGE = (b"<!doctype html", b"<html")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading; the content of a gzip file, whatever its name.

    Raises:
        UnreadableFile: the file cannot be opened, or its compression is damaged.
    """
    try:
        with path.open("rb") as file:
            is_compressed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            if not is_compressed:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as content:
                yield cast("IO[bytes]", content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFile(f"{path.name} is truncated or damaged: {error}") from error
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror or error}") from error


def first_bytes(path: Path) -> bytes:
    """Return the start of a file's content without a byte order mark and white space.

    Raises:
        UnreadableFile: the file cannot be opened, or it is of a kind that is not read; the message says what to do.
    """
    with opened(path) as file:
        start = file.read(SNIFFED_BYTES)
    if kind := _foreign_kind(path, start):
        raise UnreadableFile(f"{path.name} is {kind}")
    return start.removeprefix(BYTE_ORDER_MARK).lstrip()


def contains(path: Path, text: bytes) -> bool:
    """Return whether a file's content contains a text.

    Raises:
        UnreadableFile: the file cannot be opened.
    """
    before = b""
    with opened(path) as file:
        while piece := file.read(SNIFFED_BYTES):
            if text in before + piece:
                return True
            before = piece[-len(text) :]
    return False


def delimiter_of(header: str, wanted: Collection[str] = ()) -> str:
    """Return the delimiter by which the first row of a CSV file has the most wanted columns, or else the most columns.

    Args:
        header: the start of the file.
        wanted: names of columns that the reader knows.
    """

    def found(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader(StringIO(header, newline=""), delimiter=delimiter), [])
        names = [cell.strip() for cell in cells]
        return sum(name in wanted for name in names), len(names)

    return max(DELIMITERS, key=found)


def _foreign_kind(path: Path, start: bytes) -> str | None:
    """Return what a file is that cannot be read, and what to do; None for all others."""
    name, stem = path.name.lower(), path.name.partition(".")[0]
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1024].lower()
    to_geojson = f"convert it with `ogr2ogr -t_srs EPSG:4326 {stem}.geojson"
    is_archive = start.startswith(b"PK\x03\x04")
    is_pbf = b"OSMHeader" in start[:_PBF_HEADER_BYTES]
    kinds = [
        (text.startswith(_WEB_PAGE), "a web page, not data: check the address that it was downloaded from"),
        (name.endswith(_SPREADSHEETS), "a spreadsheet: save it as CSV in UTF-8"),
        (is_archive and any(sign in start for sign in _SPREADSHEET_PARTS), "a spreadsheet: save it as CSV in UTF-8"),
        (start.startswith(b"\xd0\xcf\x11\xe0"), "a spreadsheet or another Office document: save it as CSV in UTF-8"),
        (is_archive and b".shp" in start, f"a ZIP archive with a shapefile: {to_geojson} /vsizip/{path.name}`"),
        (is_archive and b".kml" in start, f"compressed KML: {to_geojson} {path.name}`"),
        (start.startswith(b"%PDF"), "a PDF document, from which no data can be read"),
        (is_pbf and not name.endswith(".pbf"), f"an OSM extract in PBF: rename it to {path.name}.osm.pbf"),
        (name.endswith(".pbf") and not is_pbf and start != b"", "no OSM extract in PBF: download it again"),
        (b"<osm" in text and not name.endswith(OSM_SUFFIXES), f"OSM data in XML: rename it to {path.name}.osm"),
        (is_archive, "a ZIP archive: unpack it and import the file in it"),
        (start.startswith((b"\xff\xfe", b"\xfe\xff")), "text in UTF-16: save it in UTF-8"),
        (name.endswith(_PARTS_OF_SHAPEFILE), f"a part of a shapefile: {to_geojson} {stem}.shp`"),
        *((start.startswith(magic), f"{kind}: {to_geojson} {path.name}`") for magic, kind in _GEODATA.items()),
        *(
            (text.startswith(b"<") and element in text, f"{kind}: {to_geojson} {path.name}`")
            for element, kind in _GEODATA_XML.items()
        ),
        *(
            (start.startswith(magic) and not name.endswith(".osm.bz2"), f"compressed with {kind}: unpack it first")
            for magic, kind in _COMPRESSED.items()
        ),
    ]
    return next((kind for is_it, kind in kinds if is_it), None)
