"""Who may call what: every route says so, and is held to it."""

import re
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from api.http.declarations import policy_of
from geo.casework.models import ROLES
from geo.casework.staff import TOKEN_LIFETIME
from tests.api.moderation.callers import Caller, Phones, StaffOf, member, scalar
from tests.conftest import TestClock
from tests.factories import contents


def routes(app: Flask) -> list[tuple[str, Rule]]:
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def filled_in(rule: Rule) -> str:
    uuid = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    path = re.sub(r"<uuid:\w+>", uuid, rule.rule)
    path = re.sub(r"<int[^>]*>", "1", path)
    return re.sub(r"<[^>]*>", "anna", path)


def test_every_route_declares_its_policy(app: Flask) -> None:
    undeclared = {rule.rule for _, rule in routes(app) if policy_of(app.view_functions[rule.endpoint]) is None}
    assert not undeclared


def test_a_route_without_a_policy_refuses_every_caller(app: Flask) -> None:
    app.add_url_rule("/undeclared", view_func=lambda: "secret")
    response = app.test_client().get("/undeclared")
    assert (response.status_code, "secret" in response.text) == (500, False)


OPEN_POSTS = {"/v1/devices", "/v1/route/stops", "/v1/hints"}
"""Of the mobile door: how one becomes a device, and the questions that are too long for a URL."""


def test_the_policy_of_a_route_matches_its_url_prefix(app: Flask) -> None:
    callers = set()
    for method, rule in routes(app):
        policy = policy_of(app.view_functions[rule.endpoint])
        if rule.rule.startswith("/admin/"):
            callers.add("staff")
            assert policy is not None
            assert policy.caller == "staff"
            assert policy.at_least in ROLES
        elif rule.rule.startswith("/v1/") and (method != "GET" or "/me" in rule.rule):
            assert policy is not None
            callers.add(policy.caller)
            assert policy.caller == ("everybody" if rule.rule in OPEN_POSTS else "device"), rule.rule
    assert callers == {"staff", "device", "everybody"}


def test_a_missing_token_or_one_of_another_kind_of_caller_is_a_401(
    app: Flask, client: FlaskClient, phones: Phones
) -> None:
    device, checked = phones(), 0
    for method, rule in routes(app):
        policy = policy_of(app.view_functions[rule.endpoint])
        if policy is None or policy.caller == "everybody":
            continue
        checked += 1
        path = filled_in(rule)
        if policy.caller == "staff":
            assert client.open(path, method=method).status_code == 401, path
            assert device(method, path).status_code == 401, path
        elif policy.caller == "device" and method in {"GET", "DELETE"}:
            assert client.open(path, method=method).status_code == 401, path
    assert checked > 25


def test_each_role_reaches_exactly_the_routes_that_declare_it(
    app: Flask, session: Session, staff_of: StaffOf, place: int, phones: Phones
) -> None:
    phones().rate(place)
    members = {role: staff_of(role) for role in ROLES}
    for method, rule in routes(app):
        policy = policy_of(app.view_functions[rule.endpoint])
        if policy is None or policy.caller != "staff" or policy.at_least is None:
            continue
        before = contents(session)
        for role, caller in members.items():
            if ROLES.index(role) < ROLES.index(policy.at_least):
                assert caller(method, filled_in(rule), {}).status_code == 403, (role, rule.rule)
            elif method == "GET":
                assert caller(method, filled_in(rule)).status_code in {200, 404}, (role, rule.rule)
            else:
                assert caller(method, filled_in(rule), {}).status_code not in {401, 403}, (role, rule.rule)
        if method == "GET":
            assert contents(session) == before


def test_each_role_may_do_what_the_role_below_it_may(staff_of: StaffOf) -> None:
    reaches = [
        {
            path
            for path in ("queue", "decisions", "appeals", "reasons", "staff", "audit")
            if _reads(staff_of(role), path)
        }
        for role in ROLES
    ]
    assert all(lower <= higher for lower, higher in pairwise(reaches))
    assert reaches[0] == {"queue", "decisions", "appeals", "reasons"}


def _reads(caller: Caller, path: str) -> bool:
    return caller("GET", f"/admin/v1/{path}").status_code == 200


