"""Schemathesis against the running server: whatever it makes up from the documentation is answered as documented."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from api.config import PROJECT
from geo.database import Database
from tests.api.schemathesis_hooks import PLACES
from tests.api.serving import PATIENCE_S, Server, serving
from tests.conftest import NOON
from tests.factories import add_facility, add_rating


@pytest.fixture(scope="module")
def server(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database = Database(served_url)
    with database.write() as session:
        for number in range(PLACES):
            place = add_facility(session, 24.94 + number / 1000, 60.17, kind="toilets", changing_table="yes")
            add_rating(session, place, 5, NOON)
        session.commit()
    database.close()
    # With limits, most writes of the one device would be answered by 429.
    with serving(served_url, tmp_path_factory.mktemp("server") / "log", RATE_LIMITS="off") as server:
        yield server


def schemathesis(server: Server, folder: Path, *options: str) -> str:
    """What it found, or nothing."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", server.url + "/openapi.json", "--checks", "all"]
    command += ["--no-color", "--continue-on-failure", *options]
    environ = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


in_each_round = pytest.mark.parametrize(
    "thoroughness",
    [
        pytest.param(["--max-examples", "6", "--generation-deterministic"], id="quick"),
        pytest.param(["--max-examples", "40", "--generation-deterministic"], id="thorough", marks=pytest.mark.slow),
    ],
)
"""A quick round always, a thorough one with the slow tests; the same questions each time, so that a failure repeats."""


@pytest.mark.parametrize("caller", ["a device", "a stranger"])
@in_each_round
def test_schemathesis_finds_nothing(server: Server, tmp_path: Path, caller: str, thoroughness: list[str]) -> None:
    headers = []
    if caller == "a device":
        given = requests.post(server.url + "/v1/devices", timeout=PATIENCE_S).json()["token"]
        # Whoever erases itself is nobody in what follows.
        headers = ["--header", f"Authorization: Bearer {given}", "--exclude-operation-id", "erase_me"]
    if found := schemathesis(server, tmp_path, *thoroughness, *headers):
        pytest.fail(found, pytrace=False)
    assert "unexpected_error" not in server.log.read_text()
