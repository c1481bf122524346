"""Servers of which one at a time is killed."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import requests

from api.config import PROJECT
from tests.api.serving import PATIENCE_S, free_port, until


class Fleet:
    """Two servers, of which one is killed at a time."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.log, self.servers = log, list[tuple[int, int]]()
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.api.moderation.forking_server", str(log)],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": database_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def launch(self) -> None:
        """Start a server, and wait until it answers."""
        port = free_port()
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        print(port, file=self._parent.stdin, flush=True)
        pid = int(self._parent.stdout.readline())
        url = f"http://127.0.0.1:{port}/healthz"
        until(lambda: _answers(url))
        self.servers.append((pid, port))

    def kill_oldest(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        pid, _ = self.servers.pop(0)
        os.kill(pid, signal.SIGKILL)

    def url(self, random: Random) -> str:
        """Of one of those that are alive, or were a moment ago."""
        return f"http://127.0.0.1:{random.choice(list(self.servers))[1]}"

    def close(self) -> None:
        """End all."""
        while self.servers:
            self.kill_oldest()
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(PATIENCE_S)
        assert self._parent.stdout is not None
        self._parent.stdout.close()


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(url, timeout=1).status_code == 200
    return False
