"""The processes of a server: workers are forked from one main process, replaced when they die, and end with it."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from api.cli.serving import AddressInUse, require_free_port
from tests.api.serving import PATIENCE_S, answers, serving, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc"),
]


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def is_running(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def is_free(port: int) -> bool:
    with suppress(AddressInUse):
        require_free_port("PORT", port)
        return True
    return False


def kilobytes(pid: int, kind: str) -> int:
    [line] = [
        line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith(f"{kind}:")
    ]
    return int(line.split()[1])


def test_no_worker_outlives_a_killed_main_process(own_database_url: str, tmp_path: Path) -> None:
    with serving(own_database_url, tmp_path / "log") as server:
        workers = children(server.process.pid)
        assert len(workers) == 2
        server.process.kill()
        until(lambda: not any(map(is_running, workers)))
        until(lambda: is_free(server.address[1]))


def test_a_killed_worker_is_replaced(own_database_url: str, tmp_path: Path) -> None:
    with serving(own_database_url, tmp_path / "log") as server:
        workers = children(server.process.pid)
        killed = min(workers)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(children(server.process.pid) - {killed}) == 2)
        until(lambda: answers(server, "/readyz"))
        assert children(server.process.pid) & workers == workers - {killed}


def test_a_replaced_worker_ends_with_the_main_process_as_well(own_database_url: str, tmp_path: Path) -> None:
    with serving(own_database_url, tmp_path / "log", workers=1) as server:
        [killed] = children(server.process.pid)
        os.kill(killed, signal.SIGKILL)
        until(lambda: children(server.process.pid) - {killed} and answers(server))
        [worker] = children(server.process.pid)
        server.process.kill()
        until(lambda: not is_running(worker))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_of_a_terminal_stops_the_server(
    own_database_url: str, tmp_path: Path, sent: signal.Signals
) -> None:
    with serving(own_database_url, tmp_path / "log") as server:
        workers = children(server.process.pid)
        for pid in (*workers, server.process.pid):
            os.kill(pid, sent)
        server.process.wait(PATIENCE_S)
        assert not any(map(is_running, workers))


def test_workers_share_the_memory_of_the_application(own_database_url: str, tmp_path: Path) -> None:
    with serving(own_database_url, tmp_path / "log") as server:
        for _ in range(20):
            requests.get(f"{server.url}/v1/facilities?lat=60.17&lon=24.94", timeout=PATIENCE_S)
        for worker in children(server.process.pid):
            # Without a common main process each worker has a copy: its proportional share is nearly all that it uses.
            assert kilobytes(worker, "Pss") < 0.7 * kilobytes(worker, "Rss")
