"""The admin's routes for partners: make, see, rotate, revoke, count; and who may not."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.casework import audit, staff
from geo.casework.models import ROLES, AuditEntry
from geo.partners.models import SCOPES
from tests.api.partner.conftest import ORIGIN, SEARCH, KnownPartner
from tests.api.problem_documents import named, problem
from tests.conftest import TestClock
from tests.factories import add_device, bearer

PARTNERS = "/admin/v1/partners"


def member(session: Session, role: Any, clock: TestClock) -> dict[str, str]:
    return bearer(staff.add(session, f"the {role}", role, clock(), actor="command").token)


@pytest.fixture
def admin(session: Session, clock: TestClock) -> dict[str, str]:
    return member(session, "admin", clock)


def test_a_partner_is_created_with_keys_and_listed_without_them(client: FlaskClient, admin: dict[str, str]) -> None:
    made = client.post(PARTNERS, json={"name": "Initech", "daily_quota": 7}, headers=admin)
    assert made.status_code == 201
    partner = f"{PARTNERS}/{made.json['id']}"
    page = client.post(f"{partner}/keys", json={"kind": "publishable", "origins": [ORIGIN + "/"]}, headers=admin)
    server = client.post(f"{partner}/keys", json={"kind": "secret"}, headers=admin)
    assert (page.status_code, server.status_code) == (201, 201)
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(SEARCH, headers=bearer(page.json["key"]) | {"Origin": ORIGIN}).status_code == 200
    assert client.get(SEARCH, headers=bearer(server.json["key"])).status_code == 200
    seen = client.get(partner, headers=admin)
    assert page.json["key"] not in seen.text
    assert [key["hint"] for key in seen.json["keys"]] == [page.json["key"][-4:], server.json["key"][-4:]]
    assert seen.json["keys"][0]["origins"] == [ORIGIN]
    assert client.get(PARTNERS, headers=admin).json == {"partners": [seen.json]}


def test_a_key_is_rotated_and_revoked(client: FlaskClient, admin: dict[str, str], acme: KnownPartner) -> None:
    partner = f"{PARTNERS}/{acme.partner_id}"
    rotated = client.post(f"{partner}/rotation", json={"kind": "secret", "overlap_days": 1}, headers=admin)
    assert rotated.status_code == 201
    assert problem(client.post(f"{partner}/rotation", json={"kind": "secret"}, headers=admin), 409)
    assert problem(client.post(f"{partner}/keys", json={"kind": "secret"}, headers=admin), 409)
    assert client.delete(f"{partner}/keys/{acme.secret.key_id}", headers=admin).status_code == 204
    assert problem(client.delete(f"{partner}/keys/{acme.secret.key_id}", headers=admin), 404)
    assert client.get(SEARCH, headers=bearer(acme.secret.key)).status_code == 401
    assert client.get(SEARCH, headers=bearer(rotated.json["key"])).status_code == 200


def test_a_key_is_revoked_only_under_its_own_partner(
    client: FlaskClient, admin: dict[str, str], acme: KnownPartner, globex: KnownPartner
) -> None:
    problem(client.delete(f"{PARTNERS}/{globex.partner_id}/keys/{acme.secret.key_id}", headers=admin), 404)
    assert client.get(SEARCH, headers=bearer(acme.secret.key)).status_code == 200


def test_usage_is_returned_by_day(
    client: FlaskClient, admin: dict[str, str], acme: KnownPartner, globex: KnownPartner, clock: TestClock
) -> None:
    for _ in range(3):
        client.get(SEARCH, headers=bearer(acme.secret.key))
    clock.advance(minutes=1)
    client.get(SEARCH, headers=bearer(acme.secret.key))
    (day,) = client.get(f"{PARTNERS}/{acme.partner_id}/usage", headers=admin).json["days"]
    assert (day["day"], day["served"]) == ("2026-11-20", 3)
    assert day["granted"] > day["served"]
    assert client.get(f"{PARTNERS}/{globex.partner_id}/usage", headers=admin).json == {"days": []}


def test_a_quota_can_be_changed(client: FlaskClient, admin: dict[str, str], acme: KnownPartner) -> None:
    changed = client.patch(f"{PARTNERS}/{acme.partner_id}", json={"daily_quota": 1}, headers=admin)
    assert changed.json["daily_quota"] == 1
    assert [client.get(SEARCH, headers=bearer(acme.secret.key)).status_code for _ in range(2)] == [200, 429]


def test_each_change_is_in_the_audit_chain_without_the_key(
    client: FlaskClient, admin: dict[str, str], acme: KnownPartner, session: Session
) -> None:
    partner = f"{PARTNERS}/{acme.partner_id}"
    client.post(PARTNERS, json={"name": "Initech"}, headers=admin)
    client.patch(partner, json={"daily_quota": 5}, headers=admin)
    client.post(f"{partner}/rotation", json={"kind": "secret"}, headers=admin)
    client.delete(f"{partner}/keys/{acme.publishable.key_id}", headers=admin)
    new = client.post(f"{partner}/keys", json={"kind": "publishable", "origins": [ORIGIN]}, headers=admin)
    entries = session.execute(select(AuditEntry.event, AuditEntry.details).order_by(AuditEntry.id)).all()
    assert [entry.event for entry in entries if entry.event.startswith("partner")] == [
        "partner added",
        "partner quota changed",
        "partner key rotated",
        "partner key revoked",
        "partner key added",
    ]
    assert new.json["key"] not in str(entries)
    assert audit.verify(session).fault is None


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (("", {}), [("body", "name")]),
        (("", {"name": ""}), [("body", "name")]),
        (("", {"name": "x" * 101}), [("body", "name")]),
        (("", {"name": "A", "daily_quota": 0}), [("body", "daily_quota")]),
        (("/{id}/keys", {"kind": "public"}), [("body", "kind")]),
        (("/{id}/keys", {"kind": "publishable", "origins": ["*"]}), [("body", "origins.0")]),
        (("/{id}/keys", {"kind": "publishable", "origins": [ORIGIN, "null"]}), [("body", "origins.1")]),
        (("/{id}/keys", {"kind": "secret", "scopes": ["everything"]}), [("body", "scopes.0")]),
        (("/{id}/keys", {"kind": "secret", "expires_at": "soon"}), [("body", "expires_at")]),
        (("/{id}/keys", {"kind": "publishable"}), [("body", "origins")]),
        (("/{id}/keys", {"kind": "secret", "expires_at": "2020-01-01T00:00:00Z"}), [("body", "expires_at")]),
        (("/{id}/keys", {"kind": "secret", "origins": [ORIGIN]}), [("body", "origins")]),
        (("/{id}/keys", {"kind": "publishable", "origins": [ORIGIN], "scopes": list(SCOPES)}), [("body", "scopes")]),
        (("/{id}/rotation", {"kind": "secret", "overlap_days": -1}), [("body", "overlap_days")]),
    ],
)
def test_an_invalid_value_is_named(
    client: FlaskClient,
    admin: dict[str, str],
    acme: KnownPartner,
    call: tuple[str, dict[str, Any]],
    names: list[tuple[str, str]],
) -> None:
    path, body = call
    response = client.post(PARTNERS + path.replace("{id}", str(acme.partner_id)), json=body, headers=admin)
    assert named(response) == names


def test_a_duplicate_name_is_refused_and_an_unknown_partner_is_a_404(
    client: FlaskClient, admin: dict[str, str], acme: KnownPartner
) -> None:
    problem(client.post(PARTNERS, json={"name": "Acme"}, headers=admin), 409)
    nobody = f"{PARTNERS}/{acme.partner_id + 1}"
    for method, path, body in (
        ("GET", nobody, None),
        ("PATCH", nobody, {"daily_quota": 1}),
        ("POST", f"{nobody}/keys", {"kind": "secret"}),
        ("POST", f"{nobody}/rotation", {"kind": "secret"}),
        ("GET", f"{nobody}/usage", None),
        ("DELETE", f"{nobody}/keys/1", None),
    ):
        problem(client.open(path, method=method, json=body, headers=admin), 404)


def routes(acme: KnownPartner) -> list[tuple[str, str, Any]]:
    partner = f"{PARTNERS}/{acme.partner_id}"
    return [
        ("GET", PARTNERS, None),
        ("POST", PARTNERS, {"name": "Intruder"}),
        ("GET", partner, None),
        ("PATCH", partner, {"daily_quota": 1}),
        ("POST", f"{partner}/keys", {"kind": "secret"}),
        ("POST", f"{partner}/rotation", {"kind": "secret"}),
        ("DELETE", f"{partner}/keys/{acme.secret.key_id}", None),
        ("GET", f"{partner}/usage", None),
    ]


def test_only_an_admin_reads_or_changes_partners(
    client: FlaskClient, session: Session, clock: TestClock, acme: KnownPartner, globex: KnownPartner
) -> None:
    strangers = {
        "nobody": ({}, 401),
        "a device": (bearer(add_device(session, clock()).token), 401),
        "the partner itself": (bearer(acme.secret.key), 401),
        "another partner": (bearer(globex.secret.key), 401),
        **{role: (member(session, role, clock), 403) for role in ROLES if role != "admin"},
    }
    before = sorted(map(str, client.get(PARTNERS, headers=member(session, "admin", clock)).json["partners"]))
    for who, (headers, status) in strangers.items():
        for method, path, body in routes(acme):
            response = client.open(path, method=method, json=body, headers=headers)
            assert response.status_code == status, (who, method, path)
            problem(response, status)
    again = bearer(staff.add(session, "another admin", "admin", clock(), actor="command").token)
    assert sorted(map(str, client.get(PARTNERS, headers=again).json["partners"])) == before
