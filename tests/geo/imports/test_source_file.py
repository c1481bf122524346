import gzip
import json
from pathlib import Path

import pytest

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports.formats import FORMATS, detect_format
from geo.imports.record import FacilityRecord
from geo.imports.source_file import DELIMITERS, delimiter_in, is_json_lines, json_lines, start_of

FEATURE = {
    "type": "Feature", "id": "a", "properties": {"kind": "toilets"},
    "geometry": {"type": "Point", "coordinates": [24.9384, 60.1737]},
}  # fmt: skip
COLLECTION = {"type": "FeatureCollection", "features": [FEATURE]}
ELEMENTS = {"elements": [{"type": "node", "id": 1, "lat": 60.1, "lon": 24.9, "tags": {"amenity": "toilets"}}]}
TABLE = "external_id,kind,lon,lat,name\na-1,toilets,24.9384,60.1737,Kiosk\n"
MAP = "ToiletID,Latitude,Longitude,Male,Female,Unisex\n7,-33.8,151.2,True,True,False\n"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def records_of(path: Path) -> list[FacilityRecord]:
    rows = list(FORMATS[detect_format(path)].read(path))
    assert all(isinstance(row, FacilityRecord) for row in rows), rows
    return [row for row in rows if isinstance(row, FacilityRecord)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.geojson", json.dumps(COLLECTION)),
        ("x.json", json.dumps(ELEMENTS)),
        ("x.csv", TABLE),
        ("x.csv", "\ufeff" + MAP),
        ("x.geojsonl", json.dumps(FEATURE)),
    ],
)
def test_a_compressed_file_is_read_like_its_content(tmp_path: Path, name: str, content: str) -> None:
    plain = written(tmp_path / name, content.encode())
    for suffix in (".gz", ""):  # some servers compress without changing the name
        packed = written(tmp_path / f"packed-{name}{suffix}", gzip.compress(content.encode()))
        assert records_of(packed) == records_of(plain) != []


@pytest.mark.parametrize("cut", [1, 12, -4])
def test_a_truncated_compressed_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "x.csv.gz", gzip.compress(TABLE.encode())[:cut])
    with pytest.raises(UnreadableFile, match=r"^x\.csv\.gz (is truncated or damaged|has no known format)"):
        records_of(path)


def test_a_damaged_compressed_file_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(TABLE.encode() * 99))
    content[30:50] = b"x" * 20
    with pytest.raises(UnreadableFile, match=r"^x\.geojson\.gz is truncated or damaged"):
        detect_format(written(tmp_path / "x.geojson.gz", bytes(content)))


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("table", [TABLE, MAP])
def test_tables_are_read_with_each_delimiter(tmp_path: Path, table: str, delimiter: str) -> None:
    path = written(tmp_path / "x.csv", table.replace(",", delimiter).encode())
    assert records_of(path) == records_of(written(tmp_path / "comma.csv", table.encode()))


@pytest.mark.parametrize(
    "row",
    ["a-1;toilets;24,9384;60,1737;Kiosk", 'a-1;toilets;"24,9384";60.1737;"Kiosk"', "a-1;toilets;24.9384;60,1737;Kiosk"],
)
def test_coordinates_may_have_a_decimal_comma(tmp_path: Path, row: str) -> None:
    path = written(tmp_path / "x.csv", f"external_id;kind;lon;lat;name\n{row}\n".encode())
    assert records_of(path) == [FacilityRecord("a-1", "toilets", Point(24.9384, 60.1737), name="Kiosk")]


def test_a_delimiter_within_a_quoted_column_name_does_not_count() -> None:
    assert delimiter_in('"external_id;old",kind,lon\n', ("external_id", "kind", "lon")) == ","
    assert delimiter_in('id;"kind, or type";lon\n', ("id", "lon")) == ";"
    assert delimiter_in("", ("id",)) == ","


@pytest.mark.parametrize(
    "content",
    [
        "{0}\n{0}\n",
        "{0}\r\n\r\n{0}",
        "\x1e{0}\n\x1e{0}\n",
        "\ufeff{0}\n{0}\n",
    ],
)
def test_lines_of_features_are_read(tmp_path: Path, content: str) -> None:
    path = written(tmp_path / "x.geojsonl", content.replace("{0}", json.dumps(FEATURE)).encode())
    assert [record.external_id for record in records_of(path)] == ["a", "a"]


def test_a_document_is_not_lines_of_features() -> None:
    for content in (json.dumps(COLLECTION), json.dumps(FEATURE, indent=1), json.dumps(ELEMENTS), "[]", "a,b\n", ""):
        assert not is_json_lines(content.encode()), content


def test_a_feature_longer_than_the_start_is_recognised(tmp_path: Path) -> None:
    line = json.dumps(FEATURE | {"properties": {"kind": "toilets", "note": "x" * 70_000}})
    path = written(tmp_path / "x.geojsonl", f"{line}\n{line}\n".encode())
    assert is_json_lines(start_of(path))
    assert len(list(json_lines(path))) == 2


def test_a_truncated_line_is_refused_with_its_number(tmp_path: Path) -> None:
    line = json.dumps(FEATURE)
    path = written(tmp_path / "x.geojsonl", f"{line}\n{line}\n{line[:-9]}".encode())
    with pytest.raises(UnreadableFile, match=r"^x\.geojsonl is truncated or not JSON in line 3$"):
        records_of(path)
