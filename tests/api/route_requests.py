"""Requests for the stops of a route."""

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.geo.ahead.test_stops import KM

PATH = "/v1/route/stops"
LINE = [[10.0, 0.0], [10.0, 60 * KM], [10.0, 120 * KM]]

GOOD: dict[str, Any] = {
    "line": {"type": "LineString", "coordinates": LINE},
    "depart_at": "2026-11-20T14:00:00+02:00",
    "speed_kmh": 60,
}


def request_stops(client: FlaskClient, **changes: Any) -> TestResponse:
    """The answer to a good request with some members changed; None takes one out."""
    body = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return client.post(PATH, json=body)


def answer(client: FlaskClient, **changes: Any) -> Any:
    response = request_stops(client, **changes)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def line(*coordinates: Any, **members: Any) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": list(coordinates), **members}
