"""NUL, half surrogate pairs and numbers beyond any id are refused in each path, query and body of every door."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from geo.partners import issued_keys, registry
from geo.partners.models import SCOPES
from tests.api.moderation.callers import member
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import add_device, bearer

JSON = "application/json"

NO_PATHS = {
    "NUL": "%00",
    "NUL within": "a%00b",
    "NUL behind a number": "1%00",
    "no UTF-8": "%ff",
    "lone surrogates": "%ed%a0%80",
    "20 digits": "1" * 20,
    "beyond bigint": str(2**63),
    "19 nines": "9" * 19,
    "5,000 digits": "1" * 5_000,
    "a fullwidth digit": "%EF%BC%91",
    "NUL behind a UUID": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff%00",
}


@pytest.fixture
def doors(client: FlaskClient, session: Session, clock: TestClock) -> dict[str, dict[str, str]]:
    """What to send to each door so that it opens."""
    partner_id = registry.add(session, "Acme", registry.DAILY_QUOTA, clock())
    key = issued_keys.issue(session, partner_id, issued_keys.KeyTerms("secret", scopes=SCOPES), clock()).key
    return {
        "/admin/": bearer(member(client, session, clock, "admin").token),
        "/partner/": bearer(key),
        "/": bearer(add_device(session, clock()).token),
    }


def opened(doors: dict[str, dict[str, str]], path: str) -> dict[str, str]:
    return next(headers for door, headers in doors.items() if path.startswith(door))


@pytest.mark.parametrize("kind", NO_PATHS)
def test_an_invalid_path_segment_is_a_404(
    app: Flask, client: FlaskClient, doors: dict[str, dict[str, str]], kind: str
) -> None:
    requests_sent = 0
    for rule in app.url_map.iter_rules():
        if not rule.arguments or rule.endpoint == "static":
            continue
        for name in rule.arguments:
            path = re.sub(rf"<[^>]*\b{name}>", NO_PATHS[kind], rule.rule)
            path = re.sub("<[^>]*>", "1", path)
            for method in (rule.methods or set()) - ({"OPTIONS"} if "<path:" in rule.rule else set()):
                body: dict[str, Any] = {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}
                response = client.open(path, method=method, headers=opened(doors, path), **body)
                if rule.endpoint == "records.revoke_staff" and "NUL" not in kind:
                    assert response.status_code in {204, 404}, path  # it may be a name
                elif str(2**63) in path or "9" * 19 in path:
                    # Bodies and methods are looked at first: the number fits the path.
                    assert response.status_code in {204, 404, 422}, (method, path)
                elif method != "HEAD":
                    problem(response, 404)
                else:
                    assert response.status_code == 404
                requests_sent += 1
    assert requests_sent > 40


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a JSON value stand."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, step))


def with_text(value: Any, path: tuple[Any, ...], text: str) -> Any:
    """A copy of a JSON value with another text somewhere."""
    copy = json.loads(json.dumps(value))
    part = copy
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = text
    return copy


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a\udfff"])
def test_every_text_of_a_body_refuses_nul_and_lone_surrogates(
    client: FlaskClient, doors: dict[str, dict[str, str]], text: str
) -> None:
    requests_sent = 0
    for path, item in client.get("/openapi.json").get_json()["paths"].items():
        for method in item.keys() & {"post", "put", "patch"}:
            if "requestBody" not in item[method]:
                continue
            example = item[method]["requestBody"]["content"][JSON]["example"]
            filled = re.sub(r"{decision_id}(?=/appeal)", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", path)
            filled = re.sub("{[^}]*}", "1", filled)
            for place in leaves(example):
                body = json.dumps(with_text(example, place, text))
                response = client.open(
                    filled, method=method.upper(), data=body, content_type=JSON, headers=opened(doors, path)
                )
                errors = problem(response, 422)["errors"]
                assert errors[0]["in"] == "body", (path, place)
                requests_sent += 1
    assert requests_sent > 20


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ff", "%ed%a0%80"])
def test_every_parameter_refuses_nul_and_lone_surrogates(
    client: FlaskClient, doors: dict[str, dict[str, str]], text: str
) -> None:
    requests_sent = 0
    for path, item in client.get("/openapi.json").get_json()["paths"].items():
        names = [entry["name"] for entry in item.get("get", {}).get("parameters", []) if entry["in"] == "query"]
        for name in names:
            filled = re.sub("{[^}]*}", "1", path)
            response = client.get(f"{filled}?{name}={text}", headers=opened(doors, path))
            assert name in {error["name"] for error in problem(response, 422)["errors"]}, path
            requests_sent += 1
    assert requests_sent > 40
