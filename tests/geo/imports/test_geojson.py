import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports import geojson, json_stream
from geo.imports.record import FacilityRecord, Rejection
from tests.geo.imports.real_data import real_file

HERE = {"type": "Point", "coordinates": [24.94, 60.17]}
TOILETS = {"@id": "node/1", "amenity": "toilets"}
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]


def collection(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def feature(properties: Any, geometry: Any = HERE, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


@pytest.mark.parametrize(
    ("properties", "more", "external_id"),
    [
        ({"@id": "node/1"}, {"id": "node/2"}, "node/1"),
        ({}, {"id": "way/2"}, "way/2"),
        ({"id": "node/3"}, {}, "node/3"),
        ({}, {"id": 4}, "4"),
    ],
)
def test_the_id_is_found_in_the_fields_that_exporters_use(
    tmp_path: Path, properties: dict[str, str], more: dict[str, Any], external_id: str
) -> None:
    path = collection(tmp_path / "x.json", feature({**properties, "amenity": "toilets"}, **more))
    assert [row.external_id for row in geojson.read_osm(path)] == [external_id]


def test_tags_are_kept_and_exporter_metadata_is_dropped(tmp_path: Path) -> None:
    properties = {**TOILETS, "@relations": [], "level": 0, "fee": None}
    (record,) = geojson.read_osm(collection(tmp_path / "x.json", feature(properties)))
    assert isinstance(record, FacilityRecord)
    assert (record.tags, record.level) == ({"amenity": "toilets", "level": "0"}, "0")


@pytest.mark.parametrize(
    ("geometry", "location"),
    [
        (HERE, Point(24.94, 60.17)),
        ({"type": "Point", "coordinates": [24, 60, 12.5]}, Point(24, 60)),
        ({"type": "Polygon", "coordinates": [SQUARE]}, Point(1, 1)),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE]]}, Point(1, 1)),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 0], [4, 0]]}, Point(2, 0)),
    ],
)
def test_a_geometry_becomes_a_point_on_it(tmp_path: Path, geometry: Any, location: Point) -> None:
    (record,) = geojson.read_osm(collection(tmp_path / "x.json", feature(TOILETS, geometry)))
    assert isinstance(record, FacilityRecord)
    assert record.location == location


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "it has no geometry"),
        ([], "it has no geometry"),
        ({"type": "Point", "coordinates": [24, 95]}, "latitude 95 must be between -90 and 90"),
        ({"type": "Point", "coordinates": ["east", "60"]}, "its Point is not valid"),
        ({"type": "Point", "coordinates": []}, "its geometry has no positions"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "its Polygon is not valid"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 99], [1, 0], [0, 0]]]},
            "latitude 99.0 must be between",
        ),
        ({"type": "Polygon", "coordinates": [7]}, "its Polygon is not valid"),
        ({"type": "Circle", "coordinates": [1, 2]}, "its Circle is not valid"),
    ],
)
def test_a_feature_without_a_valid_position_is_rejected(tmp_path: Path, geometry: Any, reason: str) -> None:
    path = collection(tmp_path / "x.json", feature(TOILETS, geometry), feature(TOILETS))
    rejection, record = geojson.read_osm(path)
    assert isinstance(rejection, Rejection)
    assert rejection.external_id == "node/1"
    assert rejection.reason.startswith(reason)
    assert isinstance(record, FacilityRecord)


@pytest.mark.parametrize(
    ("row", "rejection"),
    [
        (7, Rejection("feature 1", "a feature must be an object")),
        (feature({"amenity": "toilets"}), Rejection("feature 1", "it has no id")),
        (feature([1]), Rejection("feature 1", "properties must be an object")),
        (feature([1], id="node/1"), Rejection("node/1", "properties must be an object")),
        (
            feature({"@id": "node/-1", "amenity": "toilets"}),
            Rejection("node/-1", "it has not been uploaded to OpenStreetMap: its negative id will change"),
        ),
    ],
)
def test_a_feature_that_cannot_be_read_is_rejected(tmp_path: Path, row: Any, rejection: Rejection) -> None:
    assert list(geojson.read_osm(collection(tmp_path / "x.json", row))) == [rejection]


