import json
from pathlib import Path

import pytest

from geo.errors import UnreadableFile
from geo.imports.formats import FORMATS, OPENSTREETMAP, format_of
from geo.imports.record import FacilityRecord
from geo.imports.storable import fault_in
from tests.geo.imports.real_data import real_file

OSM_FEATURE = {"properties": {"@id": "node/1", "amenity": "toilets"}}
OWN_FEATURE = {"id": "a1", "properties": {"kind": "toilets"}}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.osm.pbf", "\0\0\0\x0d\n\tOSMHeader", "osm"),
        ("x.OSM", "<osm/>", "osm"),
        ("x.osm.bz2", "", "osm"),
        ("x.json", '{"version": 0.6, "generator": "Overpass API", "elements": []}', "overpass"),
        ("x.json", json.dumps({"type": "FeatureCollection", "features": [OSM_FEATURE]}), "osm-geojson"),
        ("x.geojson", "\ufeff" + json.dumps({"features": [OWN_FEATURE]}, indent=2), "geojson"),
        ("x.csv", "ToiletID,Name,address\n", "australia"),
        ("x.csv", '\ufeff"FacilityID","URL","Name"\r\n', "australia"),
        ("x.csv", "external_id,kind,lon,lat\n", "csv"),
        ("x", "lon,lat,kind,external_id", "csv"),
    ],
)
def test_a_format_is_detected_from_the_suffix_and_first_bytes(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert format_of(path) is FORMATS[expected]


@pytest.mark.parametrize(
    ("content", "description"),
    [
        ("Facility Name,Location Type\n", "is a table with the columns Facility Name, Location Type; describe"),
        ("a;b;c;d;e;f;g;h;i;j\n", "is a table with the columns a, b, c, d, e, f, g, h, …; describe"),
        ("[{}]", "is JSON of another publisher; describe"),
        ("{}", "is JSON of another publisher; describe"),
        ('{"type": "FeatureCollection", "features": []}', "is GeoJSON, but its features have neither"),
        ('{"features": [{"properties": {"TYPE": "WC"}}]}', "is GeoJSON, but its features have neither"),
        ("hello\n", "has no known format; set --format to one of: osm, overpass, osm-geojson, geojson,"),
    ],
)
def test_a_file_without_a_known_format_is_described(tmp_path: Path, content: str, description: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=f"^x.txt {description}"):
        format_of(path)


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_file_is_refused_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"^x\.csv is empty$"):
        format_of(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^x\.csv cannot be opened: No such file"):
        format_of(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("osm_liechtenstein_2021.osm.pbf", "osm"),
        ("paris_osm_toilets_2021.geojson", "osm-geojson"),
        ("australia_nptm_2016.csv", "australia"),
    ],
)
def test_the_format_of_a_real_file_is_detected(name: str, expected: str) -> None:
    assert format_of(real_file(name)) is FORMATS[expected]


@pytest.mark.parametrize("name", ["nyc_public_restrooms_2025.csv", "paris_sanisettes_2022.json"])
def test_the_format_of_a_custom_list_is_not_guessed(name: str) -> None:
    with pytest.raises(UnreadableFile, match="import it with --mapping"):
        format_of(real_file(name))


def test_only_formats_of_a_known_source_have_terms() -> None:
    assert {name for name, known in FORMATS.items() if known.source is None} == {"geojson", "csv"}
    assert FORMATS["osm"].source is FORMATS["osm-geojson"].source is FORMATS["overpass"].source is OPENSTREETMAP


OVERPASS_WITH_HALF_A_PAIR = r"""{"elements": [{"type": "node", "id": 1, "lon": 1, "lat": 2,
    "tags": {"amenity": "toilets", "name": "W\ud800C"}}]}"""


def test_a_lone_surrogate_is_a_bad_row_and_not_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(OVERPASS_WITH_HALF_A_PAIR, encoding="utf-8")
    (record,) = FORMATS["overpass"].read(path)
    assert isinstance(record, FacilityRecord)
    assert fault_in(record) == "its text contains half a character (a lone surrogate)"
