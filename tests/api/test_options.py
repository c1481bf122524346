"""OPTIONS says which methods a route takes: of every route of every door, to everybody, at no cost."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from api.http import limits
from tests.api.partner.conftest import ORIGIN, add_partner
from tests.api.problem_documents import problem
from tests.conftest import OneConnection, TestClock
from tests.factories import bearer

UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

NEARBY = "/v1/facilities?lat=1&lon=1"
SEARCH = "/partner/v1/facilities?lat=1&lon=1"


def paths(app: Flask) -> list[tuple[str, set[str]]]:
    """A path of every rule, and the methods that its rules take."""
    taken: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", re.sub(r"<uuid:\w+>", UUID, rule.rule))
        taken.setdefault(path, set()).update(rule.methods or ())
    return list(taken.items())


def test_options_returns_the_methods_of_every_route(app: Flask, client: FlaskClient, statements: list[str]) -> None:
    statements.clear()
    found = paths(app)
    assert len(found) > 40
    for path, methods in found:
        for more in ({}, {"query_string": "x=1&x=2"}, {"data": b"{", "content_type": "text/plain"}):
            response = client.options(path, **more)
            assert (response.status_code, response.data) == (204, b""), path
            assert set(response.headers["Allow"].split(", ")) == methods
    assert statements == []


def test_options_of_an_unknown_path_is_a_404(client: FlaskClient) -> None:
    for path in ("/v1/nothing", "/nothing", "/v1/facilities/x"):
        problem(client.options(path), 404)


def test_options_does_not_count_against_limits_and_quotas(
    connection: Connection, session: Session, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READS_BURST", 1)
    settings = Settings("postgresql://not.used", None, port=8000, workers=1)
    client = create_app(settings, database=OneConnection(connection), clock=clock).test_client()
    key = bearer(add_partner(session, "Acme", ORIGIN, clock).secret.key)

    def left() -> int:
        found = re.search(r";r=(\d+)", client.get(SEARCH, headers=key).headers["RateLimit"])
        assert found
        return int(found[1])

    before = left()
    for _ in range(3):
        assert client.options(NEARBY).status_code == 204
        answer = client.options(SEARCH, headers=key)
        assert answer.status_code == 204
        assert "RateLimit" not in answer.headers
    assert left() == before - 1
    assert [client.get(NEARBY).status_code for _ in range(2)] == [200, 429]
