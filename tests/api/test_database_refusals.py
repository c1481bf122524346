"""A database that refuses (read only, another schema, conflicts) gives a 503, never a 500."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import psycopg2
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from geo.casework import staff
from geo.database import Database
from geo.partners import issued_keys, registry
from tests.api.problem_documents import problem
from tests.api.serving import PATIENCE_S, until
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, bearer, contents


@pytest.fixture
def own_database(own_database_url: str) -> Iterator[Database]:
    database = Database(own_database_url)
    yield database
    database.close()


@pytest.fixture
def client(own_database_url: str, own_database: Database, clock: TestClock) -> FlaskClient:
    return create_app(Settings(own_database_url, None, 8000, 1), database=own_database, clock=clock).test_client()


@dataclass(frozen=True)
class Known:
    """What a database holds for a test: a place, a device, a secret key of a partner, an admin."""

    place: int
    device: dict[str, str]
    key: dict[str, str]
    admin: dict[str, str]


@pytest.fixture
def known(own_database: Database, clock: TestClock) -> Known:
    with own_database.write() as session:
        partner_id = registry.add(session, "Acme", registry.DAILY_QUOTA, clock())
        key = issued_keys.issue(session, partner_id, issued_keys.KeyTerms("secret"), clock()).key
        known = Known(
            add_facility(session, 24.94, 60.17),
            bearer(add_device(session, clock()).token),
            bearer(key),
            bearer(staff.add(session, "anna", "admin", clock(), actor="command").token),
        )
        session.commit()
    return known


def require_unavailable(response: TestResponse, message: str) -> None:
    assert message in problem(response, 503)["detail"]
    assert int(response.headers["Retry-After"]) > 0


def test_a_read_only_database_serves_reads_and_refuses_writes_with_503(
    client: FlaskClient, own_database: Database, known: Known, own_database_url: str
) -> None:
    one = f"/v1/facilities/{known.place}"
    with own_database.read() as session:
        before = contents(session)
    assert client.get(f"{one}/rating", headers=known.device).status_code == 404
    # As a primary that becomes a standby: those who are connected find out at their next write.
    administer(own_database_url, "ALTER DATABASE {name} SET default_transaction_read_only = on")
    own_database.close()
    for method, path, headers in [
        ("POST", "/v1/devices", {}),
        ("PUT", f"{one}/rating", known.device),
        ("DELETE", f"{one}/rating", known.device),
        ("POST", f"{one}/reports", known.device),
        ("DELETE", "/v1/me", known.device),
        ("GET", "/partner/v1/facilities?lat=60.17&lon=24.94", known.key),
        ("POST", "/admin/v1/staff", known.admin),
    ]:
        body = {"POST": {"reason": "closed"}, "PUT": {"stars": 5}}.get(method)
        if path == "/admin/v1/staff":
            body = {"name": "bert", "role": "reader"}
        require_unavailable(client.open(path, method=method, json=body, headers=headers), "does not accept writes")
    assert client.get("/v1/facilities?lat=60.17&lon=24.94").status_code == 200
    assert client.get(one).status_code == 200
    assert client.get("/v1/me", headers=known.device).status_code == 200
    assert client.get("/readyz").status_code == 200
    with own_database.read() as session:
        assert contents(session) == before
    # Another server takes over: the connections to the first are not kept.
    administer(own_database_url, "ALTER DATABASE {name} RESET default_transaction_read_only")
    assert client.put(f"{one}/rating", json={"stars": 5}, headers=known.device).status_code == 201


@pytest.mark.parametrize(
    ("change", "back"),
    [
        ("ALTER SCHEMA facility_search RENAME TO gone", "ALTER SCHEMA gone RENAME TO facility_search"),
        ("ALTER TABLE facility RENAME TO gone", "ALTER TABLE gone RENAME TO facility"),
        ("ALTER TABLE facility RENAME name TO title", "ALTER TABLE facility RENAME title TO name"),
    ],
)
def test_a_schema_of_another_revision_is_a_503_until_the_release_is_complete(
    client: FlaskClient, own_database_url: str, known: Known, change: str, back: str
) -> None:
    one = f"/v1/facilities/{known.place}"
    requests: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", "/v1/facilities?lat=60.17&lon=24.94", {}, 200),
        ("GET", "/v1/facilities?bbox=24,60,25,61", {}, 200),
        ("GET", one, {}, 200),
        ("GET", f"{one}/ratings", {}, 200),
        ("GET", "/v1/fences?lat=60.17&lon=24.94", {}, 200),
        ("PUT", f"{one}/rating", {"json": {"stars": 5}, "headers": known.device}, 201),
        ("GET", f"{one}/rating", {"headers": known.device}, 200),
        ("GET", "/partner/v1/facilities?lat=60.17&lon=24.94", {"headers": known.key}, 200),
        ("GET", f"/admin/v1/facilities/{known.place}", {"headers": known.admin}, 200),
        ("GET", "/", {}, 200),
    ]
    administer(own_database_url, change)
    refused = 0
    for method, path, more, _ in requests:
        response = client.open(path, method=method, **more)
        assert response.status_code < 500 or response.status_code == 503, path
        if response.status_code == 503:
            require_unavailable(response, "database schema is being changed")
            refused += 1
    assert refused >= 6
    administer(own_database_url, back)
    for method, path, more, status in requests:
        assert client.open(path, method=method, **more).status_code == status, path


def test_one_of_several_concurrent_additions_of_a_name_succeeds_and_the_others_conflict(
    client: FlaskClient, known: Known
) -> None:
    at_once = Barrier(8)
    for path, body in [
        ("/admin/v1/staff", {"name": "bert", "role": "reader"}),
        ("/admin/v1/partners", {"name": "Globex"}),
    ]:

        def add(_: int, path: str = path, body: dict[str, str] = body) -> int:
            at_once.wait(PATIENCE_S)
            return client.application.test_client().post(path, json=body, headers=known.admin).status_code

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(add, range(8))) == {201: 1, 409: 7}
    listed = client.get("/admin/v1/staff", headers=known.admin).get_json()["staff"]
    assert [member["name"] for member in listed] == ["anna", "bert"]


def test_a_device_that_is_erased_while_its_owner_is_added_is_not_found(
    client: FlaskClient, known: Known, own_database_url: str
) -> None:
    handle = client.get("/v1/me", headers=known.device).get_json()["handle"]
    body = {"name": "bert", "role": "reader", "device_handle": handle}
    with psycopg2.connect(own_database_url.replace("+psycopg2", "")) as other, other.cursor() as cursor:
        cursor.execute("DELETE FROM device WHERE handle = %s", (handle,))
        with ThreadPoolExecutor(1) as pool:
            added = pool.submit(client.post, "/admin/v1/staff", json=body, headers=known.admin)
            until(lambda: waits_for_a_lock(own_database_url))
            other.commit()
            problem(added.result(), 404)
    other.close()


def administer(url: str, statement: str) -> None:
    """Run a statement by itself; ``{name}`` is the database's name."""
    other = psycopg2.connect(url.replace("+psycopg2", ""))
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(statement.format(name=f'"{other.info.dbname}"'))
    other.close()


def waits_for_a_lock(url: str) -> bool:
    with psycopg2.connect(url.replace("+psycopg2", "")) as other, other.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        [waiting] = cursor.fetchone() or [0]
    other.close()
    return bool(waiting)
