import json
from pathlib import Path
from typing import Any

import pytest

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports import overpass
from geo.imports.record import FacilityRecord, Rejection

TOILETS = {"amenity": "toilets"}
SQUARE = [{"lon": lon, "lat": lat} for lon, lat in [(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)]]
NOWHERE = "it has no position; use `out center` in the Overpass query"
BOUNDS = {"minlon": 1, "minlat": 2, "maxlon": 3, "maxlat": 4}


def reply(path: Path, *elements: Any, **more: Any) -> Path:
    document = {"version": 0.6, "generator": "Overpass API", "elements": elements, **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("element", "external_id", "location"),
    [
        ({"type": "node", "id": 1, "lon": 24.5, "lat": 60}, "node/1", Point(24.5, 60)),
        ({"type": "way", "id": 2, "center": {"lon": 24, "lat": 60}}, "way/2", Point(24, 60)),
        ({"type": "way", "id": 2, "bounds": BOUNDS}, "way/2", Point(2, 3)),
        ({"type": "way", "id": 2, "bounds": BOUNDS, "geometry": SQUARE}, "way/2", Point(1, 1)),
        ({"type": "way", "id": 2, "geometry": [*SQUARE[:2], None]}, "way/2", Point(1, 0)),
        (
            {"type": "relation", "id": 3, "members": [{"type": "way", "ref": 9, "geometry": SQUARE}]},
            "relation/3",
            Point(1, 1),
        ),
        (
            {"type": "relation", "id": 3, "members": [{"type": "node", "ref": 9, "lon": 5, "lat": 6}]},
            "relation/3",
            Point(5, 6),
        ),
    ],
)
def test_an_element_has_the_position_in_the_response(
    tmp_path: Path, element: dict[str, Any], external_id: str, location: Point
) -> None:
    (record,) = overpass.read(reply(tmp_path / "x.json", {**element, "tags": TOILETS}))
    assert isinstance(record, FacilityRecord)
    assert (record.external_id, record.location, record.tags) == (external_id, location, TOILETS)


ACROSS = {"minlon": -179.9, "minlat": 2, "maxlon": 179.9, "maxlat": 4}


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ({"type": "way", "id": 2, "bounds": ACROSS}, NOWHERE),
        ({"type": "way", "id": 2, "geometry": [{"lon": 179, "lat": 1}, {"lon": -179, "lat": 1}]}, "more than 180°"),
        (
            {"type": "relation", "id": 3, "members": [
                {"type": "way", "ref": 9, "geometry": [{"lon": 179, "lat": 1}, {"lon": -179, "lat": 1}]}]},
            "more than 180°",
        ),
    ],
)  # fmt: skip
def test_an_element_across_the_antimeridian_is_not_put_on_the_other_side_of_the_earth(
    tmp_path: Path, element: dict[str, Any], reason: str
) -> None:
    (rejection,) = overpass.read(reply(tmp_path / "x.json", {**element, "tags": TOILETS}))
    assert isinstance(rejection, Rejection)
    assert reason in rejection.reason


def test_the_nodes_of_a_way_are_skipped(tmp_path: Path) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1}
    assert list(overpass.read(reply(tmp_path / "x.json", node, {**node, "tags": {"highway": "crossing"}}))) == []


@pytest.mark.parametrize(
    ("element", "rejection"),
    [
        ({"type": "way", "id": 2, "nodes": [1, 2]}, Rejection("way/2", NOWHERE)),
        (
            {"type": "node", "id": 1, "lon": 181, "lat": 60},
            Rejection("node/1", "longitude 181 must be between -180 and 180"),
        ),
        ({"type": "node", "id": 1}, Rejection("node/1", NOWHERE)),
        (
            {"type": "node", "id": -1, "lon": 1, "lat": 60},
            Rejection("node/-1", "it has not been uploaded to OpenStreetMap: its negative id will change"),
        ),
        ({"type": "node", "lon": 1, "lat": 60}, Rejection("element 1", "it has no type and id")),
        ({"type": "relation", "id": 3, "members": "none"}, Rejection("relation/3", NOWHERE)),
    ],
)
def test_an_element_without_a_valid_position_is_rejected(
    tmp_path: Path, element: dict[str, Any], rejection: Rejection
) -> None:
    assert list(overpass.read(reply(tmp_path / "x.json", {**element, "tags": TOILETS}))) == [rejection]


