"""What only real processes show: many raters at once, bodies on the wire, figures of all workers."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sqlalchemy import func, select

from bench.reference.quality import WeightedStars, forward_sums
from geo.crowd import ratings
from geo.database import Database
from tests.api.serving import PATIENCE_S, Server, have_answered, serving
from tests.conftest import NOON
from tests.factories import add_device, add_facility, bearer, facility_row

THREADS = 20
DEVICES_PER_THREAD = 10

UNFINISHED = 100
"""Many more than the threads of all workers."""

CLOSE = b"Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def database(served_url: str) -> Iterator[Database]:
    database = Database(served_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(served_url, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture
def place(database: Database) -> int:
    with database.write() as session:
        place = add_facility(session, 24.94, 60.17)
        session.commit()
    return place


def tokens(database: Database, how_many: int) -> list[str]:
    with database.write() as session:
        made = [add_device(session, NOON.replace(year=2100)).token for _ in range(how_many)]
        session.commit()
    return made


def test_two_hundred_concurrent_ratings_all_count(server: Server, database: Database, place: int) -> None:
    def rate(mine: list[str]) -> list[tuple[int, int]]:
        with requests.Session() as http:
            return [
                (
                    stars := 1 + (number % 5),
                    http.put(
                        f"{server.url}/v1/facilities/{place}/rating",
                        json={"stars": stars},
                        headers=bearer(token),
                        timeout=PATIENCE_S,
                    ).status_code,
                )
                for number, token in enumerate(mine)
            ]

    made = tokens(database, THREADS * DEVICES_PER_THREAD)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for done in pool.map(rate, (made[i::THREADS] for i in range(THREADS))) for answer in done]
    assert [status for _, status in answers] == [201] * len(made)
    with database.read() as session:
        row = facility_row(session, place)
        weighed = func.facility_search.weighed_ratings(place).table_valued("rated_at", "stars", "weight")
        live = session.execute(select(weighed.c.rated_at, weighed.c.stars, weighed.c.weight).select_from(weighed)).all()
    assert row["rating_count"] == len(live) == len(made)
    assert sorted(rating.stars for rating in live) == sorted(stars for stars, _ in answers)
    assert row["stars_total"] == pytest.approx(sum(rating.weight * rating.stars for rating in live))
    sums = forward_sums(WeightedStars(*rating) for rating in live)
    for name in ("weight_slow", "stars_slow", "weight_fast", "stars_fast"):
        assert row[name] == pytest.approx(getattr(sums, name), rel=1e-9), name


def test_one_device_that_rates_from_twenty_threads_has_one_rating(
    server: Server, database: Database, place: int
) -> None:
    [token] = tokens(database, 1)

    def rate(number: int) -> int:
        return requests.put(
            f"{server.url}/v1/facilities/{place}/rating",
            json={"stars": 1 + number % 5},
            headers=bearer(token),
            timeout=PATIENCE_S,
        ).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = list(pool.map(rate, range(THREADS)))
    assert sorted(statuses) == [200] * (THREADS - 1) + [201]
    with database.read() as session:
        row = facility_row(session, place)
        [live] = ratings.of_facility(session, place, 5).entries
    assert (row["rating_count"], row["stars_total"] / row["weight_total"]) == (1, pytest.approx(live.stars))


def exchange(server: Server, *parts: bytes) -> bytes:
    """Send raw bytes on one connection; all that comes back. A server that has heard enough may hang up."""
    with socket.create_connection(server.address, timeout=PATIENCE_S) as wire:
        received = b""
        try:
            for part in parts:
                wire.sendall(part)
            while more := wire.recv(65_536):
                received += more
        except (BrokenPipeError, ConnectionResetError):
            while more := wire.recv(65_536):
                received += more
        return received


def rating_request(place: int, token: str, *lines: str) -> bytes:
    head = [
        f"PUT /v1/facilities/{place}/rating HTTP/1.1",
        "Host: here",
        "Connection: close",
        "Content-Type: application/json",
        f"Authorization: Bearer {token}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.parametrize(
    ("length", "parts"),
    [
        ("Content-Length: 10000000", [b"x" * 100_000] * 100),
        ("Content-Length: 10000000", []),
        ("Transfer-Encoding: chunked", [chunk(b" " * 100_000)] * 100 + [b"0\r\n\r\n"]),
    ],
    ids=["sent", "announced", "chunked"],
)
def test_a_body_of_ten_megabytes_is_refused(
    server: Server, database: Database, place: int, length: str, parts: list[bytes]
) -> None:
    [token] = tokens(database, 1)
    answer = exchange(server, rating_request(place, token, length), *parts)
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
    assert b"content-type: application/problem+json" in answer
    with database.read() as session:
        assert facility_row(session, place)["rating_count"] == 0


def test_a_body_in_small_chunks_is_read_completely(server: Server, database: Database, place: int) -> None:
    [token] = tokens(database, 1)
    body = json.dumps({"stars": 5, "comment": "x" * 1000}).encode() + b" " * 50_000
    pieces = [chunk(body[i : i + 997]) for i in range(0, len(body), 997)]
    answer = exchange(server, rating_request(place, token, "Transfer-Encoding: chunked"), *pieces, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 "), answer[:200]
    with database.read() as session:
        [live] = ratings.of_facility(session, place, 5).entries
    assert live.comment == "x" * 1000


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"a" * 600_000 + b"\r\n\r\n",
        b"GET /v1/facilities?lat=\xff HTTP/1.1\r\nHost: here\r\n" + CLOSE,
        b"GET /v1/facilities?lat=1&lon=2 HTTP/1.1\r\nHost: here\r\nIf-None-Match: \xff\xfe\r\n" + CLOSE,
        b"GET /v1/facilities/1/rating HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer \xff\r\n" + CLOSE,
        b"PUT / HTTP/1.1\r\nHost: here\r\nContent-Length: -1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: here\r\n" + CLOSE,
    ],
    ids=["tls", "long path", "long header", "raw query", "raw tag", "raw token", "negative length", "asterisk"],
)
def test_a_malformed_request_is_not_a_server_error(server: Server, raw: bytes) -> None:
    answer = exchange(server, raw)
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    assert requests.get(server.url + "/healthz", timeout=PATIENCE_S).status_code == 200


def test_unfinished_requests_do_not_block_other_callers(server: Server, database: Database, place: int) -> None:
    [token] = tokens(database, 1)
    rating = f"{server.url}/v1/facilities/{place}/rating"
    slow = [socket.create_connection(server.address, timeout=PATIENCE_S) for _ in range(UNFINISHED)]
    try:
        for number, wire in enumerate(slow):
            wire.sendall(
                rating_request(place, token, "Content-Length: 11")[: -2 if number % 8 == 0 else None] + b'{"st'
            )
        for number in range(10):
            for path in ("/healthz", f"/v1/facilities/{place}"):
                assert requests.get(server.url + path, timeout=PATIENCE_S / 10).status_code == 200
            response = requests.put(
                rating, json={"stars": 1 + number % 5}, headers=bearer(token), timeout=PATIENCE_S / 10
            )
            assert response.status_code in {200, 201}
        answer = b"".join(iter(lambda: slow[1].recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 408 "), answer[:200]
        assert b"content-type: application/problem+json" in answer
        assert requests.delete(rating, headers=bearer(token), timeout=PATIENCE_S / 10).status_code == 204
    finally:
        for wire in slow:
            wire.close()


def test_a_client_that_goes_away_in_the_middle_of_a_body_changes_nothing(
    server: Server, database: Database, place: int
) -> None:
    [token] = tokens(database, 1)
    body = b'{"stars": 5}'
    for length in (f"Content-Length: {len(body) + 1}", "Transfer-Encoding: chunked"):
        sent = body if length.startswith("Content") else chunk(body)
        with socket.create_connection(server.address, timeout=PATIENCE_S) as wire:
            wire.sendall(rating_request(place, token, length) + sent)
    assert requests.get(server.url + "/healthz", timeout=PATIENCE_S).status_code == 200
    with database.read() as session:
        assert facility_row(session, place)["rating_count"] == 0


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: here\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost:\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: here\r\nHost: here\r\n", 400),
        (b"POST /v1/devices HTTP/1.1\r\nHost: here\r\nhost: there\r\nContent-Length: 0\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\n", 200),
    ],
    ids=["one", "none", "empty", "two", "two with a body", "HTTP/1.0"],
)
def test_a_request_without_exactly_one_host_is_refused(server: Server, head: bytes, status: int) -> None:
    answer = exchange(server, head + CLOSE)
    assert answer.split(b" ", 2)[1] == str(status).encode(), answer[:200]
    assert (b"content-type: application/problem+json" in answer) == (status == 400)


def test_the_metrics_cover_all_workers(server: Server, place: int) -> None:
    def count() -> float:
        line = (
            f'beforehand_requests_total{{method="GET",route="/v1/facilities/<int(max={2**63 - 1}):facility_id>/ratings"'
        )
        figures = requests.get(server.metrics_url, timeout=PATIENCE_S).text.splitlines()
        return sum(float(figure.rpartition(" ")[2]) for figure in figures if figure.startswith(line))

    before = count()
    with ThreadPoolExecutor(8) as pool:
        path = f"{server.url}/v1/facilities/{place}/ratings"
        statuses = list(pool.map(lambda _: requests.get(path, timeout=PATIENCE_S).status_code, range(60)))
    assert statuses == [200] * 60
    assert count() - before == 60
    assert have_answered(server) == 2
