"""Starts the server in place of this process, with worker processes that share their metrics."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from api.config import PROJECT, Settings
from geo.errors import BeforehandError

METRICS_FOLDER = "beforehand-metrics-"
"""Prefix of the folders in which worker processes share their metrics; the server's process id follows."""


class AddressInUse(BeforehandError):
    """The server cannot listen on its port; the message says how to choose another one."""


def require_free_port(setting: str, port: int, host: str = "127.0.0.1") -> None:
    """Check that a port is free before the server starts.

    Args:
        setting: the environment variable that chooses it.
        port: the port.
        host: the address to listen on.

    Raises:
        AddressInUse: the port is in use, or this process may not listen on it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            another = f"{setting}={port + 1}"
            raise AddressInUse(
                f"cannot listen on {host}:{port} ({error.strerror}): choose another, as in {another} make run"
            ) from error


def serve(settings: Settings, host: str) -> NoReturn:
    """Replace this process by the server."""
    command = (sys.executable, "-m", "api.cli.server", host)
    environ = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        # The workers share their metrics through files, which must not be those of an earlier run.
        "PROMETHEUS_MULTIPROC_DIR": _metrics_folder(),
    }
    os.chdir(PROJECT)
    sys.stdout.flush()
    os.execve(command[0], command, environ)  # noqa: S606 - without a shell on purpose


def _metrics_folder() -> str:
    """Create a folder named after this process, which becomes the server. Remove those of processes that have ended."""
    for left in Path(tempfile.gettempdir()).glob(f"{METRICS_FOLDER}*"):
        pid = left.name.removeprefix(METRICS_FOLDER).partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (ValueError, OverflowError, PermissionError):  # not a folder of ours
            continue
    return tempfile.mkdtemp(prefix=f"{METRICS_FOLDER}{os.getpid()}-")
