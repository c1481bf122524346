"""Every route requires the token and answers with the problems that OpenAPI documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.casework import staff
from geo.partners import issued_keys, registry
from geo.partners.issued_keys import KeyTerms
from geo.partners.models import SCOPES
from tests import conforming_client
from tests.api.problem_documents import problem
from tests.conftest import NOON
from tests.factories import add_device, bearer, contents


@dataclass(frozen=True)
class Operation:
    """An OpenAPI operation and a request made of its examples."""

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
    found = [
        operation_of(path, method.upper(), item)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    ]
    assert found
    return found


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
    """The Authorization header of each kind of caller; the member of staff is an admin, the key has every scope."""
    partner_id = registry.ensure(session, "Acme", None, NOON)
    return {
        "nobody": {},
        "device": bearer(add_device(session, NOON).token),
        "staff": bearer(staff.add(session, "anna", "admin", NOON, actor="command").token),
        "partner": bearer(issued_keys.issue(session, partner_id, KeyTerms("secret", scopes=SCOPES), NOON).key),
    }


def test_a_route_accepts_only_the_tokens_that_it_declares(
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
    """Roll back all changes made within."""
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


UUID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
DIRECT = {"action": "hide_facility", "reason": "spam"}


@pytest.mark.parametrize(
    ("caller", "request_line", "body", "place", "name"),
    [
        ("nobody", "GET /v1/facilities/0", None, "path", "facility_id"),
        ("nobody", "GET /v1/facilities/0/ratings", None, "path", "facility_id"),
        ("partner", "GET /partner/v1/facilities/0", None, "path", "facility_id"),
        ("device", "PUT /v1/facilities/0/rating", {"stars": 5}, "path", "facility_id"),
        ("device", "POST /v1/facilities/0/reports", {"reason": "closed"}, "path", "facility_id"),
        ("device", "POST /v1/facilities/0/reports", {"reason": "spam", "rating_id": 999}, "body", "rating_id"),
        ("device", "POST /v1/proposals", {"facility_id": 999, "note": "x"}, "body", "facility_id"),
        ("partner", "POST /partner/v1/proposals", {"facility_id": 999, "note": "x"}, "body", "facility_id"),
        ("device", "POST /v1/proposals/0/reports", {"reason": "spam"}, "path", "proposal_id"),
        ("device", f"POST /v1/me/decisions/{UUID}/appeal", {"text": "No."}, "path", "decision_id"),
        ("staff", "GET /admin/v1/queue/0", None, "path", "item_id"),
        ("staff", "POST /admin/v1/queue/0/claim", None, "path", "item_id"),
        ("staff", "POST /admin/v1/decisions", {**DIRECT, "target": "facility", "target_id": 999}, "body", "target_id"),
        (
            "staff",
            "POST /admin/v1/decisions",
            {"action": "suspend_device", "reason": "spam", "target": "device", "handle": UUID},
            "body",
            "handle",
        ),
        ("staff", "POST /admin/v1/decisions/0/revert", {"reason": "mistake"}, "path", "decision_id"),
        (
            "staff",
            "POST /admin/v1/appeals/0/decision",
            {"outcome": "granted", "answer": "Yes.", "version": 1},
            "path",
            "appeal_id",
        ),
        ("staff", "GET /admin/v1/facilities/0", None, "path", "facility_id"),
        ("staff", f"GET /admin/v1/devices/{UUID}", None, "path", "handle"),
        ("staff", "DELETE /admin/v1/staff/bert", None, "path", "name"),
        (
            "staff",
            "POST /admin/v1/staff",
            {"name": "bert", "role": "reader", "device_handle": UUID},
            "body",
            "device_handle",
        ),
        ("staff", "GET /admin/v1/partners/0", None, "path", "partner_id"),
        ("staff", "DELETE /admin/v1/partners/0/keys/0", None, "path", "key_id"),
    ],
)
def test_a_404_names_the_field_and_its_location(
    client: FlaskClient,
    tokens: dict[str, dict[str, str]],
    caller: str,
    request_line: str,
    body: object,
    place: str,
    name: str,
) -> None:
    method, _, path = request_line.partition(" ")
    document = problem(client.open(path, method=method, json=body, headers=tokens[caller]), 404)
    pointer = {"pointer": f"#/{name}"} if place == "body" else {}
    assert document["errors"] == [{"in": place, "name": name, "detail": document["detail"], **pointer}]
