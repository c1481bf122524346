"""GET /v1/localities and ``flask gazetteer import``."""

import json
import logging
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.command_line import run
from tests.api.problem_documents import problem
from tests.geo.gazetteer.extract import write_extract


@pytest.fixture
def valley(app: Flask, tmp_path: Path) -> str:
    """The first line that the import prints."""
    result = run(app, "gazetteer", "import", write_extract(tmp_path / "valley.osm"))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_import_prints_its_counts(valley: str) -> None:
    assert valley.startswith("valley: 2 places, 1 stations, 3 streets, in ")


def test_an_unreadable_file_is_refused_in_one_line(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "page.osm.pbf"
    path.write_text("<!DOCTYPE html>", encoding="utf-8")
    for file, message in ((path, "Error: page.osm.pbf is a web page"), (tmp_path / "no.osm", "Error: no.osm cannot")):
        result = run(app, "gazetteer", "import", file)
        assert result.exit_code == 1
        assert result.stderr.splitlines()[-1].startswith(message)


@pytest.mark.usefixtures("valley")
def test_a_locality_is_a_feature_with_its_attribution(client: FlaskClient) -> None:
    answer = client.get("/v1/localities?q=Bergdrof&lat=47.2&lon=9.6").get_json(force=True)
    assert answer["features"][0] == {
        "type": "Feature",
        "id": "node/2",
        "geometry": {"type": "Point", "coordinates": [9.6, 47.2]},
        "properties": {
            "name": "Bergdorf",
            "kind": "village",
            "near": "Altstadt",
            "population": None,
            "distance_m": 0.0,
        },
    }
    assert answer["attribution"] == [
        {
            "attribution": "© OpenStreetMap contributors",
            "licence": "ODbL-1.0",
            "url": "https://www.openstreetmap.org/copyright",
        }
    ]


@pytest.mark.usefixtures("valley")
def test_limit_bounds_the_number_of_localities(client: FlaskClient) -> None:
    answer = client.get("/v1/localities?q=a&limit=1").get_json(force=True)
    assert len(answer["features"]) == 1


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        (f"q={'a' * 101}", "q"),
        ("q=a%00", "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=101", "limit"),
        ("q=a&lat=1", "lon"),
        ("q=a&lat=91&lon=1", "lat"),
        ("q=a&name=b", "name"),
    ],
)
def test_a_bad_request_names_the_parameter(client: FlaskClient, query: str, name: str) -> None:
    assert name in {error["name"] for error in problem(client.get(f"/v1/localities?{query}"), 422)["errors"]}


@pytest.mark.usefixtures("valley")
def test_what_somebody_types_is_in_no_log_and_no_metric(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    client.get("/v1/localities?q=Sekretgasse")
    refused = client.get("/v1/localities?q=Sekretgasse&limit=x")
    metrics = client.get("/metrics").get_data(as_text=True)
    written = capfd.readouterr()
    everything = (caplog.text, metrics, written.out, written.err, json.dumps(refused.get_json(force=True)))
    assert not any("sekret" in each.lower() for each in everything)