def nodes(*positions: tuple[float, float], first: int = 11) -> list[dict[str, Any]]:
    return [
        {"type": "node", "id": number, "lon": lon, "lat": lat} for number, (lon, lat) in enumerate(positions, first)
    ]


def test_a_way_is_located_by_its_nodes_anywhere_in_the_response(tmp_path: Path) -> None:
    way = {"type": "way", "id": 2, "nodes": [11, 12, 13, 11], "tags": TOILETS}
    corners = nodes((0, 0), (2, 0), (0, 2))
    for elements in ([way, *corners], [*corners, way], [corners[0], way, *corners[1:]]):
        (record,) = overpass.read(reply(tmp_path / "x.json", *elements))
        assert record.external_id == "way/2"
        assert record.location.lon > 0
        assert record.location.lat > 0
        assert record.location.lon + record.location.lat < 2


def test_a_way_is_located_by_those_of_its_nodes_in_the_response(tmp_path: Path) -> None:
    way = {"type": "way", "id": 2, "nodes": [11, 99], "tags": TOILETS}
    (record,) = overpass.read(reply(tmp_path / "x.json", way, *nodes((24, 60))))
    assert record.location == Point(24, 60)


def test_a_relation_is_located_by_the_nodes_of_its_ways(tmp_path: Path) -> None:
    square = [(position["lon"], position["lat"]) for position in SQUARE[:4]]
    relation = {
        "type": "relation",
        "id": 3,
        "tags": TOILETS,
        "members": [{"type": "way", "ref": 9, "role": "outer"}, {"type": "way", "ref": 10, "role": "outer"}],
    }
    ways = [{"type": "way", "id": 9, "nodes": [11, 12, 13]}, {"type": "way", "id": 10, "nodes": [13, 14, 11]}]
    (record,) = overpass.read(reply(tmp_path / "x.json", relation, *nodes(*square), *ways))
    assert (record.external_id, record.location) == ("relation/3", Point(1, 1))
    by_nodes = {**relation, "members": [{"type": "node", "ref": 11}]}
    (record,) = overpass.read(reply(tmp_path / "x.json", by_nodes, *nodes((5, 6))))
    assert record.location == Point(5, 6)


def test_a_deleted_element_is_skipped(tmp_path: Path) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": TOILETS, "visible": False}
    assert list(overpass.read(reply(tmp_path / "x.json", node))) == []


@pytest.mark.parametrize(
    "remark",
    [
        'runtime error: Query timed out in "query" at line 3 after 25 seconds.',
        'runtime error: Query run out of memory in "recurse" at line 4 using about 2048 MB of RAM.',
        "Timed out",
    ],
)
def test_a_response_is_refused_with_its_whole_remark(tmp_path: Path, remark: str) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": TOILETS}
    with pytest.raises(UnreadableFile) as caught:
        list(overpass.read(reply(tmp_path / "x.json", node, remark=remark)))
    assert str(caught.value) == f"x.json is incomplete: {remark}"


@pytest.mark.parametrize(
    "members", [("remark", "elements"), ("elements", "generator", "remark"), ("elements", "remark", "padding")]
)
def test_a_remark_is_read_anywhere_in_the_response(tmp_path: Path, members: tuple[str, ...]) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": TOILETS}
    remark = f"runtime error: Query timed out {'x' * 5_000}"
    document = {"elements": [node], "generator": "jq", "remark": remark, "padding": "x" * 10_000}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({member: document[member] for member in members}))
    with pytest.raises(UnreadableFile, match=r"^x\.json is incomplete: runtime error: Query timed out x"):
        list(overpass.read(path))


def test_a_harmless_remark_or_a_tag_named_remark_is_accepted(tmp_path: Path) -> None:
    tags = {**TOILETS, "remark": "runtime error: the lock is broken"}
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": tags}
    (record,) = overpass.read(reply(tmp_path / "x.json", node, remark="runtime remark: 3 statements were merged"))
    assert record.tags == tags


def test_an_aborted_response_is_refused(tmp_path: Path) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": TOILETS}
    path = reply(tmp_path / "x.json", node, remark="runtime error: Query timed out in query at line 3")
    with pytest.raises(UnreadableFile, match=r"x\.json is incomplete: runtime error: Query timed out"):
        list(overpass.read(path))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"elements": [{"type": "node"', b"{}", b'{"elements": {}}'])
def test_a_file_that_is_not_a_response_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"^x\.json .*") as caught:
        list(overpass.read(path))
    assert "\n" not in str(caught.value)
