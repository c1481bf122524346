"""Servers under measurement: the product as it is started for production, and others, each stopped at the end."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, NamedTuple

from bench.row import NotMeasured

PROJECT = Path(__file__).resolve().parent.parent

WORKERS = 2
"""Server processes, of ours and of each peer."""

PATIENCE_S = 60
"""How long a server may take to start or to stop."""

POLL_S = 0.01


class Server(NamedTuple):
    """A running server.

    Attributes:
        port: on the loopback interface.
        pid: of the process that was started, the parent of its workers.
    """

    port: int
    pid: int

    def get(self, path: str, header: Mapping[str, str] | None = None) -> tuple[HTTPResponse, bytes]:
        """The answer to one request, and its body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path, headers=dict(header or {}))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


@contextmanager
def product(database_url: str, workers: int = WORKERS, path: str = "/healthz", **settings: str) -> Iterator[Server]:
    """The product, `flask serve`, its request log on and going to a file; settings are more environment variables.

    Rate limits are off: all requests come from one address.
    """
    port = free_port()
    environ = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        "RATE_LIMITS": "off",
        **settings,
    }
    with running([sys.executable, "-m", "flask", "serve"], port, environ, path) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str | Path], port: int, environ: Mapping[str, str], path: str = "/healthz", cwd: Path = PROJECT
) -> Iterator[Server]:
    """A server, from when it answers path with 200 on; whatever happens, it is stopped at the end.

    Raises:
        NotMeasured: it does not come up.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - no shell, and every word is ours
            command,
            cwd=cwd,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            server = Server(port, process.pid)
            _await(server, process, path, log)
            yield server
        finally:
            _stop(process)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(server: Server, process: subprocess.Popen[bytes], path: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, HTTPException):
            if server.get(path)[0].status == 200:
                return
        time.sleep(POLL_S)
    log.seek(0)
    raise NotMeasured(f"the server does not answer {path}: {log.read()[-2000:].decode(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_S)
    # The session that it was started in is its own, and so is whatever of it is still there.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
