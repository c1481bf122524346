"""Files that imports do not read: each message says what the file is and what to do."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from geo.errors import UnreadableFile
from geo.imports.foreign import require_readable
from geo.imports.formats import detect_format

OGR = "convert it with `ogr2ogr -f GeoJSON -t_srs EPSG:4326 OUT.geojson"


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return content.getvalue()


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        format_of(path)
    return str(caught.value)


def format_of(path: Path) -> str:
    require_readable(path)
    return detect_format(path)


@pytest.mark.parametrize(
    ("name", "content", "kind", "advice"),
    [
        ("x.gpkg", b"SQLite format 3\0\x10\0", "a GeoPackage", f"{OGR} x.gpkg`"),
        ("x.shp", b"\0\0\x27\x0a\0\0", "a shapefile", f"{OGR} x.shp`"),
        ("x.dbf", b"\x03\x7a", "a part of a shapefile", "ogr2ogr"),
        ("x.prj", b'GEOGCS["GCS"]', "a part of a shapefile", "ogr2ogr"),
        ("x.zip", archive("x.shp", "x.dbf"), "a ZIP archive with a shapefile", f"{OGR} /vsizip/x.zip`"),
        ("x.zip", archive("x.csv"), "a ZIP archive", "extract it"),
        ("x.xlsx", archive("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet", "save its sheet as CSV"),
        ("x.csv", archive("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet", "save its sheet as CSV"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "a spreadsheet", "save its sheet as CSV"),
        (
            "x.kml",
            b'<?xml version="1.0"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">',
            "a KML file",
            f"{OGR} x.kml`",
        ),
        ("x.kmz", archive("doc.kml"), "a compressed KML file", f"{OGR} x.kmz`"),
        ("x.gpx", b"\xef\xbb\xbf<gpx>", "a GPX file", f"{OGR} x.gpx`"),
        ("x.gml", b"<!-- GML --><wfs:FeatureCollection>", "a GML file", f"{OGR} x.gml`"),
        ("x.fgb", b"fgb\x03fgb\0", "a FlatGeobuf file", f"{OGR} x.fgb`"),
        ("x.parquet", b"PAR1\x15\x04", "a Parquet file", f"{OGR} x.parquet`"),
        ("x.geojson.xz", b"\xfd7zXZ\0\0", "compressed with xz", "decompress it"),
        ("x.csv.zst", b"\x28\xb5\x2f\xfd\x04", "compressed with zstd", "decompress it"),
        ("x.csv.bz2", b"BZh91AY", "compressed with bzip2", "decompress it"),
        ("x.pdf", b"%PDF-1.7", "a PDF document", "look for CSV or GeoJSON"),
        ("x.csv", "external_id,kind\n".encode("utf-16"), "text in UTF-16", "save it as UTF-8"),
        ("x.osm.pbf", b"<!DOCTYPE html><html><body>404", "a web page", "the error that it shows"),
        ("x.geojson", b"\n <HTML lang=en>", "a web page", "the error that it shows"),
        ("x.csv.gz", gzip.compress(b"<html>503"), "a web page", "the error that it shows"),
        ("x.osm.pbf", b'{"error": "not found"}', "not an OSM extract in PBF", "download it again"),
        ("x.bin", b"\0\0\0\x0d\n\tOSMHeader", "an OSM extract in PBF", "rename it to x.bin.osm.pbf"),
        ("x.xml", b'<?xml version="1.0"?><osm version="0.6">', "OSM data in XML", "rename it to x.xml.osm"),
        ("x.xml", b"<rss>", "an XML document of an unknown kind", "look for CSV or GeoJSON"),
    ],
)
def test_a_foreign_file_is_refused_with_what_it_is_and_what_to_do(
    tmp_path: Path, name: str, content: bytes, kind: str, advice: str
) -> None:
    message = refusal(tmp_path / name, content)
    assert message.startswith(f"{name} is {kind}")
    assert advice in message
    assert "{" not in message


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("x.csv", b"Name;Type;X\nA;B;C\n", "a table with other columns (Name, Type, X)"),
        ("x.csv", b"a,b,c,d,e,f,g,h,i\n", "a table with other columns (a, b, c, d, e, f, g, h, …)"),
        ("x.tsv", b"id\tname\n", "a table with other columns (id, name)"),
        ("x.json", b'[{"fields": {}}]', "JSON with records of another kind"),
        ("x.json", b'{"type": "Topology", "objects": {}}', "TopoJSON"),
        ("x.json", b'{"geometryType": "esriGeometryPoint", "spatialReference": {}, "features": []}', "Esri JSON"),
        ("x.geojson", b'{"type": "FeatureCollection", "features": []}', "GeoJSON with properties of another kind"),
        ("x.txt", b"Hello\n", "text without columns"),
        ("x.csv", b"Name,Type\rA,B\r", "a table with other columns (Name, Type)"),
        ("x.bin", b"\x01\x02\x03\0", "binary data or text that is not UTF-8"),
    ],
)
def test_an_unknown_text_is_refused_with_what_it_is(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    message = refusal(tmp_path / name, content)
    assert message.startswith(f"{name} has no known format: it is {what}")
    assert "--mapping" in message
