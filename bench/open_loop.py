"""Open-loop load: requests come when they come, whether or not earlier ones are answered, as people's do.

The gaps between arrivals are exponential, those of many callers who know nothing of each other. A request's time runs
from its arrival, so that one which has to wait for a connection counts its wait: nothing is hidden by a server that
falls behind (coordinated omission; G. Tene, "How NOT to measure latency").

python -m bench.open_loop PORT RATE_PER_S DURATION_S FILE    a process of its own; FILE as for requests.lua
"""

import json
import re
import select
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from time import perf_counter
from typing import NamedTuple

from bench import program
from bench.row import NotMeasured
from bench.server import PROJECT

CONNECTIONS = 64
"""Kept open: more than a server that keeps up ever has in use."""

WARM_UP_SHARE = 0.1
"""Of the duration: requests that arrive in it do not count."""

PATIENCE_S = 10
"""Without any answer for so long, the server is stuck."""

CHUNK_BYTES = 1 << 18


class Latencies(NamedTuple):
    """How long answers took, from the arrival of their requests.

    Attributes:
        requests: that counted.
        p50_ms, p99_ms: percentiles.
    """

    requests: int
    p50_ms: float
    p99_ms: float


class _Connection:
    """A connection that carries one request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.arrived_s = 0.0
        self._answer = b""
        self._missing_bytes: int | None = None

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, request: bytes, arrived_s: float) -> None:
        self.arrived_s, self._answer, self._missing_bytes = arrived_s, b"", None
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read the available bytes, and return whether the response is complete.

        Raises:
            NotMeasured: it is an error, or the server has hung up.
        """
        chunk = self.socket.recv(CHUNK_BYTES)
        if self._missing_bytes is None:
            self._answer += chunk
            head, end, body = self._answer.partition(b"\r\n\r\n")
            if end:
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                if length is None or not head.startswith(b"HTTP/1.1 200 "):
                    raise NotMeasured(f"the server answers {head[:80]!r}")
                self._missing_bytes = int(length[1]) - len(body)
        else:
            self._missing_bytes -= len(chunk)
        if not chunk:
            raise NotMeasured("the server hung up")
        return self._missing_bytes == 0


def load(port: int, requests: Sequence[bytes], rate_per_s: float, duration_s: float) -> Latencies:
    """Send the requests in turn, at random instants, from a process of its own.

    Raises:
        NotMeasured: not every request was answered 200.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\0".join(requests))
        file.flush()
        command = [sys.executable, "-m", "bench.open_loop", str(port), str(rate_per_s), str(duration_s), file.name]
        return Latencies(**json.loads(program.run(*command, cwd=PROJECT).stdout))


def arrivals(rate_per_s: float, duration_s: float, random: Random) -> list[float]:
    """Instants at which requests come, in seconds from the start: a Poisson process of so many as are expected."""
    return list(accumulate(random.expovariate(rate_per_s) for _ in range(round(rate_per_s * duration_s))))


def percentile(values: Sequence[float], percent: float) -> float:
    """The least of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def drive(port: int, requests: Sequence[bytes], arrives_s: Sequence[float]) -> list[float]:
    """Send the requests in turn, each when it arrives; the seconds that each took, in the order of arrival.

    Raises:
        NotMeasured: an answer was no 200, or none came.
    """
    idle = deque(_Connection(port) for _ in range(CONNECTIONS))  # in turn, so that all workers have work
    busy: dict[_Connection, int] = {}
    took_s = [0.0] * len(arrives_s)
    sent = answered = 0
    started_s = perf_counter()
    while answered < len(arrives_s):
        now_s = perf_counter() - started_s
        while idle and sent < len(arrives_s) and arrives_s[sent] <= now_s:
            connection = idle.popleft()
            connection.send(requests[sent % len(requests)], arrives_s[sent])
            busy[connection] = sent
            sent += 1
        wait_s = max(0.0, arrives_s[sent] - now_s) if idle and sent < len(arrives_s) else PATIENCE_S
        # select, as it waits to the microsecond; poll and epoll round up to the millisecond, which is a third of p50.
        readable, _, _ = select.select(list(busy), [], [], wait_s)
        if not readable and wait_s == PATIENCE_S:
            raise NotMeasured(f"no answer for {PATIENCE_S} s")
        for connection in readable:
            if connection.is_answered():
                took_s[busy.pop(connection)] = perf_counter() - started_s - connection.arrived_s
                idle.append(connection)
                answered += 1
    for connection in idle:
        connection.socket.close()
    return took_s


def main() -> None:
    """Load, and print Latencies as JSON."""
    port, rate_per_s, duration_s, file = sys.argv[1:]
    instants = arrivals(float(rate_per_s), float(duration_s), Random(3))  # noqa: S311 - a measurement, not a secret
    took_s = drive(int(port), Path(file).read_bytes().split(b"\0"), instants)
    counted_ms = [took * 1000 for took in took_s[round(WARM_UP_SHARE * len(took_s)) :]]
    seen = Latencies(len(counted_ms), percentile(counted_ms, 50), percentile(counted_ms, 99))
    print(json.dumps(seen._asdict()))


if __name__ == "__main__":
    main()
