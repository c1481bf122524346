"""POST /v1/route/stops over HTTP: what it answers."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session

from geo.ahead.polyline import decode
from tests.api.route_requests import LINE, PATH, answer, line, request_stops
from tests.factories import add_facility
from tests.geo.ahead.test_polyline import encode
from tests.geo.ahead.test_stops import at_km


def test_a_route_returns_stops_gaps_and_a_plan(client: FlaskClient, session: Session) -> None:
    first, second = at_km(session, 50), at_km(session, 50.3)
    document = answer(client, comfort_s=3600, since_last_stop_s=120)
    assert [stop["id"] for stop in document["features"]] == [first, second]
    stop = document["features"][1]["properties"]
    expected = {
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
    assert {name: stop[name] for name in expected} == expected
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


def test_the_response_is_geojson_that_is_not_cached(client: FlaskClient) -> None:
    response = request_stops(client)
    assert response.content_type == "application/geo+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


def test_an_empty_response_says_why(client: FlaskClient) -> None:
    document = answer(client, max_offset_m=250)
    assert document["features"] == []
    assert document["note"] == "Nothing within 250 m of this route meets these needs when you pass."
    assert document["plan"]["stops"] == []


def test_a_truncated_response_counts_the_omitted_stops(client: FlaskClient, session: Session) -> None:
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


def test_stops_have_toilets_by_default(client: FlaskClient, session: Session) -> None:
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


def test_an_altitude_is_ignored(client: FlaskClient) -> None:
    assert answer(client, line=line([10, 0, 57.5], [10, 1, 60]))["route"]["length_m"] == pytest.approx(111_195, abs=1)


def test_the_responses_match_the_document(app: Flask, client: FlaskClient, session: Session) -> None:
    at_km(session, 50)
    at_km(session, 51)
    operation = schemathesis.openapi.from_wsgi("/openapi.json", app)[PATH]["POST"]
    for changes in ({}, {"comfort_s": 600}, {"needs": {"kind": ["shower"]}}, {"limit": 0}, {"line": None}):
        operation.validate_response(request_stops(client, **changes))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # schemathesis' own, while it draws from schemas
def test_no_generated_request_causes_a_server_error(app: Flask, session: Session) -> None:
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
