"""Closed-loop load by wrk: each connection asks again as soon as it is answered."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import program
from bench.row import NotMeasured

SCRIPT = Path(__file__).with_name("requests.lua")

CONNECTIONS = 16
"""Enough to keep every request thread of two workers busy."""

TIMEOUT_S = 10
"""After which an answer counts as missing."""


class Load(NamedTuple):
    """What a load saw.

    Attributes:
        requests: answered ones.
        duration_s: in which they were.
        bytes: of the answers, header fields included.
        refused: answers with a status from 400.
        broken: connections that failed and answers that did not come.
        p50_ms, p99_ms: of the time to the answer, without what a late request waited for its turn.
    """

    requests: int
    duration_s: float
    bytes: int
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.duration_s


def require() -> None:
    """Say at once where wrk is missing, before there is a world.

    Raises:
        NotMeasured: it is; the text says how to get it.
    """
    if not shutil.which("wrk"):
        raise NotMeasured("wrk is missing: run `sudo apt-get install wrk`, or `brew install wrk`")


def raw_request(
    path: str, method: str = "GET", header: Sequence[tuple[str, str]] = (), body: str = "", host: str = "127.0.0.1"
) -> bytes:
    """A request as HTTP/1.1 writes it."""
    fields = [("Host", host), *header, *([("Content-Length", str(len(body.encode())))] if body else [])]
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", body]
    return "\r\n".join(lines).encode()


def load(port: int, requests: Sequence[bytes], duration_s: float, connections: int = CONNECTIONS) -> Load:
    """Send the requests in turn, over and over, to a server on the loopback interface.

    Raises:
        NotMeasured: not every request was answered well.
    """
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"\0".join(requests))
        file.flush()
        return checked(parse(program.run(*command(port, duration_s, file.name, connections)).stdout))


def command(port: int, duration_s: float, file: str, connections: int = CONNECTIONS) -> list[str]:
    """The command that sends the requests of a file, as requests.lua reads it."""
    options = ["-t", "1", "-c", str(connections), "-d", f"{duration_s:g}s", "--timeout", f"{TIMEOUT_S}s"]
    return ["wrk", *options, "-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file]


def parse(output: str) -> Load:
    """What wrk printed: its own table, and last the line of requests.lua."""
    return Load(**json.loads(output.strip().rpartition("\n")[2]))


def checked(seen: Load) -> Load:
    """The same load.

    Raises:
        NotMeasured: an answer was an error or did not come, or none came at all.
    """
    if seen.refused or seen.broken or not seen.requests:
        raise NotMeasured(f"of {seen.requests} answers {seen.refused} were errors, and {seen.broken} did not come")
    return seen
