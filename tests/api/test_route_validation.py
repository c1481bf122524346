"""POST /v1/route/stops refuses each bad value by name."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api import MAX_BODY_BYTES
from api.route import schemas
from geo.ahead import passes
from geo.ahead.timed_route import MAX_VERTICES
from tests.api.problem_documents import named, problem
from tests.api.route_requests import GOOD, PATH, line, request_stops
from tests.factories import contents
from tests.geo.ahead.test_polyline import encode
from tests.geo.ahead.test_stops import at_km

BAD: list[tuple[Mapping[str, Any], list[str]]] = [
    ({"line": None}, ["line"]),
    ({"polyline": "_p~iF~ps|U_ulLnnqC"}, ["polyline"]),
    ({"line": line([10, 0])}, ["line"]),
    ({"line": line()}, ["line"]),
    ({"line": line([10, 0], [10, 0], [10, 0])}, ["line"]),
    ({"line": line([10, 0], [10, 18.5])}, ["line"]),
    ({"line": line([10, 0], [10, 91])}, ["line.coordinates.1"]),
    ({"line": line([181, 0], [10, 1])}, ["line.coordinates.0"]),
    ({"line": line([10, 0], [10, "1"])}, ["line.coordinates.1"]),
    ({"line": line([10, 0], [10, True])}, ["line.coordinates.1"]),
    ({"line": line([10, 0], [10, None])}, ["line.coordinates.1"]),
    ({"line": line([10, 0], [10, 10**400])}, ["line.coordinates.1"]),
    ({"line": line([10, 0], [10])}, ["line.coordinates.1"]),
    ({"line": line([10, 0], 10)}, ["line.coordinates.1"]),
    ({"line": line([10, 0], {"lon": 10})}, ["line.coordinates.1"]),
    ({"line": {"type": "LineString", "coordinates": "10,0"}}, ["line.coordinates"]),
    ({"line": {"type": "LineString"}}, ["line.coordinates"]),
    ({"line": {"type": "Point", "coordinates": [10, 0]}}, ["line.coordinates.0", "line.type"]),
    ({"line": line([10, 0], [10, 1], crs="EPSG:3857")}, ["line.crs"]),
    ({"line": []}, ["line"]),
    ({"line": line(*([[10, n / 1e6] for n in range(MAX_VERTICES + 1)]))}, ["line.coordinates"]),
    ({"line": None, "polyline": "_p~iF~ps|U"}, ["polyline"]),
    ({"line": None, "polyline": ""}, ["polyline"]),
    ({"line": None, "polyline": "_p~iF ps|U"}, ["polyline"]),
    ({"line": None, "polyline": "_p~iF~ps"}, ["polyline"]),
    ({"line": None, "polyline": 5}, ["polyline"]),
    ({"line": None, "polyline": encode([(10, 0), (10, 99)], 5)}, ["polyline"]),
    ({"line": None, "polyline": encode([(10, 0), (10, 1)], 5), "precision": 7}, ["precision"]),
    ({"precision": 5}, ["precision"]),
    ({"speed_kmh": None}, ["speed_kmh"]),
    ({"duration_s": 60}, ["duration_s"]),
    ({"duration_s": 60, "times_s": [0, 1, 2]}, ["duration_s", "times_s"]),
    ({"speed_kmh": 0}, ["speed_kmh"]),
    ({"speed_kmh": 301}, ["speed_kmh"]),
    ({"speed_kmh": "60"}, ["speed_kmh"]),
    ({"speed_kmh": True}, ["speed_kmh"]),
    ({"speed_kmh": None, "duration_s": 0}, ["duration_s"]),
    ({"speed_kmh": None, "duration_s": 1e9}, ["duration_s"]),
    ({"speed_kmh": None, "times_s": [0, 600]}, ["times_s"]),
    ({"speed_kmh": None, "times_s": [0, 600, 600]}, ["times_s"]),
    ({"speed_kmh": None, "times_s": [0, 600, 500]}, ["times_s"]),
    ({"speed_kmh": None, "times_s": [1, 600, 700]}, ["times_s"]),
    ({"speed_kmh": None, "times_s": [0, "600", 700]}, ["times_s.1"]),
    ({"speed_kmh": None, "times_s": 600}, ["times_s"]),
    ({"line": line([10, 0], [10, 17]), "speed_kmh": 1}, ["speed_kmh"]),
    ({"depart_at": None}, ["depart_at"]),
    ({"depart_at": "2026-11-20T14:00:00"}, ["depart_at"]),
    ({"depart_at": "2026-11-20"}, ["depart_at"]),
    ({"depart_at": "1066-10-14T09:00:00Z"}, ["depart_at"]),
    ({"depart_at": "2026-02-30T09:00:00Z"}, ["depart_at"]),
    ({"depart_at": 1_795_000_000}, ["depart_at"]),
    ({"max_offset_m": 0.5}, ["max_offset_m"]),
    ({"max_offset_m": 5001}, ["max_offset_m"]),
    ({"comfort_s": 599}, ["comfort_s"]),
    ({"comfort_s": 86_401}, ["comfort_s"]),
    ({"comfort_s": 700.5}, ["comfort_s"]),
    ({"since_last_stop_s": -1}, ["since_last_stop_s"]),
    ({"limit": 0}, ["limit"]),
    ({"limit": 501}, ["limit"]),
    ({"rank": "best"}, ["rank"]),
    ({"mode": "fly"}, ["mode"]),
    ({"needs": {"kind": "toilets"}}, ["needs.kind"]),
    ({"needs": {"kind": []}}, ["needs.kind"]),
    ({"needs": {"kind": ["sauna"]}}, ["needs.kind.0"]),
    ({"needs": {"open": ["closed"]}}, ["needs.open.0"]),
    ({"needs": {"sauna": ["yes"]}}, ["needs.sauna"]),
    ({"needs": []}, ["needs"]),
    ({"radius_m": 500}, ["radius_m"]),
]


@pytest.mark.parametrize(("changes", "names"), BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_bad_value_is_named_and_changes_nothing(
    client: FlaskClient, session: Session, changes: Mapping[str, Any], names: list[str]
) -> None:
    before = contents(session)
    assert sorted(named(request_stops(client, **changes))) == [("body", name) for name in names]
    assert contents(session) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"line": {"type": "LineString", "coordinates": [[10, 0], [10, %s]]}, "speed_kmh": 5}', "line.coordinates.1"),
        ('{"line": {"type": "LineString", "coordinates": [[10, 0], [10, 1]]}, "speed_kmh": %s}', "speed_kmh"),
        ('{"line": {"type": "LineString", "coordinates": [[10, 0], [10, 1]]}, "times_s": [0, %s]}', "times_s"),
    ],
)
def test_a_number_that_is_not_finite_is_refused(client: FlaskClient, body: str, name: str, number: str) -> None:
    text = body.replace("%s", number)[:-1] + ', "depart_at": "2026-11-20T12:00:00Z"}'
    assert named(client.post(PATH, data=text, content_type="application/json")) == [("body", name)]


def test_a_route_with_the_most_vertices_is_accepted_and_a_larger_body_refused(client: FlaskClient) -> None:
    vertices = [[10 + n * 1.23456789e-5, n * 1e-4] for n in range(MAX_VERTICES)]
    times_s = [n * 3.123456789 for n in range(MAX_VERTICES)]
    body = json.dumps(GOOD | {"line": line(*vertices), "times_s": times_s})
    body = body.replace('"speed_kmh": 60, ', "")
    assert MAX_BODY_BYTES < len(body) < schemas.MAX_BODY_BYTES
    assert client.post(PATH, data=body, content_type="application/json").status_code == 200
    padded = body + " " * schemas.MAX_BODY_BYTES
    problem(client.post(PATH, data=padded, content_type="application/json"), 413)


def test_other_endpoints_keep_the_smaller_body_limit(client: FlaskClient) -> None:
    problem(client.post("/v1/devices", data=b" " * (MAX_BODY_BYTES + 1), content_type="application/json"), 413)


def test_a_route_near_too_many_places_is_refused(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for km in (10, 20, 30):
        at_km(session, km)
    for bound in ("MAX_PASSES", "MAX_PAIRS"):
        with monkeypatch.context() as patch:
            patch.setattr(passes, bound, 3)
            assert request_stops(client).status_code == (200 if bound == "MAX_PASSES" else 422)
            patch.setattr(passes, bound, 2)
            assert named(request_stops(client)) == [("body", "max_offset_m")]


def test_parameters_in_the_query_are_refused(client: FlaskClient) -> None:
    assert named(client.post(f"{PATH}?limit=5", json=GOOD)) == [("query", "limit")]
