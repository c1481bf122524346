"""The CPU time of the most expensive requests that are accepted, in a large world with a dense city."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text

from bench import program
from bench.dense import CENTRE, dense
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import Server, product
from geo.database import Database

REQUESTS = 10
"""Of each kind, whose mean counts."""

BISECTIONS = 12
"""Steps to the largest value that is accepted: its neighbour costs a thousandth more."""

STEPS_TO_COUNT = 2
"""The first requests of each kind do not count: pages are read and plans are made."""

STOPS = "/v1/route/stops"


class _Request(NamedTuple):
    """A request; a body is posted."""

    path: str
    body: Mapping[str, Any] | None = None


Scaled = Callable[[float], _Request]
"""A request of an extent between 0 and 1."""

_HERE = f"lat={CENTRE.lat}&lon={CENTRE.lon}"
_ANY = "kind=toilets,drinking_water,shower,baby_care"


def _disc(more: str) -> Scaled:
    return lambda share: _Request(f"/v1/facilities?{_HERE}&limit=100&radius_m={2_000 + 48_000 * share:.0f}&{more}")


def _box(more: str) -> Scaled:
    def request(share: float) -> _Request:
        west, south, east, north = CENTRE.lon - share, CENTRE.lat - share, CENTRE.lon + share, CENTRE.lat + share
        return _Request(f"/v1/facilities?bbox={west},{south},{east},{north}&limit=100&{more}")

    return request


def _zigzag(ways: int, vertices: int) -> Scaled:
    """Back and forth over ten kilometres of the city, each way farther north."""

    def request(share: float) -> _Request:
        line = []
        for way in range(ways):
            across = [0.13 * (step / (vertices - 1) - 0.5) for step in range(vertices)]
            line += [[CENTRE.lon + (-x if way % 2 else x), CENTRE.lat + way * 0.0005] for x in across]
        return _Request(STOPS, {**_ROUTE, "max_offset_m": 1 + 4_999 * share, "line": _line(line)})

    return request


def _straight(share: float) -> _Request:
    ends = [[CENTRE.lon - 1, CENTRE.lat], [CENTRE.lon + 1, CENTRE.lat]]
    return _Request(STOPS, {**_ROUTE, "max_offset_m": 1 + 4_999 * share, "line": _line(ends)})


def _line(coordinates: Sequence[Sequence[float]]) -> Mapping[str, Any]:
    return {"type": "LineString", "coordinates": coordinates}


_ROUTE = {"depart_at": "2026-11-20T12:00:00Z", "speed_kmh": 80, "limit": 100, "needs": {"kind": ["any"]}}

_HINT = {"lat": CENTRE.lat, "lon": CENTRE.lon, "since_last_stop_s": 9_000, "comfort_s": 7_200}

SEARCH_MS, ROUTE_MS = 150, 500
"""Targets."""

WORST: Mapping[str, tuple[Scaled, int]] = {
    "disc, by cleanliness, any kind": (_disc(f"rank=cleanliness&mode=drive&{_ANY}"), SEARCH_MS),
    "disc, clean and open on arrival": (
        _disc(f"rank=cleanliness&mode=drive&verdict=sit&open=arrival&{_ANY}"),
        SEARCH_MS,
    ),
    "disc, needs that nobody meets": (_disc("access=private&verdict=squat&all_gender=no"), SEARCH_MS),
    "box, any kind": (_box(_ANY), SEARCH_MS),
    "box at a pole": (lambda share: _Request(f"/v1/facilities?bbox=-180,{90 - 180 * share},180,90&{_ANY}"), SEARCH_MS),
    "fences": (lambda share: _Request(f"/v1/fences?{_HERE}&limit={1 + 99 * share:.0f}&{_ANY}"), SEARCH_MS),
    "hint on foot": (lambda _: _Request("/v1/hints", _HINT), SEARCH_MS),
    "hint at 30 m/s": (lambda _: _Request("/v1/hints", {**_HINT, "speed_m_s": 30, "heading_deg": 90}), SEARCH_MS),
    "route, straight": (_straight, ROUTE_MS),
    "route, zigzag of 190 ways with 19,000 vertices": (_zigzag(190, 100), ROUTE_MS),
    "route, zigzag of 20 ways with 2,000 vertices": (_zigzag(20, 100), ROUTE_MS),
}


def rows(run: Run) -> list[Row]:
    """The mean CPU time of the largest accepted request of each kind, of the server and of PostgreSQL together.

    Raises:
        NotMeasured: there is no /proc to read CPU times from, or a request fails.
    """
    if not Path("/proc/self/stat").exists():
        raise NotMeasured("CPU times of processes are read from /proc, which only Linux has")
    with dense(run) as world, product(world.url, READ_TIMEOUT_MS="60000") as server:
        return [
            Row(
                f"worst accepted, {name}",
                _cpu_ms(world.database, server, scaled),
                None,
                "ms of CPU",
                target=f"≤ {most}",
            )
            for name, (scaled, most) in WORST.items()
        ]


def _cpu_ms(database: Database, server: Server, scaled: Scaled) -> float:
    """Return the CPU time of the largest accepted request."""
    connection = HTTPConnection("127.0.0.1", server.port)
    request = _largest(connection, scaled)
    for _ in range(STEPS_TO_COUNT):
        _status(connection, request)
    before_s = _used_s(database, server)
    for _ in range(REQUESTS):
        _status(connection, request)
    used_s = _used_s(database, server) - before_s
    connection.close()
    return 1000 * used_s / REQUESTS


def _largest(connection: HTTPConnection, scaled: Scaled) -> _Request:
    if _status(connection, scaled(1)) == 200:
        return scaled(1)
    accepted, refused = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (accepted + refused) / 2
        if _status(connection, scaled(middle)) == 200:
            accepted = middle
        else:
            refused = middle
    return scaled(accepted)


def _status(connection: HTTPConnection, request: _Request) -> int:
    """Send a request and return 200 or 422."""
    if request.body is None:
        connection.request("GET", request.path)
    else:
        header = {"Content-Type": "application/json"}
        connection.request("POST", request.path, json.dumps(request.body).encode(), header)
    response = connection.getresponse()
    answer = response.read()
    if response.status not in {200, 422}:
        raise NotMeasured(f"{request.path} is answered with {response.status}: {answer[:200]!r}")
    return response.status


def _used_s(database: Database, server: Server) -> float:
    """Return the CPU time so far of the server's processes and of the database's connections."""
    listed = program.run("ps", "-axo", "pid=,ppid=").stdout
    pids = [int(pid) for pid, parent in map(str.split, listed.splitlines()) if server.pid in {int(pid), int(parent)}]
    with database.read() as session:
        pids += session.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        ).scalars()
    return sum(map(_of_process_s, pids))


def _of_process_s(pid: int) -> float:
    """Return user and system time of a process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
