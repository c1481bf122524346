"""Every route does what it declares: it asks for the token, and answers with the problems, that OpenAPI documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.moderation import staff
from geo.partners import registry
from geo.partners.models import SCOPES
from geo.partners.registry import KeyTerms
from tests import conforming_client
from tests.conftest import NOON
from tests.factories import add_device, bearer, contents


@dataclass(frozen=True)
class Operation:
    """An operation of OpenAPI, with a request made of its examples."""

    method: str
    path: str
    asks_for: str | None
    statuses: set[int]
    request: dict[str, Any]

    def status(self, client: FlaskClient, headers: dict[str, str]) -> int:
        return client.open(self.path, method=self.method, headers=headers, **self.request).status_code


@pytest.fixture
def operations(client: FlaskClient) -> list[Operation]:
    document = client.get("/openapi.json").get_json()
    return [
        operation_of(path, method.upper(), item)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    ]


def operation_of(path: str, method: str, item: dict[str, Any]) -> Operation:
    raw = item[method.lower()]
    for parameter in item.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    query = {p["name"]: p["schema"].get("example") for p in raw.get("parameters", []) if p["in"] == "query"}
    request: dict[str, Any] = {"query_string": {name: query[name] for name in ("lat", "lon") if name in query}}
    if "requestBody" in raw:
        request["json"] = raw["requestBody"]["content"]["application/json"]["example"]
    [needed] = raw.get("security", [{None: []}])
    return Operation(method, path, *needed, {int(status) for status in raw["responses"]}, request)


@pytest.fixture
def tokens(session: Session) -> dict[str, dict[str, str]]:
    """The Authorization of each kind of caller, and of nobody; each may do all that its kind may."""
    partner_id = registry.ensure(session, "Acme", None, NOON)
    return {
        "nobody": {},
        "device": bearer(add_device(session, NOON).token),
        "staff": bearer(staff.add(session, "anna", "admin", NOON, actor="command").token),
        "partner": bearer(registry.add_key(session, partner_id, KeyTerms("secret", scopes=SCOPES), NOON).key),
    }


def test_a_route_lets_in_those_whose_token_it_asks_for_and_nobody_else(
    client: FlaskClient, session: Session, operations: list[Operation], tokens: dict[str, dict[str, str]]
) -> None:
    for operation in operations:
        for caller, headers in tokens.items():
            with undone(session):
                before = contents(session)
                refused = operation.status(client, headers) == 401
                assert refused == (operation.asks_for not in {None, caller}), (operation, caller)
                assert not refused or contents(session) == before


def test_a_suspended_device_is_refused_where_403_is_documented(
    client: FlaskClient, session: Session, operations: list[Operation], tokens: dict[str, dict[str, str]]
) -> None:
    session.execute(text("UPDATE device SET suspended_at = created_at"))
    refused = set()
    for operation in operations:
        if operation.asks_for == "device":
            with undone(session):
                is_refused = operation.status(client, tokens["device"]) == 403
            assert is_refused == (403 in operation.statuses), operation
            refused.add(is_refused)
    assert refused == {True, False}


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Take back whatever happens within."""
    with session.begin_nested() as savepoint:
        yield
        savepoint.rollback()


def test_an_undocumented_status_fails_the_test_that_meets_it(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    documented = conforming_client.documented_statuses()
    operation = ("GET", "/v1/facilities/{facility_id}")
    assert client.head("/v1/facilities/0").status_code == 404
    monkeypatch.setitem(documented, operation, documented[operation] - {404})
    for method in ("GET", "HEAD"):
        with pytest.raises(AssertionError, match="answers 404"):
            client.open("/v1/facilities/0", method=method)
