"""A phone introduces itself."""

from hashlib import sha256

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.crowd.models import Device
from tests.factories import bearer


def test_a_new_device_gets_a_token_valid_for_a_year_that_is_stored_only_as_a_digest(
    client: FlaskClient, session: Session
) -> None:
    response = client.post("/v1/devices")
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json is not None
    assert response.json["expires_at"] == "2027-11-20T12:00:00Z"
    token = response.json["token"]
    assert session.execute(select(Device.token_digest)).scalar_one() == sha256(token.encode()).digest()


def test_each_device_has_its_own_token(client: FlaskClient) -> None:
    tokens = {client.post("/v1/devices").get_json()["token"] for _ in range(20)}
    assert len(tokens) == 20
    assert all(token.startswith("bfd_") and len(token) == len("bfd_") + 43 for token in tokens)


def test_a_new_device_may_rate_at_once(client: FlaskClient, place: int) -> None:
    token = client.post("/v1/devices").get_json()["token"]
    assert client.put(f"/v1/facilities/{place}/rating", json={"stars": 5}, headers=bearer(token)).status_code == 201
    shouted = {"Authorization": f"BEARER {token}"}
    assert client.get(f"/v1/facilities/{place}/rating", headers=shouted).status_code == 200


def test_registering_a_device_ignores_a_small_body(client: FlaskClient) -> None:
    assert client.post("/v1/devices", json={}).status_code == 201
