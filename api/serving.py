"""The server: granian, in this process's place, with worker processes that share their figures."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from api.config import PROJECT, Settings
from geo.errors import BeforehandError

REQUEST_THREADS = 8
"""Threads of a worker that answer requests: as many as its database connections, so that none waits for one."""

SHUTDOWN_S = 20
"""How long a stopping worker may finish what it has begun: longer than its statements may take."""

METRICS_FOLDER = "beforehand-metrics-"
"""What the folders that worker processes share their figures in are called, before the server's process id."""


class AddressInUse(BeforehandError):
    """The server cannot listen where it should; the text says how to choose another port."""


def require_free_port(port: int, host: str = "127.0.0.1") -> None:
    """Say so at once, in one line, where somebody else has the port.

    Raises:
        AddressInUse: it is taken, or not ours to listen on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressInUse(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another, as in PORT={port + 1} make run"
            ) from error


def serve(settings: Settings, host: str) -> NoReturn:
    """Become the server."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(settings.port)),
        *("--workers", str(settings.workers), "--blocking-threads", str(REQUEST_THREADS)),
        *("--workers-kill-timeout", str(SHUTDOWN_S), "--respawn-failed-workers", "--no-ws"),
        "wsgi:app",
    ]
    environ = {
        # Below errors it tells what we tell ourselves, and doubts threads that mostly wait for the database.
        "GRANIAN_LOG_LEVEL": "error",
        **os.environ,
        "DATABASE_URL": settings.database_url,
        # The workers share their figures through files, and those of an earlier run are not theirs.
        "PROMETHEUS_MULTIPROC_DIR": _metrics_folder(),
    }
    os.chdir(PROJECT)
    sys.stdout.flush()
    os.execve(command[0], command, environ)  # noqa: S606 - no shell is what we want


def _metrics_folder() -> str:
    """A folder named after this process, which becomes the server; those of processes that have ended are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{METRICS_FOLDER}*"):
        pid = left.name.removeprefix(METRICS_FOLDER).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, PermissionError):  # not ours
            continue
    return tempfile.mkdtemp(prefix=f"{METRICS_FOLDER}{os.getpid()}-")
