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
def test_an_element_is_where_its_reply_says(
    tmp_path: Path, element: dict[str, Any], external_id: str, location: Point
) -> None:
    (record,) = overpass.read(reply(tmp_path / "x.json", {**element, "tags": TOILETS}))
    assert isinstance(record, FacilityRecord)
    assert (record.external_id, record.location, record.tags) == (external_id, location, TOILETS)


def test_the_nodes_of_a_way_are_passed_over(tmp_path: Path) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1}
    assert list(overpass.read(reply(tmp_path / "x.json", node, {**node, "tags": {"highway": "crossing"}}))) == []


@pytest.mark.parametrize(
    ("element", "rejection"),
    [
        ({"type": "way", "id": 2, "nodes": [1, 2]}, Rejection("way/2", "it has no position")),
        (
            {"type": "node", "id": 1, "lon": 181, "lat": 60},
            Rejection("node/1", "longitude 181 is not within -180 and 180"),
        ),
        ({"type": "node", "lon": 1, "lat": 60}, Rejection("element 1", "it has no type and id")),
        ({"type": "relation", "id": 3, "members": "none"}, Rejection("relation/3", "it has no position")),
    ],
)
def test_an_element_that_is_nowhere_is_rejected(tmp_path: Path, element: dict[str, Any], rejection: Rejection) -> None:
    assert list(overpass.read(reply(tmp_path / "x.json", {**element, "tags": TOILETS}))) == [rejection]


def test_a_reply_that_gave_up_half_way_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    node = {"type": "node", "id": 1, "lon": 1, "lat": 1, "tags": TOILETS}
    path = reply(tmp_path / "x.json", node, remark="runtime error: Query timed out in query at line 3")
    with pytest.raises(UnreadableFile, match=r"x\.json is incomplete: runtime error: Query timed out"):
        list(overpass.read(path))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"elements": [{"type": "node"', b"{}", b'{"elements": {}}'])
def test_what_is_no_reply_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"^x\.json .*") as caught:
        list(overpass.read(path))
    assert "\n" not in str(caught.value)