def test_a_feature_that_is_not_a_facility_is_skipped(tmp_path: Path) -> None:
    cafe = {"@id": "node/1", "amenity": "cafe"}
    rows = [feature(cafe), feature({**cafe, "@id": None}), {**feature(cafe), "geometry": None}]
    assert list(geojson.read_osm(collection(tmp_path / "x.json", *rows))) == []


def test_deeply_nested_coordinates_reject_only_their_feature(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    nested = "[" * 3000 + "1" + "]" * 3000
    path.write_text(
        '{"type": "FeatureCollection", "features": ['
        '{"type": "Feature", "id": "a", "properties": {"kind": "toilets"},'
        f' "geometry": {{"type": "Polygon", "coordinates": {nested}}}}},'
        '{"type": "Feature", "id": "b", "properties": {"kind": "toilets"},'
        ' "geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
        encoding="utf-8",
    )
    rejection, record = geojson.read_own(path)
    assert rejection == Rejection("a", "its coordinates are nested too deeply")
    assert record.external_id == "b"


def test_properties_of_our_own_format_are_read_by_name(tmp_path: Path) -> None:
    properties = {
        "kind": "toilets", "name": "Kauppatori", "wheelchair": "limited", "fee": None, "closed": "no",
        "postcode": 170, "tags": {"soap": "yes"},
    }  # fmt: skip
    (record,) = geojson.read_own(collection(tmp_path / "x.json", feature(properties, id="hki-1")))
    assert record == FacilityRecord(
        external_id="hki-1", kind="toilets", location=Point(24.94, 60.17), name="Kauppatori",
        attributes={"wheelchair": "limited"}, postcode="170", tags={"soap": "yes"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"name": "x"}, "kind is empty"),
        ({"kind": "bench"}, "kind must be one of toilets, drinking_water, shower, baby_care, not 'bench'"),
        ({"kind": "toilets", "fee": True}, "fee must be one of yes, no, not True"),
        ({"kind": "toilets", "fee": []}, "fee must be one of yes, no, not []"),
        ({"kind": "toilets", "name": ["x"]}, "name must be text"),
        (
            {"kind": "toilets", "country": "Finland"},
            "country must be two capital letters (ISO 3166-1), not 'Finland'",
        ),
        ({"kind": "toilets", "wheelchiar": "yes"}, "wheelchiar is an unknown field"),
        ({"kind": "toilets", "tags": {"a": 1}}, "tags must be an object with string values"),
    ],
)
def test_an_invalid_property_is_rejected_with_a_reason(tmp_path: Path, properties: dict[str, Any], reason: str) -> None:
    path = collection(tmp_path / "x.json", feature(properties, id="a"))
    assert list(geojson.read_own(path)) == [Rejection("a", reason)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", ',
        b'{"features": [{"type": "Feature"}], }',
        b'{"features": [{"id": "\xff"}]}',
        b'{"features": [{"geometry": {"coordinates": [NaN, 1]}}]}',
    ],
)
def test_a_file_that_is_not_a_feature_collection_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.geojson"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"^x\.geojson .*") as caught:
        list(geojson.read_osm(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^x\.geojson cannot be opened: No such file"):
        list(geojson.read_osm(tmp_path / "x.geojson"))


def test_an_empty_collection_has_no_facilities(tmp_path: Path) -> None:
    assert list(geojson.read_osm(collection(tmp_path / "x.json"))) == []


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = collection(tmp_path / "x.json", feature(TOILETS))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(list(geojson.read_osm(path))) == 1


def test_features_are_yielded_before_the_end_of_the_file(tmp_path: Path) -> None:
    path = collection(tmp_path / "x.json", *[feature(TOILETS)] * 5000)
    path.write_bytes(path.read_bytes()[:-1])
    rows = geojson.read_osm(path)
    assert len(list(islice(rows, 10))) == 10
    with pytest.raises(UnreadableFile):
        list(rows)


def test_paris_has_the_expected_toilets() -> None:
    rows = list(geojson.read_osm(real_file("paris_osm_toilets_2021.geojson")))
    records = [row for row in rows if isinstance(row, FacilityRecord)]
    assert len(rows) == len(records) == 1268
    assert {record.kind for record in records} == {"toilets"}
    assert sum(record.attributes.get("fee") == "yes" for record in records) == 38


def test_paris_has_the_expected_drinking_water() -> None:
    rows = list(geojson.read_osm(real_file("paris_osm_drinking_water_2021.geojson")))
    assert sum(isinstance(row, FacilityRecord) and row.kind == "drinking_water" for row in rows) == 821


def everything(path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> tuple[list[Any], str]:
    """The items that a file gives in pieces of a size, and what it says at last."""
    monkeypatch.setattr(json_stream, "PIECE_BYTES", piece_bytes)
    items: list[Any] = []
    try:
        for item in json_stream.stream_items(path, "features"):
            items.append(item)  # noqa: PERF402 - an error must not lose those before it
    except UnreadableFile as error:
        return items, str(error)
    return items, "read"


def one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], str]:
    """The same by ijson alone."""
    with monkeypatch.context() as patched:

        def refuse(*_: object) -> Any:
            raise json_stream._NotInPieces

        patched.setattr(json_stream, "_pieces", refuse)
        return everything(path, patched, 1)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")) | st.sampled_from(("},{", '"},{"', "]", '\\"},', '{"features": [{}, {}]}')),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("", "a", "features")), inner),
    max_leaves=6,
)  # fmt: skip
documents = st.builds(
    lambda before, items, after: {**before, "features": items, **after},
    st.dictionaries(st.sampled_from(("", "a", "b")), values, max_size=2),
    st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3) | values, max_size=12),
    st.dictionaries(st.sampled_from(("", "c", "d")), values, max_size=2),
)


