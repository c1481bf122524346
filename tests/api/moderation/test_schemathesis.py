"""Schemathesis at the moderators' door with an admin's token: whatever it makes up is answered as documented."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geo.casework import staff
from geo.crowd import reports
from geo.crowd.devices import known
from geo.database import Database
from tests.api.schemathesis_hooks import PLACES
from tests.api.serving import Server, serving
from tests.api.test_schemathesis import in_each_round, schemathesis
from tests.factories import add_device, add_facility


@pytest.fixture(scope="module")
def token(served_url: str) -> str:
    now = datetime.now(UTC)
    database = Database(served_url)
    with database.write() as session:
        device = known(session, add_device(session, now).token, now)
        for number in range(PLACES):
            place = add_facility(session, 24.94 + number / 1000, 60.17)
            reports.report(session, device, reports.NewReport("facility", place, "wrong", bytes(16)), now)
        added = staff.add(session, "the one who asks", "admin", now, actor="command")
        session.commit()
    database.close()
    return added.token


@pytest.fixture(scope="module")
def server(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(served_url, tmp_path_factory.mktemp("server") / "log", RATE_LIMITS="off") as server:
        yield server


@in_each_round
def test_schemathesis_finds_nothing(server: Server, token: str, tmp_path: Path, thoroughness: list[str]) -> None:
    options = [
        *thoroughness,
        "--include-path-regex",
        "^/admin/v1/(?!partners)",
        "--header",
        f"Authorization: Bearer {token}",
    ]
    if found := schemathesis(server, tmp_path, *options):
        pytest.fail(found, pytrace=False)
    log = server.log.read_text()
    assert '"status":201' in log
    assert "unexpected_error" not in log
    assert token not in log