def test_a_device_reads_and_changes_only_its_own_data(
    session: Session, place: int, phones: Phones, moderator: Caller
) -> None:
    one, other = phones(), phones()
    rating = one.rate(place, 1, "Mine")
    phones().report(place, "spam", rating["id"])
    moderator.decide(moderator.queue()[0], "hide_comment", "spam")
    (decision,) = one("GET", "/v1/me/decisions").get_json()["decisions"]
    before = contents(session)
    assert other("GET", f"/v1/facilities/{place}/rating").status_code == 404
    assert other("GET", "/v1/me/decisions").get_json() == {"decisions": []}
    assert other("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "Mine too."}).status_code == 404
    assert "Mine" not in other("GET", "/v1/me/export").text
    assert contents(session) == before
    other("DELETE", f"/v1/facilities/{place}/rating")
    other("DELETE", "/v1/me")
    assert one("GET", f"/v1/facilities/{place}/rating").get_json()["comment"] == "Mine"


def test_revoking_a_member_of_staff_frees_claimed_items(
    session: Session, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    phones().report(place, "wrong")
    leaving, staying, admin = staff_of("moderator"), staff_of("moderator"), staff_of("admin")
    (item,) = leaving.queue()
    path = f"/admin/v1/queue/{item['id']}/claim"
    assert leaving("POST", path).status_code == 200
    assert staying("POST", path).status_code == 409
    name = scalar(session, "SELECT name FROM staff WHERE id = :id", id=leaving.row_id)
    assert admin("DELETE", f"/admin/v1/staff/{name}").status_code == 204
    assert staying("POST", path).status_code == 200


def test_a_staff_token_ends_when_it_is_revoked_or_expires(
    client: FlaskClient, session: Session, clock: TestClock, staff_of: StaffOf
) -> None:
    admin = staff_of("admin")
    added = admin("POST", "/admin/v1/staff", {"name": "anna", "role": "reader"})
    assert added.status_code == 201
    assert added.headers["Cache-Control"] == "no-store"
    anna = Caller(client, added.get_json()["token"])
    assert anna("GET", "/admin/v1/queue").status_code == 200
    assert admin("POST", "/admin/v1/staff", {"name": "anna", "role": "admin"}).status_code == 409
    assert admin("DELETE", "/admin/v1/staff/anna").status_code == 204
    assert anna("GET", "/admin/v1/queue").status_code == 401
    assert admin("DELETE", "/admin/v1/staff/anna").status_code == 404
    assert admin("POST", "/admin/v1/staff", {"name": "anna", "role": "reader"}).status_code == 201
    late = member(client, session, clock, "reader")
    clock.now += TOKEN_LIFETIME
    assert late("GET", "/admin/v1/queue").status_code == 401


def test_a_staff_token_has_a_typed_prefix_and_is_stored_as_a_hash(session: Session, staff_of: StaffOf) -> None:
    token = staff_of("reader").token
    assert re.fullmatch(r"bfs_[\w-]{43}", token)
    assert token not in str(contents(session))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client_network"),
    [
        (0, "203.0.113.5", "198.51.100.0"),
        (1, "203.0.113.5", "203.0.113.0"),
        (1, "10.0.0.1, 203.0.113.5", "203.0.113.0"),
        (2, "10.0.0.1, 203.0.113.5, 192.0.2.9", "203.0.113.0"),
        (1, "203.0.113.5:5678", "203.0.113.0"),
        (1, "[2001:db8:1:2::3]:443", "2001:db8:1::"),
        (2, "203.0.113.5", ""),
        (1, "nonsense", ""),
    ],
)
def test_a_forwarded_address_is_used_only_from_trusted_proxies(
    app: Flask, session: Session, phones: Phones, place: int, proxies: int, forwarded: str, client_network: str
) -> None:
    services = app.extensions["beforehand"]
    object.__setattr__(services.settings, "trusted_proxies", proxies)
    rater = Caller(phones().client, phones().token, "198.51.100.7")
    body = {"stars": 4}
    rater("PUT", f"/v1/facilities/{place}/rating", body, headers={"X-Forwarded-For": forwarded})
    other = Caller(phones().client, phones().token, client_network)
    object.__setattr__(services.settings, "trusted_proxies", 0)
    other("PUT", f"/v1/facilities/{place}/rating", body)
    found, expected = session.execute(text("SELECT network FROM rating ORDER BY id")).scalars()
    assert bytes(found) == bytes(expected)
