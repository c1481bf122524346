"""Measures how much longer others wait while one network sends the most expensive queries as fast as it can."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from math import ceil
from statistics import median
from subprocess import DEVNULL, Popen
from time import perf_counter, sleep

from bench import wrk
from bench.dense import CENTRE, dense
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import Server, product
from bench.slices import ROUNDS

ATTACKER = ("X-Forwarded-For", "192.0.2.1")
VISITOR = ("X-Forwarded-For", "198.51.100.1")
"""Two networks, as a trusted proxy would name them."""

_HERE = f"lat={CENTRE.lat}&lon={CENTRE.lon}"

HEAVY = (
    f"/v1/facilities?{_HERE}&rank=cleanliness&mode=drive&limit=100&radius_m=2900&verdict=sit&open=arrival&kind=any",
    f"/v1/facilities?{_HERE}&access=private&verdict=squat&all_gender=no",
    f"/v1/fences?{_HERE}&limit=100&kind=any",
)
"""The queries of the attack, of which the most expensive is taken."""

PAUSE_S = 0.02
"""Between two requests of the visitor, which must not be a load itself."""

GRACE_S = 0.5
"""How long the attack runs before the visitor's requests count."""


def rows(run: Run) -> list[Row]:
    """Measure the visitor's median in turns in a dense world: alone, and during an attack."""
    quiet_ms: list[float] = []
    attacked_ms: list[float] = []
    with dense(run) as world, product(world.url, TRUSTED_PROXIES="1", RATE_LIMITS="on") as server:
        paths = [asker.path for asker in world.askers]
        attack = [wrk.raw_request(_most_expensive(server), header=[ATTACKER])]
        for turn in range(1 + ROUNDS):
            quiet = _median_ms(server, paths, run.slice_s)
            with _under_attack(server, attack, run.slice_s + 2 * GRACE_S):
                attacked = _median_ms(server, paths, run.slice_s)
            if turn:  # the first one warms up
                quiet_ms.append(quiet)
                attacked_ms.append(attacked)
    name = f"starvation, another network's median, {wrk.CONNECTIONS} connections of the most expensive query"
    return [Row(name, median(attacked_ms), median(quiet_ms), "ms", "without them", "≤ 3")]


def _most_expensive(server: Server) -> str:
    """Return the query that takes longest."""
    return max(HEAVY, key=lambda path: min(_answer_s(HTTPConnection("127.0.0.1", server.port), path) for _ in range(3)))


def _median_ms(server: Server, paths: Sequence[str], duration_s: float) -> float:
    """Return the median time of one request after another on one connection."""
    connection = HTTPConnection("127.0.0.1", server.port)
    took_s: list[float] = []
    end_s = perf_counter() + duration_s
    while perf_counter() < end_s:
        took_s.append(_answer_s(connection, paths[len(took_s) % len(paths)]))
        sleep(PAUSE_S)
    connection.close()
    return 1000 * median(took_s)


def _answer_s(connection: HTTPConnection, path: str) -> float:
    started_s = perf_counter()
    connection.request("GET", path, headers=dict([VISITOR]))
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        raise NotMeasured(f"the server answers {response.status}")
    return perf_counter() - started_s


@contextmanager
def _under_attack(server: Server, requests: Sequence[bytes], duration_s: float) -> Iterator[None]:
    """Send the requests in a closed loop, whatever the answers are."""
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\0".join(requests))
        file.flush()
        command = wrk.command(server.port, ceil(duration_s), file.name)
        with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as attack:  # noqa: S603 - no shell, and every word is ours
            try:
                sleep(GRACE_S)
                yield
            finally:
                attack.terminate()
