"""The proof of opening hours reads the texts of OSM, GeoJSON and CSV files, and says what it lacks to run."""

import json
from pathlib import Path

import pytest

from bench.hours_proof import comparison
from bench.hours_proof.comparison import Place, missing
from bench.hours_proof.texts import places_of
from geo.coordinates import Point


def feature(text: str) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [7, 50]},
        "properties": {"opening_hours": text},
    }


def test_each_distinct_text_of_a_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "parks.geojson"
    path.write_text(json.dumps({"features": [feature("24/7"), feature("24/7"), feature("8am-4pm"), feature("by day")]}))
    assert list(places_of(path)) == [Place(text, Point(7, 50)) for text in ("24/7", "08:00-16:00", "by day")]


def test_a_table_and_an_osm_file_are_read_too(tmp_path: Path) -> None:
    table, osm = tmp_path / "parks.csv", tmp_path / "parks.osm"
    table.write_text("lon,lat,opening_hours\n7,50,24/7\n7,50,\n,,off\n")
    osm.write_text('<osm version="0.6"><node id="1" lat="50" lon="7"><tag k="opening_hours" v="Mo off"/></node></osm>')
    assert [*places_of(table), *places_of(osm)] == [Place("24/7", Point(7, 50)), Place("Mo off", Point(7, 50))]


def test_without_node_or_the_reference_the_proof_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(comparison.shutil, "which", lambda _: "/usr/bin/node")
    monkeypatch.setattr(comparison, "NODE_PROJECT", tmp_path)
    assert missing() == "opening_hours.js is missing: run make .node/node_modules/opening_hours, which needs npm"
    monkeypatch.setattr(comparison.shutil, "which", lambda _: None)
    assert missing() == "node is missing: install Node.js, version 14 or later"
