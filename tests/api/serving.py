"""The real server, in processes of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import requests

from api.cli.serving import METRICS_FOLDER
from api.config import PROJECT

PATIENCE_S = 60
"""How long a test waits for what happens within a second or two."""

POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        url: its address, without a slash at the end.
        metrics_url: where its main process answers /metrics.
        process: the one that `flask serve` became.
        log: what it and its workers wrote.
    """

    url: str
    metrics_url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)


@contextmanager
def serving(database_url: str, log: Path, workers: int = 2, **settings: str) -> Iterator[Server]:
    """A server of the database, stopped at the end; settings are more environment variables."""
    port, metrics_port = free_port(), free_port()
    environ = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "WEB_CONCURRENCY": str(workers),
        "GRANIAN_LOG_LEVEL": "info",  # its lines too hold nothing private
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve"], cwd=PROJECT, env=environ, stdout=out, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}/metrics", process, log)
    try:
        # A worker that gets its signal to stop before it has started ignores it, and is killed after SHUTDOWN_S.
        until(lambda: process.poll() is not None or (answers(server) and have_answered(server) == workers))
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(server: Server, path: str = "/healthz") -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(server.url + path, timeout=PATIENCE_S).status_code == 200
    return False


def figures(server: Server) -> Path:
    """The folder that its workers share their figures in."""
    [folder] = Path(gettempdir()).glob(f"{METRICS_FOLDER}{server.process.pid}-*")
    return folder


def have_answered(server: Server) -> int:
    """How many of its workers have answered a request: each counts in a file of its own."""
    return len(list(figures(server).glob("counter_*.db")))


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(POLL_S)
