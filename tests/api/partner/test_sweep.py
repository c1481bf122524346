"""Every route of the partner door, as the app knows them, with every kind of caller."""

from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from api.http.declarations import policy_of
from geo.casework import staff
from geo.casework.models import ROLES
from geo.partners import issued_keys
from geo.partners.issued_keys import KeyTerms
from geo.partners.models import SCOPES
from tests.api.partner.conftest import OTHER_ORIGIN, KnownPartner
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import add_device, bearer

BODYLESS = {"GET", "HEAD", "DELETE"}


def partner_routes(app: Flask) -> list[tuple[str, str, str]]:
    """Method, path (of things that are not there) and endpoint of each."""
    found = [
        (method, rule.rule.replace("<int(max=9223372036854775807):facility_id>", "1"), rule.endpoint)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/partner/")
        for method in (rule.methods or set()) - {"OPTIONS"}
    ]
    assert found
    return found


def test_every_partner_route_declares_a_scope(app: Flask) -> None:
    found = {endpoint: policy_of(app.view_functions[endpoint]) for _, _, endpoint in partner_routes(app)}
    assert len(found) >= 2
    for endpoint, policy in found.items():
        assert policy is not None, endpoint
        assert (policy.caller, policy.at_least in SCOPES) == ("partner", True), endpoint


def test_every_partner_route_refuses_every_other_caller(
    app: Flask, session: Session, clock: TestClock, acme: KnownPartner, globex: KnownPartner
) -> None:
    client = app.test_client()
    ended = issued_keys.issue(session, acme.partner_id, KeyTerms("secret", expires_at=clock() + timedelta(1)), clock())
    clock.advance(days=1)
    revoked = issued_keys.issue(session, globex.partner_id, KeyTerms("secret"), clock())
    issued_keys.revoke(session, revoked.key_id, clock())
    callers: dict[str, tuple[dict[str, str], int]] = {
        "nobody": ({}, 401),
        "a device": (bearer(add_device(session, clock()).token), 401),
        "an expired key": (bearer(ended.key), 401),
        "a revoked key": (bearer(revoked.key), 401),
        "a key of another origin": (bearer(acme.publishable.key) | {"Origin": OTHER_ORIGIN}, 403),
        "a publishable key on a server": (bearer(acme.publishable.key), 403),
        "a secret key in a browser": (bearer(acme.secret.key) | {"Origin": acme.origin}, 403),
    }
    for role in ROLES:
        callers[role] = (bearer(staff.add(session, role, role, clock(), actor="command").token), 401)
    for method, path, _ in partner_routes(app):
        for who, (headers, status) in callers.items():
            response = client.open(path, method=method, headers=headers)
            assert response.status_code == status, (who, method, path)
            assert "RateLimit" not in response.headers, (who, method, path)
            assert "Access-Control-Allow-Origin" not in response.headers, (who, method, path)
            if method != "HEAD":
                problem(response, status)


def test_every_partner_route_refuses_a_key_without_its_scope(
    app: Flask, session: Session, clock: TestClock, acme: KnownPartner
) -> None:
    client = app.test_client()
    for method, path, endpoint in partner_routes(app):
        policy = policy_of(app.view_functions[endpoint])
        assert policy is not None
        other = tuple(scope for scope in SCOPES if scope != policy.at_least)
        key = issued_keys.issue(session, acme.partner_id, KeyTerms("secret", scopes=other), clock())
        assert client.open(path, method=method, headers=bearer(key.key)).status_code == 403
        issued_keys.revoke(session, key.key_id, clock())
