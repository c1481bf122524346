"""Rate limits of devices and networks, and the response when they are exceeded."""

import http_sf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from api import create_app
from api.config import Settings
from api.http import limits
from tests.api.problem_documents import problem
from tests.conftest import OneConnection, TestClock

HERE = {"REMOTE_ADDR": "192.0.2.7"}
NEIGHBOUR = {"REMOTE_ADDR": "192.0.2.200"}
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}

SETTINGS = Settings("postgresql://not.used", None, port=8000, workers=1)
OFF = Settings("postgresql://not.used", None, port=8000, workers=1, rate_limits=False)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that a test reaches them: a read bucket of five."""
    monkeypatch.setattr(limits, "READS_BURST", 5)
    monkeypatch.setattr(limits, "READS_PER_S", 1)


@pytest.mark.usefixtures("few")
def test_a_network_may_read_until_its_bucket_is_empty(
    connection: Connection, clock: TestClock, statements: list[str]
) -> None:
    client = create_app(SETTINGS, database=OneConnection(connection), clock=clock).test_client()
    for remote in (HERE, NEIGHBOUR, HERE, HERE, NEIGHBOUR):
        assert client.get("/v1/facilities?lat=1&lon=1", environ_overrides=remote).status_code == 200
    statements.clear()
    refused = client.get("/v1/facilities?lat=1&lon=1", environ_overrides=HERE)
    document = problem(refused, 429)
    assert document["violated-policies"] == ["reads"]
    assert refused.headers["Retry-After"] == "1"
    assert http_sf.parse(refused.headers["RateLimit"].encode(), tltype="list") == [("reads", {"r": 0, "t": 1})]
    assert http_sf.parse(refused.headers["RateLimit-Policy"].encode(), tltype="list") == [("reads", {"q": 5, "w": 5})]
    assert statements == []
    assert client.get("/v1/facilities?lat=1&lon=1", environ_overrides=ELSEWHERE).status_code == 200
    assert client.get("/healthz", environ_overrides=HERE).status_code == 200
    clock.advance(seconds=1)
    assert client.get("/v1/facilities?lat=1&lon=1", environ_overrides=HERE).status_code == 200


def test_a_device_may_write_a_burst_and_then_one_per_interval(
    client: FlaskClient, place: int, headers: dict[str, str], clock: TestClock
) -> None:
    path = f"/v1/facilities/{place}/rating"
    for _ in range(limits.WRITES.burst):
        assert client.put(path, json={"stars": 4}, headers=headers).status_code in {200, 201}
    refused = client.put(path, json={"stars": 1}, headers=headers)
    assert problem(refused, 429)["violated-policies"] == ["writes"]
    wait_s = int(refused.headers["Retry-After"])
    assert wait_s == limits.WRITES.interval.total_seconds()
    assert client.get(path, headers=headers).json["stars"] == 4
    assert client.delete(path, headers=headers).status_code == 429
    clock.advance(seconds=wait_s)
    assert client.put(path, json={"stars": 1}, headers=headers).status_code == 200


def test_a_network_may_register_a_burst_of_devices_and_then_one_per_interval(
    client: FlaskClient, clock: TestClock
) -> None:
    def register(remote: dict[str, str]) -> int:
        return client.post("/v1/devices", environ_overrides=remote).status_code

    assert {register(HERE) for _ in range(limits.REGISTRATIONS.burst)} == {201}
    assert register(NEIGHBOUR) == 429
    assert register(ELSEWHERE) == 201
    clock.advance(seconds=limits.REGISTRATIONS.interval.total_seconds())
    assert [register(NEIGHBOUR), register(HERE)] == [201, 429]


def test_the_limit_of_an_ipv6_address_is_that_of_its_48_bit_prefix(client: FlaskClient) -> None:
    site = [{"REMOTE_ADDR": f"2001:db8:1:{n:x}::1"} for n in range(limits.REGISTRATIONS.burst + 1)]
    assert [client.post("/v1/devices", environ_overrides=remote).status_code for remote in site][-2:] == [201, 429]
    assert client.post("/v1/devices", environ_overrides={"REMOTE_ADDR": "2001:db8:2::1"}).status_code == 201


@pytest.mark.usefixtures("few")
def test_limits_can_be_disabled_for_a_load_test(connection: Connection, clock: TestClock) -> None:
    app: Flask = create_app(OFF, database=OneConnection(connection), clock=clock)
    client = app.test_client()
    assert {client.get("/v1/facilities?lat=1&lon=1").status_code for _ in range(8)} == {200}
    assert {client.post("/v1/devices").status_code for _ in range(limits.REGISTRATIONS.burst + 1)} == {201}
