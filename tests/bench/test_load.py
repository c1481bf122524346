import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from random import Random
from statistics import mean
from threading import Thread

import pytest
from sqlalchemy import Connection

from bench import open_loop, pgbench, slices, wrk
from bench.askers import Asker
from bench.row import NotMeasured
from geo.coordinates import Point
from tests.conftest import OneConnection

WRK = """Running 3s test @ http://127.0.0.1:4321
  1 threads and 16 connections
Requests/sec:    535.67

{"requests": 1607, "duration_s": 3.000120, "bytes": 345600, "refused": 0, "broken": 0, "p50_ms": 26.3, "p99_ms": 113.4}
"""

PGBENCH = """pgbench (15.18 (Debian 15.18-0+deb12u1))
progress: 1.0 s, 700.0 tps, lat 9.215 ms stddev 11.002, 0 failed
progress: 2.0 s, 1900.0 tps, lat 4.215 ms stddev 1.002, 0 failed
progress: 3.0 s, 2000.0 tps, lat 4.015 ms stddev 1.102, 0 failed
"""


def test_the_last_line_of_wrk_is_parsed() -> None:
    seen = wrk.parse(WRK)
    assert (seen.requests, seen.p99_ms) == (1607, 113.4)
    assert seen.rate == pytest.approx(535.6, abs=0.1)


@pytest.mark.parametrize("fault", [{"refused": 1}, {"broken": 1}, {"requests": 0}])
def test_a_run_with_errors_is_discarded(fault: dict[str, int]) -> None:
    with pytest.raises(NotMeasured):
        wrk.checked(wrk.parse(WRK)._replace(**fault))


def test_a_raw_request_has_a_complete_head_and_a_content_length_in_bytes() -> None:
    assert wrk.raw_request("/a?b=1") == b"GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert wrk.raw_request("/a", "PUT", [("X", "y")], "é").endswith("X: y\r\nContent-Length: 2\r\n\r\né".encode())


def test_the_rate_of_pgbench_excludes_its_first_second_and_failures_are_refused() -> None:
    assert pgbench.parse(PGBENCH) == 1950
    assert pgbench.parse(PGBENCH.replace(", 0 failed", "")) == 1950  # as PostgreSQL 14 prints it
    with pytest.raises(NotMeasured):
        pgbench.parse(PGBENCH.replace("1.002, 0", "1.002, 3"))
    with pytest.raises(NotMeasured):
        pgbench.parse("")


def test_percentiles_are_observed_values() -> None:
    values = [float(value) for value in range(1000, 0, -1)]
    assert open_loop.percentile(values, 50) == 500
    assert open_loop.percentile(values, 99) == 990
    assert open_loop.percentile([7.0], 99) == 7


def test_requests_arrive_at_random_at_the_given_rate() -> None:
    instants = open_loop.arrivals(200, 50, Random(0))
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert len(instants) == 10_000
    assert mean(gaps) == pytest.approx(1 / 200, rel=0.05)
    assert sum(gap > 1 / 200 for gap in gaps) / len(gaps) == pytest.approx(0.368, abs=0.02)  # 1/e: no metronome


def test_the_latency_includes_the_wait_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(0.05)
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"clean")

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    monkeypatch.setattr(open_loop, "CONNECTIONS", 1)
    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        took_s = open_loop.drive(server.server_port, [wrk.raw_request("/")], [0.0, 0.0, 0.0])
        server.shutdown()
    assert took_s[0] >= 0.05
    assert took_s[1] >= 0.1
    assert took_s[2] >= 0.15


def test_the_first_turn_is_a_warm_up_and_turns_alternate() -> None:
    calls: list[str] = []
    figures = iter([1000.0, 1.0, 5.0, 3.0])
    assert slices.medians(lambda: calls.append("a") or next(figures), lambda: calls.append("b") or 7.0) == [3.0, 7.0]
    assert calls == ["a", "b"] * 4


def test_the_box_of_a_caller_covers_its_radius() -> None:
    west, south, east, north = map(float, Asker(Point(24.94, 60.17), 1000).bbox.split(","))
    assert (north - south) / 2 * 111_195 == pytest.approx(1001, abs=0.5)
    assert (east - west) / (north - south) == pytest.approx(2, abs=0.02)  # at 60 degrees north


def test_the_pgbench_statement_has_a_random_place_and_no_parameters(connection: Connection) -> None:
    script = pgbench.script(OneConnection(connection), [Asker(Point(24.94, 60.17), 1000)])
    assert script.startswith("\\set asker random(1, 1)\n")
    assert script.count("WHERE id = :asker") == 2
    assert "facility_search.found_nearby(" in script
    assert "%(" not in script
