"""Files in other forms are read, or refused with what they are and what to do."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports import csv_table, geojson, overpass
from geo.imports.files import DELIMITERS, delimiter_of
from geo.imports.formats import format_of
from geo.imports.record import FacilityRecord, Rejection
from geo.imports.storable import fault_in

FEATURE = {
    "type": "Feature",
    "id": "a1",
    "properties": {"kind": "toilets"},
    "geometry": {"type": "Point", "coordinates": [24.9, 60.1]},
}
OSM_ROW = {"geometry": {"type": "Point", "coordinates": [24.9, 60.1]}, "type": "Feature"}


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), "x")
    return content.getvalue()


def read(path: Path) -> list[FacilityRecord | Rejection]:
    return list(format_of(path).read(path))


def ids(path: Path) -> list[str]:
    return [row.external_id for row in read(path)]


def written(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.osm.pbf", b"<!DOCTYPE html><html><body>404", "a web page"),
        ("a.csv", b"\n\n<html lang='en'>", "a web page"),
        ("a.xlsx", b"PK\x03\x04....", "a spreadsheet: save it as CSV"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "a spreadsheet"),
        ("a.ods", b"PK\x03\x04", "a spreadsheet"),
        ("a.zip", b"PK\x03\x04", "a ZIP archive: unpack it"),
        ("a.zip", archive("x.csv"), "a ZIP archive: unpack it"),
        ("a.zip", archive("x.shp", "x.dbf"), "a ZIP archive with a shapefile: .* a.geojson /vsizip/a.zip`"),
        ("a.kmz", archive("doc.kml"), "compressed KML: convert it"),
        ("a.csv", archive("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet: save it as CSV"),
        ("a.csv", b"\xd0\xcf\x11\xe0", "a spreadsheet or another Office document: save it as CSV"),
        ("a.pdf", b"%PDF-1.7", "a PDF document"),
        ("a.csv.gz", gzip.compress(b"<html>503", mtime=0), "a web page"),
        ("a.osm.pbf", b'{"error": "not found"}', "no OSM extract in PBF: download it again"),
        ("a.bin", b"\0\0\0\x0d\n\tOSMHeader", "an OSM extract in PBF: rename it to a.bin.osm.pbf"),
        ("a.xml", b'<?xml version="1.0"?><osm version="0.6">', "OSM data in XML: rename it to a.xml.osm"),
        (
            "a.gpkg",
            b"SQLite format 3\x00",
            r"a GeoPackage: convert it with `ogr2ogr -t_srs EPSG:4326 a.geojson a.gpkg`",
        ),
        ("a.shp", b"\x00\x00\x27\x0a\x00", r"a shapefile: convert it with `ogr2ogr -t_srs EPSG:4326 a.geojson a.shp`"),
        ("a.dbf", b"\x03y\x07", r"a part of a shapefile: .* a.geojson a.shp`"),
        ("a.kml", b"<?xml version='1.0'?>\n<kml xmlns='x'>", "KML: convert it"),
        ("a.gml", b"<?xml version='1.0'?><wfs:FeatureCollection>", "GML: convert it"),
        ("a.gpx", b"<gpx version='1.1'>", "GPX: convert it"),
        ("a.parquet", b"PAR1....", "a Parquet file: convert it"),
        ("a.fgb", b"fgb\x03fgb", "a FlatGeobuf file: convert it"),
        ("a.csv", "external_id,kind".encode("utf-16"), "text in UTF-16: save it in UTF-8"),
        ("a.csv.bz2", b"BZh91AY", "compressed with bzip2: unpack it"),
        ("a.csv.zst", b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it"),
        ("a.csv.xz", b"\xfd7zXZ\x00", "compressed with xz: unpack it"),
    ],
)
def test_a_file_that_is_not_read_is_named_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = written(tmp_path / name, content)
    for format_name in (None, "csv"):
        with pytest.raises(UnreadableFile, match=f"^{name} is {message}"):
            format_of(path, format_name)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("compress", [False, True])
def test_a_table_is_read_with_any_delimiter_and_compressed(tmp_path: Path, delimiter: str, compress: bool) -> None:
    text = "external_id,kind,name,lon,lat\na1,toilets,X,24.9384,60.1737\n".replace(",", delimiter)
    content = gzip.compress(text.encode()) if compress else text.encode()
    path = written(tmp_path / ("a.csv.gz" if compress else "a.csv"), content)
    assert read(path) == [FacilityRecord("a1", "toilets", Point(24.9384, 60.1737), name="X")]


def test_a_table_with_semicolons_has_decimal_commas(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'external_id;kind;lon;lat\na1;toilets;"24,9384";60,1737\n')
    assert read(path) == [FacilityRecord("a1", "toilets", Point(24.9384, 60.1737))]


def test_the_australian_map_is_read_with_semicolons(tmp_path: Path) -> None:
    columns = "ToiletID;Name;Latitude;Longitude;Male;Female;Unisex"
    path = written(tmp_path / "a.csv", f"{columns}\n7;Park;-33.9;151.2;True;True;False\n")
    assert ids(path) == ["7"]


@given(st.lists(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), min_size=2, max_size=6), st.sampled_from(DELIMITERS))
def test_the_delimiter_of_plain_columns_is_found(columns: list[str], delimiter: str) -> None:
    assert delimiter_of(delimiter.join(columns) + "\nx,y;z\n") == delimiter


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    content = gzip.compress(("external_id,kind,lon,lat\n" + "a1,toilets,1,2\n" * 9_000).encode())
    path = written(tmp_path / "a.csv.gz", content[: len(content) // 2])
    with pytest.raises(UnreadableFile, match=r"^a\.csv\.gz is truncated or damaged"):
        read(path)


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\x1e"])
@pytest.mark.parametrize("compress", [False, True])
def test_features_on_lines_are_read(tmp_path: Path, separator: str, compress: bool) -> None:
    text = separator.join(json.dumps(FEATURE | {"id": name}) for name in ("a", "b", "c"))
    text = "\x1e" + text if "\x1e" in separator else text
    path = written(tmp_path / "a.geojsonl", gzip.compress(text.encode()) if compress else text)
    assert ids(path) == ["a", "b", "c"]


def test_a_broken_line_of_features_is_refused_with_its_number(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ndjson", f"{json.dumps(FEATURE)}\n{json.dumps(FEATURE)[:-20]}\n")
    with pytest.raises(UnreadableFile, match=r"^a\.ndjson is truncated or not JSON in line 2$"):
        read(path)


@pytest.mark.parametrize(
    ("properties", "feature_id", "expected"),
    [
        ({"@type": "node", "@id": 1}, None, "node/1"),
        ({"@type": "way", "@id": "1"}, None, "way/1"),
        ({"@type": "relation", "@id": 7}, "x", "relation/7"),
        ({"full_id": "n1", "osm_id": "1", "osm_type": "node"}, None, "node/1"),
        ({"full_id": "w22", "osm_id": "22", "osm_type": "way"}, None, "way/22"),
        ({"full_id": "r3"}, 12, "relation/3"),
        ({"osm_id": 5, "osm_type": "way"}, None, "way/5"),
        ({"@id": "node/5"}, None, "node/5"),
    ],
)
def test_ids_of_osm_are_read_however_a_tool_writes_them(
    tmp_path: Path, properties: dict[str, object], feature_id: object, expected: str
) -> None:
    feature = OSM_ROW | {"properties": {"amenity": "toilets", **properties}}
    if feature_id is not None:
        feature["id"] = feature_id
    path = written(tmp_path / "a.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (record,) = read(path)
    assert isinstance(record, FacilityRecord)
    assert (record.external_id, record.tags) == (expected, {"amenity": "toilets"})


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("urn:ogc:def:crs:EPSG::3857", "EPSG:3857"),
        ("EPSG:2154", "EPSG:2154"),
        ("urn:ogc:def:crs:EPSG:6.9:31370", "EPSG:31370"),
    ],
)
def test_coordinates_in_another_system_are_refused(tmp_path: Path, name: str, system: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    path = written(tmp_path / "a.geojson", json.dumps({"type": "FeatureCollection", "crs": crs, "features": [FEATURE]}))
    with pytest.raises(UnreadableFile, match=f"^a.geojson is in {system}: convert it with `ogr2ogr -t_srs EPSG:4326"):
        read(path)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_the_system_of_gps_is_accepted(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    content = json.dumps({"type": "FeatureCollection", "crs": crs, "features": [FEATURE]})
    assert ids(written(tmp_path / "a.geojson", content)) == ["a1"]


SQUARE = [[179.9, -16.8], [-179.9, -16.8], [-179.9, -16.7], [179.9, -16.7], [179.9, -16.8]]
EAST = [[179.9, -16.8], [180, -16.8], [180, -16.7], [179.9, -16.7], [179.9, -16.8]]
WEST = [[-180, -16.8], [-179.9, -16.8], [-179.9, -16.7], [-180, -16.7], [-180, -16.8]]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [SQUARE]},
        {"type": "LineString", "coordinates": SQUARE[:2]},
        {"type": "MultiPolygon", "coordinates": [[EAST], [SQUARE]]},
        {"type": "Polygon", "coordinates": [[[-100, 0], [100, 0], [100, 1], [-100, 0]]]},
    ],
)
def test_a_shape_across_the_antimeridian_in_one_piece_is_rejected(tmp_path: Path, geometry: dict[str, object]) -> None:
    path = written(tmp_path / "a.geojson", json.dumps({"features": [FEATURE | {"geometry": geometry}]}))
    (row,) = geojson.read_own(path)
    assert isinstance(row, Rejection)
    assert row.reason == "it spans more than 180° of longitude: cut it in two at the antimeridian"


def test_a_shape_cut_at_the_antimeridian_is_read(tmp_path: Path) -> None:
    geometry = {"type": "MultiPolygon", "coordinates": [[EAST], [WEST]]}
    path = written(tmp_path / "a.geojson", json.dumps({"features": [FEATURE | {"geometry": geometry}]}))
    (row,) = geojson.read_own(path)
    assert isinstance(row, FacilityRecord)
    assert abs(row.location.lon) > 179.8


def test_a_geometry_collection_is_rejected_by_name(tmp_path: Path) -> None:
    geometry = {"type": "GeometryCollection", "geometries": [FEATURE["geometry"]]}
    path = written(tmp_path / "a.geojson", json.dumps({"features": [FEATURE | {"geometry": geometry}, FEATURE]}))
    rejected, record = geojson.read_own(path)
    assert isinstance(rejected, Rejection)
    assert rejected.reason.startswith("its geometry is a GeometryCollection")
    assert isinstance(record, FacilityRecord)


def test_a_text_that_cannot_be_stored_rejects_its_row_alone(tmp_path: Path) -> None:
    tags = r'{"amenity": "toilets", "name": "half \udc00"}'
    bad = f'{{"type": "node", "id": 1, "lat": 60, "lon": 24, "tags": {tags}}}'
    good = '{"type": "node", "id": 2, "lat": 60, "lon": 24, "tags": {"amenity": "toilets"}}'
    path = written(tmp_path / "a.json", f'{{"elements": [{bad}, {good}]}}')
    faults = {row.external_id: fault_in(row) for row in overpass.read(path) if isinstance(row, FacilityRecord)}
    assert faults == {"node/1": "its text contains half a character (a lone surrogate)", "node/2": None}


def test_a_number_without_end_rejects_its_row_alone(tmp_path: Path) -> None:
    geometry = '{"type": "Point", "coordinates": [1e400, 60]}'
    bad = f'{{"type": "Feature", "id": "b", "properties": {{"kind": "toilets"}}, "geometry": {geometry}}}'
    path = written(tmp_path / "a.geojson", f'{{"features": [{bad}, {json.dumps(FEATURE)}]}}')
    rejected, record = geojson.read_own(path)
    assert isinstance(rejected, Rejection)
    assert rejected.external_id == "b"
    assert isinstance(record, FacilityRecord)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "external_id;kind;lat\na1;toilets;1\n")
    with pytest.raises(UnreadableFile, match=r"^a\.csv lacks the column lon$"):
        list(csv_table.read(path))


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(b"external_id,kind,lon,lat\n" * 99))
    content[30:50] = b"x" * 20
    with pytest.raises(UnreadableFile, match=r"^a\.csv\.gz is truncated or damaged"):
        read(written(tmp_path / "a.csv.gz", bytes(content)))


def test_a_bad_line_of_features_rejects_its_row_alone(tmp_path: Path) -> None:
    good = json.dumps(FEATURE)
    bad = [
        good.replace("24.9,", "1e400,"),
        good.replace("24.9,", "9" * 400 + ","),
        good.replace("[24.9, 60.1]", "[" * 3_000 + "]" * 3_000),
    ]
    rows = read(written(tmp_path / "a.geojsonl", "\n".join([*bad, good])))
    assert [isinstance(row, Rejection) for row in rows] == [True, True, True, False]


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::2154", "EPSG:27700"])
def test_a_system_that_is_named_at_the_end_is_refused(tmp_path: Path, name: str) -> None:
    crs = {"crs": {"type": "name", "properties": {"name": name}}}
    path = written(tmp_path / "a.geojson", json.dumps({"features": [FEATURE] * 2_000} | crs))
    with pytest.raises(UnreadableFile, match=r"^a\.geojson is in EPSG:\d+: convert it"):
        read(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"type": "Topology", "objects": {}}', "is TopoJSON: convert it"),
        ('{"geometryType": "esriGeometryPoint", "spatialReference": {}, "features": []}', "is Esri JSON"),
    ],
)
def test_json_of_another_kind_is_named(tmp_path: Path, content: str, kind: str) -> None:
    with pytest.raises(UnreadableFile, match=rf"^a\.json {kind}"):
        read(written(tmp_path / "a.json", content))
