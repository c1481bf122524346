"""What is written down of a request: its route, how it went, how long; nothing of who, where or what was said."""

import json
import socket
from http.client import HTTPConnection
from typing import Any

import pytest
from sqlalchemy import text

from geo.database import Database
from geo.private_postgres.cluster import PrivatePostgres
from tests.api.serving import PATIENCE_S, Server, serving
from tests.factories import add_facility

LAT, LON = "60.123456", "24.654321"
COMMENT = "the-secret-comment"
STRANGER = "bfd_a-token-of-nobody"
FORWARDED = "203.0.113.7"
AGENT = "a-telling-user-agent"
COOKIE = "a-cookie-of-somebody"

FAULTS = """
    CREATE OR REPLACE FUNCTION facility_search.decay(as_of timestamptz, half_life_days float8) RETURNS float8
    LANGUAGE sql RETURN half_life_days / 0;
    ALTER TABLE rating ADD CHECK (comment = '') NOT VALID
"""
"""After which no search and no comment goes through; the message of the second fault quotes the whole row."""


@pytest.fixture(scope="module")
def log(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The log of a server that was asked everything that is private, well and badly; and the ids of its answers."""
    database, file = Database(served_url), tmp_path_factory.mktemp("server") / "log"
    with database.write() as session:
        place = add_facility(session)
        session.commit()
    with serving(served_url, file, workers=1) as server:
        token, ids = ask_everything(server, place)
        with database.write() as session:  # from here on whatever needs them is a fault of ours
            session.execute(text(FAULTS))
            session.commit()
        ids += break_everything(server, place, token)
    database.close()
    written = file.read_text()
    assert token not in written
    assert token.removeprefix("bfd_") not in written
    return written, ids


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
    """The status, the request id and the JSON of an answer."""
    wire = HTTPConnection(*server.address, timeout=PATIENCE_S)
    more = {"Content-Type": "application/json", "User-Agent": AGENT, "X-Forwarded-For": FORWARDED, "Cookie": COOKIE}
    wire.request(method, path, body if body is None else json.dumps(body), more | headers)
    answer = wire.getresponse()
    content = answer.read()
    wire.close()
    return answer.status, answer.headers["X-Request-Id"], json.loads(content or "null")


def ask_everything(server: Server, place: int) -> tuple[str, list[str]]:
    status, first, device = ask(server, "POST", "/v1/devices")
    assert status == 201
    mine, own = {"Authorization": f"Bearer {device['token']}"}, f"/v1/facilities/{place}/rating"
    responses = [
        (200, ask(server, "GET", f"/v1/facilities?lat={LAT}&lon={LON}")),
        (422, ask(server, "GET", f"/v1/facilities?lat={LAT}&lon={LON}&limit=0")),
        (422, ask(server, "GET", f"/v1/facilities?{LAT}={LON}")),
        (404, ask(server, "GET", f"/v1/facilities/{LAT},{LON}")),
        (404, ask(server, "GET", f"/docs/{LAT}/{LON}")),
        (405, ask(server, f"BREW{LAT}", "/v1/facilities")),
        (201, ask(server, "PUT", own, {"stars": 5, "comment": COMMENT}, **mine)),
        (422, ask(server, "PUT", own, {"stars": 9, COMMENT: COMMENT}, **mine)),
        (401, ask(server, "PUT", own, {"stars": 5}, Authorization=f"Bearer {STRANGER}")),
        (401, ask(server, "GET", f"{own}", None, Authorization=STRANGER)),
    ]
    assert [status for status, _ in responses] == [answer[0] for _, answer in responses]
    return device["token"], [first, *(answer[1] for _, answer in responses)]


def break_everything(server: Server, place: int, token: str) -> list[str]:
    mine = {"Authorization": f"Bearer {token}"}
    responses = [
        ask(server, "GET", f"/v1/facilities?lat={LAT}&lon={LON}"),
        ask(server, "PUT", f"/v1/facilities/{place}/rating", {"stars": 1, "comment": COMMENT}, **mine),
    ]
    for status, _, problem in responses:
        assert status == 500
        assert problem["detail"] == "an unexpected error occurred and was logged"
    return [request_id for _, request_id, _ in responses]


def test_the_log_has_one_line_per_request_without_private_data(
    log: tuple[str, list[str]], postgres: PrivatePostgres
) -> None:
    written, ids = log
    for private in (LAT, LON, COMMENT, STRANGER, FORWARDED, AGENT, COOKIE):
        assert private not in written
        assert private not in postgres._log.read_text()
    assert "127.0.0.1" not in "".join(line for line in written.splitlines() if "Listening at" not in line)
    assert socket.gethostname() not in written
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    logged = [line for line in lines if line["event"] == "request" and line["route"] != "/healthz"]
    assert sorted(line["request_id"] for line in logged) == sorted(ids)
    fields = {"event", "level", "timestamp", "request_id", "method", "route", "status", "duration_ms"}
    assert all(set(line) == fields for line in logged)


def test_an_unexpected_error_is_logged_with_its_location(log: tuple[str, list[str]]) -> None:
    written, ids = log
    faults = [json.loads(line) for line in written.splitlines() if '"unexpected_error"' in line]
    # A search goes to the driver itself, a write by way of SQLAlchemy.
    assert sorted(fault["error"] for fault in faults) == ["DivisionByZero", "IntegrityError"]
    for fault in faults:
        assert fault["request_id"] in ids[-2:]
        assert any("/api/" in frame for frame in fault["frames"])
        assert fault["level"] == "error"
