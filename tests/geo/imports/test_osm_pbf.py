from collections import Counter
from pathlib import Path

import osmium
import pytest
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon

from geo.errors import UnreadableFile
from geo.imports import osm_pbf
from geo.imports.record import FacilityRecord, Rejection
from tests.geo.imports.real_data import real_file

CRESCENT = [(0, 0), (10, 0), (10, 10), (9, 1), (1, 1), (0, 10)]
"""Its centroid lies outside of it."""


def osm_xml(path: Path, *objects: str) -> Path:
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(objects)}</osm>', encoding="utf-8")
    return path


def node(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" lon="{lon}" lat="{lat}">{_tags(tags)}</node>'


def way(number: int, nodes: list[int], **tags: str) -> str:
    references = "".join(f'<nd ref="{reference}"/>' for reference in nodes)
    return f'<way id="{number}">{references}{_tags(tags)}</way>'


def relation(number: int, members: list[tuple[str, int, str]], **tags: str) -> str:
    listed = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
    return f'<relation id="{number}">{listed}{_tags(tags)}</relation>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def crescent_nodes() -> list[str]:
    return [node(number, lon / 100, lat / 100) for number, (lon, lat) in enumerate(CRESCENT, start=1)]


def only_record(path: Path) -> FacilityRecord:
    (row,) = osm_pbf.read(path)
    assert isinstance(row, FacilityRecord)
    return row


def test_a_node_keeps_its_position(tmp_path: Path) -> None:
    record = only_record(osm_xml(tmp_path / "x.osm", node(7, 24.94, 60.17, amenity="toilets", fee="no")))
    assert (record.external_id, record.location.lon, record.location.lat) == ("node/7", 24.94, 60.17)
    assert record.tags == {"amenity": "toilets", "fee": "no"}


def test_an_area_becomes_one_point_on_its_surface(tmp_path: Path) -> None:
    building = way(5, [1, 2, 3, 4, 5, 6, 1], amenity="toilets", building="yes")
    record = only_record(osm_xml(tmp_path / "x.osm", *crescent_nodes(), building))
    assert record.external_id == "way/5"
    surface = Polygon([(lon / 100, lat / 100) for lon, lat in CRESCENT])
    assert surface.contains(ShapelyPoint(record.location.lon, record.location.lat))


def test_an_open_way_becomes_its_midpoint(tmp_path: Path) -> None:
    path = osm_xml(
        tmp_path / "x.osm", node(1, 0, 0), node(2, 1, 0), node(3, 4, 0), way(5, [1, 2, 3], amenity="toilets")
    )
    record = only_record(path)
    assert (record.location.lon, record.location.lat) == (2, 0)


def test_a_multipolygon_with_a_hole_becomes_a_point_on_its_surface(tmp_path: Path) -> None:
    outer, inner = [(0, 0), (9, 0), (9, 9), (0, 9)], [(3, 3), (6, 3), (6, 6), (3, 6)]
    nodes = [node(number, lon / 100, lat / 100) for number, (lon, lat) in enumerate([*outer, *inner], start=1)]
    ways = [way(1, [1, 2, 3]), way(2, [3, 4, 1]), way(3, [5, 6, 7, 8, 5])]
    mall = relation(
        9, [("way", 1, "outer"), ("way", 2, "outer"), ("way", 3, "inner")],
        type="multipolygon", shop="mall", toilets="yes",
    )  # fmt: skip
    record = only_record(osm_xml(tmp_path / "x.osm", *nodes, *ways, mall))
    assert (record.external_id, record.venue) == ("relation/9", "mall")
    surface = Polygon(outer, [inner])
    assert surface.contains(ShapelyPoint(record.location.lon * 100, record.location.lat * 100))


def test_an_outline_cut_off_by_the_extract_still_gives_a_position(tmp_path: Path) -> None:
    cut = way(5, [1, 2, 99, 1], amenity="toilets")
    record = only_record(osm_xml(tmp_path / "x.osm", node(1, 1, 1), node(2, 3, 1), cut))
    assert (record.location.lat, 1 <= record.location.lon <= 3) == (1, True)


def test_a_way_without_any_position_is_rejected(tmp_path: Path) -> None:
    rows = list(osm_pbf.read(osm_xml(tmp_path / "x.osm", way(5, [98, 99], amenity="toilets"))))
    assert rows == [Rejection("way/5", "its geometry has no positions")]


def test_a_node_without_a_position_is_rejected(tmp_path: Path) -> None:
    nowhere = '<node id="1"><tag k="amenity" v="toilets"/></node>'
    half = '<node id="2" lat="60"><tag k="amenity" v="toilets"/></node>'
    rows = list(osm_pbf.read(osm_xml(tmp_path / "x.osm", nowhere, half)))
    assert rows == [Rejection("node/1", "it has no position"), Rejection("node/2", "it has no position")]


def test_a_way_with_inline_node_positions_is_read(tmp_path: Path) -> None:
    drawn = '<way id="5"><nd ref="1" lon="1" lat="2"/><nd ref="2" lon="3" lat="2"/>' + _tags({"amenity": "toilets"})
    record = only_record(osm_xml(tmp_path / "x.osm", f"{drawn}</way>"))
    assert (record.location.lon, record.location.lat) == (2, 2)


def test_a_node_with_invalid_coordinates_is_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    path = osm_xml(tmp_path / "x.osm", node(1, 24, 95, amenity="toilets"), node(2, 24, 60, amenity="toilets"))
    rejection, record = osm_pbf.read(path)
    assert rejection == Rejection("node/1", "latitude 95.0 must be between -90 and 90", is_swapped=True)
    assert isinstance(record, FacilityRecord)


@pytest.mark.parametrize("name", ["x.osm", "x.osm.pbf", "x.osm.gz", "x.txt"])
def test_a_file_that_is_not_an_extract_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"not an extract")
    with pytest.raises(UnreadableFile, match=name) as caught:
        list(osm_pbf.read(path))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        list(osm_pbf.read(tmp_path / "none.osm.pbf"))


def test_a_truncated_pbf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.osm.pbf"
    with osmium.SimpleWriter(path) as writer:
        for number in range(1, 20_000):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(24, 60), tags={"amenity": "toilets"}))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnreadableFile, match=r"x\.osm\.pbf cannot be read as an OSM extract"):
        list(osm_pbf.read(path))


def test_liechtenstein_has_the_expected_facilities() -> None:
    rows = list(osm_pbf.read(real_file("osm_liechtenstein_2021.osm.pbf")))
    records = [row for row in rows if isinstance(row, FacilityRecord)]
    assert len(records) == len(rows)
    assert Counter((record.kind, record.venue is not None) for record in records) == {
        ("toilets", False): 28,
        ("drinking_water", False): 39,
        ("shower", False): 2,
        ("toilets", True): 20,
        ("drinking_water", True): 3,
    }
    by_wheelchair = [record for record in records if record.venue and record.tags.get("toilets:wheelchair") == "yes"]
    assert len(by_wheelchair) == 19
    assert len({record.external_id for record in records}) == len(records)
