"""Which key opens the partner door, where, and for how long."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.partners.memory import KEY_LIFETIME
from geo.partners import issued_keys, registry
from geo.partners.issued_keys import KeyTerms
from tests.api.partner.conftest import ORIGIN, OTHER_ORIGIN, SEARCH, KnownPartner
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import add_device, bearer

ONE_S = 1


def test_a_partner_receives_the_same_facilities_as_a_phone(client: FlaskClient, acme: KnownPartner, place: int) -> None:
    for path in ("?lat=60.17&lon=24.94&explain=true", "?bbox=24,60,25,61", f"/{place}"):
        partner_response = client.get(f"/partner/v1/facilities{path}", headers=bearer(acme.secret.key))
        assert partner_response.status_code == 200
        of_phone = client.get(f"/v1/facilities{path}").get_json()
        assert partner_response.get_json() == {name: value for name, value in of_phone.items() if name != "ask"}
        assert partner_response.content_type == "application/geo+json"


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "send it as Authorization"),
        ("Basic YTpi", "send it as Authorization"),
        ("Bearer", "send it as Authorization"),
        ("Bearer bfk_short", "not a partner key"),
        ("Bearer bfx_" + "0" * 49, "not a partner key"),
        ("Bearer bfk_" + "0" * 49, "checksum"),
    ],
)
def test_a_malformed_key_is_refused_without_a_query(
    client: FlaskClient, statements: list[str], authorization: str | None, message: str
) -> None:
    response = client.get(SEARCH, headers={"Authorization": authorization} if authorization else {})
    assert message in problem(response, 401)["detail"]
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="beforehand"')
    assert statements == []


def test_a_401_distinguishes_a_mistyped_key_from_an_unknown_one(
    client: FlaskClient, acme: KnownPartner, session: Session
) -> None:
    key = acme.secret.key
    typo = key[:10] + ("A" if key[10] != "A" else "B") + key[11:]
    assert "mistyped" in problem(client.get(SEARCH, headers=bearer(typo)), 401)["detail"]
    session.delete(session.get_one(registry.PartnerKey, acme.secret.key_id))
    session.flush()
    assert "unknown key" in problem(client.get(SEARCH, headers=bearer(key)), 401)["detail"]


def test_device_tokens_and_partner_keys_are_not_interchangeable(
    client: FlaskClient, session: Session, clock: TestClock, acme: KnownPartner, place: int
) -> None:
    problem(client.get(SEARCH, headers=bearer(add_device(session, clock()).token)), 401)
    problem(client.put(f"/v1/facilities/{place}/rating", json={"stars": 1}, headers=bearer(acme.secret.key)), 401)


@pytest.mark.parametrize("origin", [None, OTHER_ORIGIN, "null", "http://www.acme.example", ORIGIN + ":8443"])
def test_a_publishable_key_works_in_pages_of_its_origin_only(
    client: FlaskClient, acme: KnownPartner, globex: KnownPartner, origin: str | None
) -> None:
    headers = bearer(acme.publishable.key) | ({"Origin": origin} if origin else {})
    response = client.get(SEARCH, headers=headers)
    assert ("a secret key on a server" if origin is None else "not bound") in problem(response, 403)["detail"]
    assert "Access-Control-Allow-Origin" not in response.headers
    assert client.get(SEARCH, headers=bearer(acme.publishable.key) | {"Origin": ORIGIN}).status_code == 200
    assert client.get(SEARCH, headers=bearer(globex.publishable.key) | {"Origin": OTHER_ORIGIN}).status_code == 200


def test_a_secret_key_is_refused_in_a_browser(client: FlaskClient, acme: KnownPartner) -> None:
    response = client.get(SEARCH, headers=bearer(acme.secret.key) | {"Origin": ORIGIN})
    assert "revoke it" in problem(response, 403)["detail"]


def test_a_403_names_the_missing_scope(
    client: FlaskClient, session: Session, acme: KnownPartner, clock: TestClock
) -> None:
    writer = issued_keys.issue(session, acme.partner_id, KeyTerms("secret", scopes=("proposals:write",)), clock())
    assert "facilities:read" in problem(client.get(SEARCH, headers=bearer(writer.key)), 403)["detail"]


def test_a_key_in_the_url_is_refused(client: FlaskClient, acme: KnownPartner) -> None:
    problem(client.get(f"{SEARCH}&key={acme.secret.key}"), 401)
    problem(client.get(f"{SEARCH}&key={acme.secret.key}", headers=bearer(acme.secret.key)), 422)


def test_a_revoked_key_is_refused_within_the_cache_lifetime(
    app: Flask, session: Session, acme: KnownPartner, clock: TestClock
) -> None:
    client, headers = app.test_client(), bearer(acme.secret.key)
    assert client.get(SEARCH, headers=headers).status_code == 200
    issued_keys.revoke(session, acme.secret.key_id, clock())
    assert client.get(SEARCH, headers=headers).status_code == 200
    clock.advance(seconds=KEY_LIFETIME.total_seconds())
    assert "revoked" in problem(client.get(SEARCH, headers=headers), 401)["detail"]


def test_an_expired_key_is_refused_even_while_it_is_cached(
    client: FlaskClient, session: Session, acme: KnownPartner, clock: TestClock
) -> None:
    expires_at = clock() + KEY_LIFETIME / 2
    key = issued_keys.issue(session, acme.partner_id, KeyTerms("secret", expires_at=expires_at), clock()).key
    assert client.get(SEARCH, headers=bearer(key)).status_code == 200
    clock.advance(seconds=KEY_LIFETIME.total_seconds() / 2 - ONE_S)
    assert client.get(SEARCH, headers=bearer(key)).status_code == 200
    clock.advance(seconds=ONE_S)
    assert "expired" in problem(client.get(SEARCH, headers=bearer(key)), 401)["detail"]


def test_a_new_key_works_at_once(client: FlaskClient, session: Session, acme: KnownPartner, clock: TestClock) -> None:
    assert client.get(SEARCH, headers=bearer(acme.secret.key)).status_code == 200
    successor = issued_keys.rotate(session, acme.partner_id, "secret", clock())
    assert client.get(SEARCH, headers=bearer(successor.key)).status_code == 200
    assert client.get(SEARCH, headers=bearer(acme.secret.key)).status_code == 200


def test_a_warm_read_is_one_statement(
    client: FlaskClient, acme: KnownPartner, statements: list[str], place: int
) -> None:
    headers = bearer(acme.publishable.key) | {"Origin": ORIGIN}
    client.get(SEARCH, headers=headers)
    assert len(statements) > 1
    for path, most in ((SEARCH, 1), (f"/partner/v1/facilities/{place}", 2)):  # the card, and what was observed
        statements.clear()
        assert client.get(path, headers=headers).status_code == 200
        assert len(statements) == most, statements


def test_a_response_is_cached_privately_and_revalidated(
    client: FlaskClient, acme: KnownPartner, statements: list[str]
) -> None:
    headers = bearer(acme.publishable.key) | {"Origin": ORIGIN}
    first = client.get(SEARCH, headers=headers)
    statements.clear()
    again = client.get(SEARCH, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert len(statements) == 1
    for response in (first, again):
        assert response.headers["Cache-Control"] == "private, max-age=60"
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert set(response.vary) == {"Origin", "Authorization", "Accept-Language"}
