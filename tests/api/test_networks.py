"""No form of address is a way around the limits and weights of networks."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from api.http import callers, limits
from geo.crowd import trust
from tests.api.moderation.callers import LONG_KNOWN
from tests.api.problem_documents import problem
from tests.conftest import OneConnection, TestClock
from tests.factories import add_device, add_record, bearer

NEARBY = "/v1/facilities?lat=1&lon=1"

UNREADABLE = ["unknown", "", " ", "-", "192.0.2.300", "203.0.113.9, ", "_secret", "client.example"]
"""X-Forwarded-For of one trusted proxy that does not say where the request came from."""


@pytest.fixture(autouse=True)
def _no_warning_yet() -> Iterator[None]:
    """A process warns once; each test is one."""
    callers.warn_of_unknown_network.cache_clear()
    yield
    callers.warn_of_unknown_network.cache_clear()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that a test reaches them."""
    monkeypatch.setattr(limits, "READS_BURST", 5)
    monkeypatch.setattr(limits, "READS_PER_S", 1)


def behind(connection: Connection, clock: TestClock, proxies: int) -> FlaskClient:
    settings = Settings("postgresql://not.used", None, port=8000, workers=1, trusted_proxies=proxies)
    return create_app(settings, database=OneConnection(connection), clock=clock).test_client()


def forwarded(field: str | None) -> dict[str, str]:
    return {} if field is None else {"X-Forwarded-For": field}


@pytest.mark.usefixtures("few")
def test_callers_of_unknown_networks_share_one_read_limit(connection: Connection, clock: TestClock) -> None:
    client = behind(connection, clock, 1)
    for field in [None, *UNREADABLE][: limits.READS_BURST]:
        assert client.get(NEARBY, headers=forwarded(field)).status_code == 200
    for field in [None, *UNREADABLE]:
        assert problem(client.get(NEARBY, headers=forwarded(field)), 429)["violated-policies"] == ["reads"]
    assert client.get(NEARBY, headers=forwarded("192.0.2.7")).status_code == 200


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("form", ["192.0.2.7:{}", '"192.0.2.7:{}"', "::ffff:192.0.2.{}", "[::ffff:192.0.2.7]:{}"])
def test_the_port_of_an_address_does_not_change_its_network(
    connection: Connection, clock: TestClock, form: str
) -> None:
    client = behind(connection, clock, 1)
    answers = [client.get(NEARBY, headers=forwarded(form.format(100 + n))).status_code for n in range(6)]
    assert answers == [200] * 5 + [429]
    assert client.get(NEARBY, headers=forwarded("192.0.2.8")).status_code == 429


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("proxies", "field"), [(0, None), (2, "192.0.2.7"), (2, None), (3, "192.0.2.7, 192.0.2.8"), (10, "192.0.2.7")]
)
def test_a_request_with_fewer_addresses_than_proxies_has_the_unknown_network(
    connection: Connection, clock: TestClock, proxies: int, field: str | None
) -> None:
    client = behind(connection, clock, proxies)
    no_address = {"REMOTE_ADDR": ""}  # as over a unix socket
    answers = [client.get(NEARBY, headers=forwarded(field), environ_overrides=no_address).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_the_unknown_network_has_the_same_registration_limit_as_any_other(
    connection: Connection, clock: TestClock
) -> None:
    client = behind(connection, clock, 1)
    fields = [f"unknown-{n}" for n in range(limits.REGISTRATIONS.burst)]
    assert {client.post("/v1/devices", headers=forwarded(field)).status_code for field in fields} == {201}
    problem(client.post("/v1/devices", headers=forwarded("")), 429)
    problem(client.post("/v1/devices"), 429)
    assert client.post("/v1/devices", headers=forwarded("192.0.2.7:1")).status_code == 201


@pytest.mark.parametrize("form", ["192.0.2.7:{}", "unknown-{}"])
def test_ratings_of_one_network_are_not_believed_to_be_at_the_place_across_ports(
    connection: Connection, session: Session, clock: TestClock, place: int, form: str
) -> None:
    client = behind(connection, clock, 1)
    for number in range(20):
        device = bearer(add_device(session, clock()).token)
        headers = device | forwarded(form.format(1000 + number))
        body = {"stars": 1, "presence": "within_150_m"}
        assert client.put(f"/v1/facilities/{place}/rating", json=body, headers=headers).status_code == 201
    weights = session.execute(text("SELECT DISTINCT weight_presence FROM rating")).scalars().all()
    assert weights == [trust.ABSENT_WEIGHT]


def test_reports_of_unknown_networks_count_as_one_network(
    connection: Connection, session: Session, clock: TestClock, place: int
) -> None:
    client = behind(connection, clock, 1)

    def report(field: str) -> None:
        device = add_device(session, clock() - LONG_KNOWN)
        add_record(session, device.device_id)
        headers = bearer(device.token) | forwarded(field)
        path = f"/v1/facilities/{place}/reports"
        assert client.post(path, json={"reason": "closed"}, headers=headers).status_code == 201

    def status() -> Any:
        return client.get(f"/v1/facilities/{place}").get_json()["properties"]["status"]

    for field in ("unknown", "", "nonsense", "192.0.2.7:1", "192.0.2.8:2"):
        report(field)
    assert status() == "active"
    report("198.51.100.7")
    assert status() == "reported_closed"


def test_an_unreadable_address_is_logged_once_without_the_address(connection: Connection, clock: TestClock) -> None:
    client = behind(connection, clock, 1)
    with structlog.testing.capture_logs() as logs:
        client.get(NEARBY, headers=forwarded("192.0.2.7:5678"))
        assert [line["event"] for line in logs if line["log_level"] == "warning"] == []
        for field in ("secret.example", "192.0.2.300", ""):
            client.get(NEARBY, headers=forwarded(field))
            client.post("/v1/devices", headers=forwarded(field))
    warnings = [line for line in logs if line["log_level"] == "warning"]
    assert [line["event"] for line in warnings] == ["client_address_unreadable"]
    assert warnings[0]["trusted_proxies"] == 1
    assert "secret" not in str(logs)
    assert "192.0.2" not in str(logs)
