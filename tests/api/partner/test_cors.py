"""Which page may read what: origins, kinds of key and methods, each with each."""

from itertools import product

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers

from api.partners.memory import KEY_LIFETIME
from geo.partners import issued_keys
from tests.api.partner.conftest import ORIGIN, OTHER_ORIGIN, SEARCH, KnownPartner, add_partner
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import bearer

ORIGINS = {
    "none": None,
    "own": ORIGIN,
    "another partner's": OTHER_ORIGIN,
    "unknown": "https://evil.example",
    "null": "null",
    "own by http": "http://www.acme.example",
    "own with a port": f"{ORIGIN}:444",
    "own as a beginning": f"{ORIGIN}.evil.example",
    "own as an end": "https://evil-www.acme.example",
    "own in capitals": "https://WWW.ACME.EXAMPLE",
    "wildcard": "*",
}

READABLE = {("publishable", "own")}
"""The one pair whose answers a page may read."""

ANSWERED = READABLE | {("secret", "none")}


def may(headers: Headers) -> str | None:
    return headers.get("Access-Control-Allow-Origin")


@pytest.mark.usefixtures("globex")
@pytest.mark.parametrize(("kind", "place"), list(product(("publishable", "secret", "no key"), ORIGINS)))
def test_only_a_page_of_the_keys_own_origin_reads_the_answer(
    client: FlaskClient, acme: KnownPartner, kind: str, place: str
) -> None:
    keys = {"publishable": acme.publishable.key, "secret": acme.secret.key, "no key": None}
    key, origin = keys[kind], ORIGINS[place]
    headers = (bearer(key) if key else {}) | ({"Origin": origin} if origin else {})
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        response = client.open(SEARCH, method=method, headers=headers)
        if method in {"GET", "HEAD"}:
            expected = 200 if (kind, place) in ANSWERED else 401 if key is None else 403
            assert response.status_code == expected
            assert may(response.headers) == (ORIGIN if (kind, place) in READABLE else None)
        else:
            assert response.status_code == 405
            assert may(response.headers) is None
        assert "Origin" in response.vary
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.usefixtures("acme", "globex")
@pytest.mark.parametrize("place", ORIGINS)
def test_a_preflight_is_allowed_for_origins_of_active_keys(client: FlaskClient, place: str) -> None:
    origin = ORIGINS[place]
    preflight = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    response = client.options(SEARCH, headers=preflight | ({"Origin": origin} if origin else {}))
    assert "Origin" in response.vary
    if place in {"own", "another partner's"}:
        assert response.status_code == 204
        assert may(response.headers) == origin
        assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert response.headers["Access-Control-Allow-Headers"] == "Authorization, If-None-Match"
        assert int(response.headers["Access-Control-Max-Age"]) == 7200
        assert set(response.headers["Access-Control-Expose-Headers"].split(", ")) >= {
            "RateLimit",
            "ETag",
            "Retry-After",
        }
    else:
        assert may(response.headers) is None
        assert "Access-Control-Allow-Methods" not in response.headers
    if place not in {"own", "another partner's", "none"}:
        problem(response, 403)


def test_a_preflight_is_allowed_only_while_the_origin_has_an_active_key(
    client: FlaskClient, session: Session, acme: KnownPartner, clock: TestClock
) -> None:
    preflight = {"Access-Control-Request-Method": "GET", "Origin": ORIGIN}
    assert client.options(SEARCH, headers=preflight).status_code == 204
    issued_keys.revoke(session, acme.publishable.key_id, clock())
    clock.advance(seconds=KEY_LIFETIME.total_seconds())
    assert client.options(SEARCH, headers=preflight).status_code == 403
    late = add_partner(session, "Late", ORIGIN, clock)
    clock.advance(seconds=KEY_LIFETIME.total_seconds())
    assert client.options(SEARCH, headers=preflight).status_code == 204
    assert late.partner_id != acme.partner_id


def test_a_page_can_read_the_problem_of_a_refusal(client: FlaskClient, acme: KnownPartner) -> None:
    headers = bearer(acme.publishable.key) | {"Origin": ORIGIN}
    for path, status in ((SEARCH + "&limit=0", 422), ("/partner/v1/facilities/99", 404), (SEARCH + "&lat=1", 422)):
        response = client.get(path, headers=headers)
        problem(response, status)
        assert may(response.headers) == ORIGIN
        assert "RateLimit" in response.headers


@pytest.mark.parametrize("path", ["/partner/v1/facilities", "/partner/v1/nothing", "/partner/v1/facilities/x"])
def test_every_partner_response_varies_by_origin(client: FlaskClient, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert "Origin" in client.open(path, method=method).vary


@pytest.mark.usefixtures("acme")
def test_the_mobile_api_sends_no_cors_headers(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        response = client.open("/v1/facilities?lat=1&lon=1", method=method, headers={"Origin": ORIGIN})
        assert not any(name.startswith("Access-Control") for name, _ in response.headers)
        assert "Origin" not in response.vary
