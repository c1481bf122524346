"""The database goes away while the server serves: a 503 that says so, nothing lost, and back by itself."""

import os
import shutil
import signal
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import PROJECT, Settings
from api.hints import endpoints as hints
from api.route import endpoints as route
from geo import schema
from geo.crowd import ratings
from geo.database import Database
from geo.facilities import search
from geo.private_postgres.cluster import PrivatePostgres
from tests.api.problem_documents import named, problem
from tests.api.route_requests import GOOD
from tests.api.serving import PATIENCE_S, Server, answers, serving, until
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, bearer, contents, facility_row


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivatePostgres]:
    """A cluster of the module's own, to stop and to kill; in a folder that every account may pass through."""
    with tempfile.TemporaryDirectory(prefix="bh-") as folder:
        Path(folder).chmod(0o711)
        cluster = PrivatePostgres(Path(folder), PROJECT)
        cluster.start()
        yield cluster
        cluster.stop()
        shutil.rmtree(cluster._socket_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def database(cluster: PrivatePostgres) -> Iterator[Database]:
    database = Database(cluster.url())
    schema.upgrade(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server(cluster: PrivatePostgres, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with database.read() as session:
        assert schema.is_current(session)
    with serving(cluster.url(), tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture
def place(database: Database) -> int:
    with database.write() as session:
        place = add_facility(session, 24.94, 60.17)
        session.commit()
    return place


def register(server: Server) -> dict[str, str]:
    answer = requests.post(server.url + "/v1/devices", timeout=PATIENCE_S)
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["token"])


def kill_at_once(cluster: PrivatePostgres) -> None:
    """End the server as a crash would, with no goodbye to anybody."""
    os.kill(int((cluster._data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    until(lambda: not cluster._is_alive())


ENDINGS: list[Callable[[PrivatePostgres], None]] = [PrivatePostgres.stop, kill_at_once]


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDINGS)
def test_every_route_is_a_503_during_an_outage_and_then_recovers(
    cluster: PrivatePostgres, server: Server, place: int, end: Callable[[PrivatePostgres], None]
) -> None:
    device = register(server)
    nearby, one = f"{server.url}/v1/facilities?lat=60.17&lon=24.94", f"{server.url}/v1/facilities/{place}"
    tag = requests.get(one, timeout=PATIENCE_S).headers["ETag"]
    end(cluster)
    try:
        for method, url, more in [
            ("GET", nearby, {}),
            ("GET", one, {}),
            ("GET", one, {"headers": {"If-None-Match": tag}}),
            ("GET", one + "/ratings", {}),
            ("PUT", one + "/rating", {"json": {"stars": 5}, "headers": device}),
            ("GET", one + "/rating", {"headers": device}),
            ("DELETE", one + "/rating", {"headers": device}),
            ("POST", server.url + "/v1/devices", {}),
            ("GET", server.url + "/readyz", {}),
            ("GET", server.url + "/", {}),
        ]:
            for _ in range(4):  # each worker has pooled connections to find dead
                answer = requests.request(method, url, timeout=PATIENCE_S, **more)
                assert answer.status_code == 503, (method, url, answer.text)
                assert int(answer.headers["Retry-After"]) > 0
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.json()["status"] == 503
        assert requests.get(server.metrics_url, timeout=PATIENCE_S).status_code == 200
        for path in ("/healthz", "/openapi.json", "/docs/"):
            assert answers(server, path)
        assert requests.get(nearby + "&limit=0", timeout=PATIENCE_S).status_code == 422
    finally:
        cluster.start()
    for path in ("/readyz", f"/v1/facilities/{place}", "/") * 4:
        assert answers(server, path)
    assert requests.put(one + "/rating", json={"stars": 5}, headers=device, timeout=PATIENCE_S).status_code == 201


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDINGS)
def test_an_outage_causes_only_503s_and_loses_no_acknowledged_rating(
    cluster: PrivatePostgres, server: Server, database: Database, place: int, end: Callable[[PrivatePostgres], None]
) -> None:
    seen: Counter[tuple[str, int]] = Counter()
    acknowledged: list[int] = []
    devices = [register(server) for _ in range(4)]
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            answer = requests.get(f"{server.url}/v1/facilities?lat=60.17&lon=24.94", timeout=PATIENCE_S)
            seen["GET", answer.status_code] += 1

    def rate(number: int) -> None:
        stars = 1
        while not done.is_set():
            answer = requests.put(
                f"{server.url}/v1/facilities/{place}/rating",
                json={"stars": stars, "comment": str(number)},
                headers=devices[number],
                timeout=PATIENCE_S,
            )
            seen["PUT", answer.status_code] += 1
            if answer.status_code < 300:
                acknowledged[number] = stars
            stars = 1 + stars % 5

    acknowledged += [0] * len(devices)
    threads = [threading.Thread(target=search) for _ in range(4)]
    threads += [threading.Thread(target=rate, args=(number,)) for number in range(len(devices))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            until(lambda: all(acknowledged))
            end(cluster)
            until(lambda: {("GET", 503), ("PUT", 503)} <= seen.keys())
            cluster.start()
            acknowledged[:] = [0] * len(devices)
            until(lambda: all(acknowledged))
    finally:
        done.set()
        for thread in threads:
            thread.join()
        cluster.start()
    assert {status for _, status in seen} == {200, 201, 503}, seen
    with database.read() as session:
        live = {int(rating.comment or ""): rating.stars for rating in ratings.of_facility(session, place, 100).entries}
        assert facility_row(session, place)["rating_count"] == len(devices)
    # A rating whose answer got lost may have been kept or not; an acknowledged one is kept or replaced by a later one.
    for number, stars in enumerate(acknowledged):
        assert live[number] in {stars, 1 + stars % 5}


@pytest.fixture
def hurried(own_database_url: str, clock: TestClock) -> Iterator[tuple[FlaskClient, Database, dict[str, str], int]]:
    """A client whose database ends each statement after a tenth of a second; the database, a device, a place."""
    database = Database(own_database_url, read_timeout_ms=100, write_timeout_ms=100)
    app = create_app(Settings(own_database_url, None, 8000, 1), database=database, clock=clock)
    with database.write() as session:
        place, device = add_facility(session), add_device(session, clock())
        session.commit()
    yield app.test_client(), database, bearer(device.token), place
    database.close()


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_that_takes_too_long_is_a_503_and_changes_nothing(
    hurried: tuple[FlaskClient, Database, dict[str, str], int], own_database_url: str, method: str
) -> None:
    client, database, device, place = hurried
    with database.read() as session:
        before = contents(session)
    with psycopg2.connect(own_database_url.replace("+psycopg2", "")) as other, other.cursor() as cursor:
        cursor.execute("SELECT FROM facility WHERE id = %s FOR UPDATE", (place,))
        response = client.open(f"/v1/facilities/{place}/rating", method=method, json={"stars": 5}, headers=device)
        problem(response, 503)
        assert int(response.headers["Retry-After"]) > 0
        other.rollback()
    other.close()
    with database.read() as session:
        assert contents(session) == before
    assert client.put(f"/v1/facilities/{place}/rating", json={"stars": 5}, headers=device).status_code == 201


def test_a_search_that_takes_too_long_is_a_503(
    hurried: tuple[FlaskClient, Database, dict[str, str], int], own_database_url: str
) -> None:
    client, *_ = hurried
    with psycopg2.connect(own_database_url.replace("+psycopg2", "")) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE facility IN ACCESS EXCLUSIVE MODE")
        problem(client.get("/v1/facilities?lat=0&lon=0"), 503)
        other.rollback()
    other.close()
    assert client.get("/v1/facilities?lat=0&lon=0").status_code == 200


def sleep(session: Session, *_: object) -> None:
    session.execute(text("SELECT pg_sleep(60)"))


@pytest.mark.parametrize(
    ("method", "url", "body", "names"),
    [
        (
            "GET",
            "/v1/facilities?lat=0&lon=0&radius_m=50000&limit=100",
            None,
            [("query", "radius_m"), ("query", "limit")],
        ),
        ("GET", "/v1/facilities?bbox=-180,-90,180,90", None, [("query", "bbox")]),
        ("POST", "/v1/route/stops", {**GOOD, "limit": 500}, [("body", "line"), ("body", "limit")]),
        (
            "POST",
            "/v1/hints",
            {"lat": 0, "lon": 0, "route": {"line": GOOD["line"]}},
            [("body", "route")],
        ),
    ],
)
def test_a_read_that_takes_too_long_names_what_to_reduce_and_asks_for_no_retry(
    hurried: tuple[FlaskClient, Database, dict[str, str], int],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    url: str,
    body: object,
    names: list[tuple[str, str]],
) -> None:
    monkeypatch.setattr(search, "nearby", sleep)
    monkeypatch.setattr(search, "in_box", sleep)
    monkeypatch.setattr(route, "along", sleep)
    monkeypatch.setattr(hints, "advise", sleep)
    response = hurried[0].open(url, method=method, json=body)
    assert named(response, 503) == names
    assert "too expensive" in response.get_json()["detail"]
    assert "Retry-After" not in response.headers


def test_a_read_that_takes_too_long_and_cannot_be_reduced_is_to_be_tried_again(
    hurried: tuple[FlaskClient, Database, dict[str, str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, _, place = hurried
    monkeypatch.setattr(search, "nearby", sleep)
    monkeypatch.setattr(search, "one", sleep)
    for url in ("/v1/facilities?lat=0&lon=0", f"/v1/facilities/{place}"):
        response = client.get(url)
        assert "longer than" in problem(response, 503)["detail"]
        assert int(response.headers["Retry-After"]) > 0


@pytest.mark.slow
def test_a_row_that_stays_locked_is_a_503_of_the_server(server: Server, database: Database, place: int) -> None:
    device = register(server)
    with database.connection() as other:
        other.execute(text("SELECT FROM facility WHERE id = :id FOR UPDATE"), {"id": place})
        answer = requests.put(
            f"{server.url}/v1/facilities/{place}/rating", json={"stars": 5}, headers=device, timeout=PATIENCE_S
        )
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
    with database.read() as session:
        assert facility_row(session, place)["rating_count"] == 0
