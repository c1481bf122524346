"""POST /v1/route/stops over HTTP: what it takes, what it answers, and what it refuses by name."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from api import MAX_BODY_BYTES
from api.route import schemas
from geo.ahead import passes
from geo.ahead.polyline import decode
from geo.ahead.route import MAX_VERTICES
from tests.api.problem_documents import named, problem
from tests.factories import add_facility, contents
from tests.geo.ahead.test_polyline import encode
from tests.geo.ahead.test_stops import KM, at_km

PATH = "/v1/route/stops"
LINE = [[10.0, 0.0], [10.0, 60 * KM], [10.0, 120 * KM]]
GOOD: dict[str, Any] = {
    "line": {"type": "LineString", "coordinates": LINE},
    "depart_at": "2026-11-20T14:00:00+02:00",
    "speed_kmh": 60,
}


def asked(client: FlaskClient, **changes: Any) -> TestResponse:
    """The answer to a good request with some members changed; None takes one out."""
    body = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return client.post(PATH, json=body)


def answer(client: FlaskClient, **changes: Any) -> Any:
    response = asked(client, **changes)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def line(*coordinates: Any, **members: Any) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": list(coordinates), **members}


def test_a_route_is_answered_with_stops_gaps_and_a_plan(client: FlaskClient, session: Session) -> None:
    first, second = at_km(session, 50), at_km(session, 50.3)
    document = answer(client, comfort_s=3600, since_last_stop_s=120)
    assert [stop["id"] for stop in document["features"]] == [first, second]
    stop = document["features"][1]["properties"]
    told = {
        "visit": 1,
        "along_m": 50_300.0,
        "offset_m": 100.0,
        "side": "right",
        "arrive_at": "2026-11-20T12:50:18Z",
        "gap_before_m": 300.0,
        "gap_before_s": 18,
        "gap_after_m": 69_700.0,
        "gap_after_s": 4182,
        "planned": True,
        "last_good_stop": True,
        "last_good_stop_reason": "gap_exceeds_comfort",
        "last_good_stop_text": "last good stop for 70 km",
    }
    assert {name: stop[name] for name in told} == told
    assert stop["open"]["at"] == stop["arrive_at"]
    assert (stop["distance_m"], stop["rating"]["verdict"], stop["open"]["state"]) == (None, "unrated", "unknown")
    plan = document["plan"]
    assert [made["facility_id"] for made in plan["stops"]] == [second]
    assert (plan["keeps_comfort"], plan["worst_gap_s"], plan["gap_to_end_s"]) == (False, 4182, 4182)
    (warning,) = plan["warnings"]
    assert (warning["from_facility_id"], warning["to_facility_id"], warning["gap_s"]) == (second, None, 4182)
    assert warning["text"] == "no stop for 70 km after 50 km: 1 h 10 min, longer than the 1 h of comfort"
    assert document["route"]["arrive_at"] == "2026-11-20T14:00:00Z"
    assert document["as_of"] == "2026-11-20T12:00:00Z"


def test_a_planned_stop_has_a_backup(client: FlaskClient, session: Session) -> None:
    at_km(session, 61)
    at_km(session, 61.3)
    (made,) = answer(client, comfort_s=4000)["plan"]["stops"]
    assert made["backup"]["further_m"] == 300.0
    assert made["backup"]["text"] == "if shut, 300 m further"
    assert made["backup"]["within_comfort"] is True


def test_the_answer_is_geojson_that_no_cache_keeps(client: FlaskClient) -> None:
    response = asked(client)
    assert response.content_type == "application/geo+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


def test_an_empty_answer_says_why(client: FlaskClient) -> None:
    document = answer(client, max_offset_m=250)
    assert document["features"] == []
    assert document["note"] == "Nothing within 250 m of this route meets these needs when you pass."
    assert document["plan"]["stops"] == []


def test_a_cut_answer_says_so(client: FlaskClient, session: Session) -> None:
    for km in range(1, 20):
        at_km(session, km)
    document = answer(client, limit=5, comfort_s=7200)
    assert (len(document["features"]), document["stops_found"]) == (5, 19)
    assert document["note"] == "14 more stops are omitted: only the best of each stretch of the route are returned."


@pytest.mark.parametrize("precision", [5, 6])
def test_a_polyline_is_the_same_route(client: FlaskClient, session: Session, precision: int) -> None:
    at_km(session, 50)
    text = encode([(lon, lat) for lon, lat in LINE], precision)
    assert len(decode(text, precision)) == 3
    document = answer(client, line=None, polyline=text, precision=precision)
    assert document["features"][0]["properties"]["along_m"] == pytest.approx(50_000, abs=1)
    if precision == 5:
        assert answer(client, line=None, polyline=text)["features"] == document["features"]


@pytest.mark.parametrize(
    ("pace", "arrive_at"),
    [
        ({"speed_kmh": 120}, "2026-11-20T12:25:00Z"),
        ({"duration_s": 14_400}, "2026-11-20T13:40:00Z"),
        ({"times_s": [0, 600, 1200]}, "2026-11-20T12:08:20Z"),
    ],
)
def test_the_time_of_arrival_follows_the_pace(
    client: FlaskClient, session: Session, pace: dict[str, Any], arrive_at: str
) -> None:
    at_km(session, 50)
    (stop,) = answer(client, **{"speed_kmh": None, **pace})["features"]
    assert stop["properties"]["arrive_at"] == arrive_at


def test_needs_are_those_of_a_search(client: FlaskClient, session: Session) -> None:
    wanted = at_km(session, 50, wheelchair="limited", kind="shower")
    at_km(session, 50, wheelchair="no", kind="shower")
    at_km(session, 50, wheelchair="yes")
    document = answer(client, needs={"kind": ["shower"], "wheelchair": ["yes", "limited"], "verdict": ["unrated"]})
    assert [stop["id"] for stop in document["features"]] == [wanted]
    assert answer(client, needs={"open": ["open"]})["features"] == []


def test_a_stop_is_one_with_toilets_unless_the_needs_name_other_kinds(client: FlaskClient, session: Session) -> None:
    water, toilets = at_km(session, 40, kind="drinking_water"), at_km(session, 50)
    for needs, stops in (
        ({}, [toilets]),
        ({"kind": ["any"]}, [water, toilets]),
        ({"kind": ["drinking_water"]}, [water]),
    ):
        assert [stop["id"] for stop in answer(client, needs=needs)["features"]] == stops


def test_a_line_across_the_antimeridian_is_valid(client: FlaskClient, session: Session) -> None:
    ids = [add_facility(session, lon, -16.999) for lon in (179.95, -179.95)]
    document = answer(client, line=line([179.9, -17.0], [-179.9, -17.0]))
    assert [stop["id"] for stop in document["features"]] == ids
    assert document["route"]["length_m"] < 22_000


def test_an_altitude_is_not_looked_at(client: FlaskClient) -> None:
    assert answer(client, line=line([10, 0, 57.5], [10, 1, 60]))["route"]["length_m"] == pytest.approx(111_195, abs=1)


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
    assert sorted(named(asked(client, **changes))) == [("body", name) for name in names]
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
def test_a_number_that_is_none_is_refused(client: FlaskClient, body: str, name: str, number: str) -> None:
    text = body.replace("%s", number)[:-1] + ', "depart_at": "2026-11-20T12:00:00Z"}'
    assert named(client.post(PATH, data=text, content_type="application/json")) == [("body", name)]


def test_a_route_of_most_vertices_is_taken_and_a_larger_body_is_not(client: FlaskClient) -> None:
    vertices = [[10 + n * 1.23456789e-5, n * 1e-4] for n in range(MAX_VERTICES)]
    times_s = [n * 3.123456789 for n in range(MAX_VERTICES)]
    body = json.dumps(GOOD | {"line": line(*vertices), "times_s": times_s})
    body = body.replace('"speed_kmh": 60, ', "")
    assert MAX_BODY_BYTES < len(body) < schemas.MAX_BODY_BYTES
    assert client.post(PATH, data=body, content_type="application/json").status_code == 200
    padded = body + " " * schemas.MAX_BODY_BYTES
    problem(client.post(PATH, data=padded, content_type="application/json"), 413)


def test_other_routes_still_refuse_what_this_one_takes(client: FlaskClient) -> None:
    problem(client.post("/v1/devices", data=b" " * (MAX_BODY_BYTES + 1), content_type="application/json"), 413)


def test_a_route_near_too_many_places_is_refused(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for km in (10, 20, 30):
        at_km(session, km)
    for bound in ("MAX_PASSES", "MAX_PAIRS"):
        with monkeypatch.context() as patch:
            patch.setattr(passes, bound, 3)
            assert asked(client).status_code == (200 if bound == "MAX_PASSES" else 422)
            patch.setattr(passes, bound, 2)
            assert named(asked(client)) == [("body", "max_offset_m")]


def test_parameters_in_the_query_are_refused(client: FlaskClient) -> None:
    assert named(client.post(f"{PATH}?limit=5", json=GOOD)) == [("query", "limit")]


def test_the_answers_are_what_the_document_says(app: Flask, client: FlaskClient, session: Session) -> None:
    at_km(session, 50)
    at_km(session, 51)
    operation = schemathesis.openapi.from_wsgi("/openapi.json", app)[PATH]["POST"]
    for changes in ({}, {"comfort_s": 600}, {"needs": {"kind": ["shower"]}}, {"limit": 0}, {"line": None}):
        operation.validate_response(asked(client, **changes))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # schemathesis' own, while it draws from schemas
def test_no_request_that_can_be_thought_of_finds_a_fault(app: Flask, session: Session) -> None:
    at_km(session, 50)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operation = schema[PATH]["POST"]

    @settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def hold(case: schemathesis.Case) -> None:
        response = case.call()
        assert response.status_code < 500
        operation.validate_response(response)

    hold()