@given(document=documents, piece_bytes=st.integers(20, 500), indent=st.sampled_from((None, 1)), cut=st.integers(0, 40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_document_read_in_pieces_equals_the_features_read_one_by_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: dict[str, Any],
    piece_bytes: int,
    indent: int | None,
    cut: int,
) -> None:
    path = tmp_path / "x.json"
    text = json.dumps(document, ensure_ascii=False, indent=indent).encode()
    for content in (text, text[: len(text) - cut]):
        path.write_bytes(content)
        items, ending = everything(path, monkeypatch, piece_bytes)
        assert (items, ending) == one_by_one(path, monkeypatch)
        if content == text:
            assert (items, ending) == (document["features"], "read")


def test_plain_features_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_one_by_one", None)
    path = collection(tmp_path / "x.json", *[feature(TOILETS, id=number) for number in range(5_000)])
    assert path.stat().st_size > 2 * json_stream.PIECE_BYTES
    assert [row["id"] for row in json_stream.stream_items(path, "features")] == list(range(5_000))


GOOD = feature({"kind": "toilets"}, id="b")


@pytest.mark.parametrize("levels", [60, 900, 1_100, 3_000])
def test_coordinates_that_are_nested_too_deeply_reject_one_row(tmp_path: Path, levels: int) -> None:
    path = collection(tmp_path / "x.geojson", feature({}, {"type": "Polygon", "coordinates": "deep"}, id="a"), GOOD)
    path.write_text(path.read_text().replace('"deep"', "[" * levels + "1, 2" + "]" * levels), encoding="utf-8")
    rejection, record = geojson.read_own(path)
    assert isinstance(rejection, Rejection)
    assert isinstance(record, FacilityRecord)
