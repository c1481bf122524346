"""Schemathesis at the partner door with a secret key: whatever it makes up is answered as documented."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geo.database import Database
from geo.partners import issued_keys, registry
from geo.partners.issued_keys import KeyTerms
from geo.partners.models import MAX_DAILY_QUOTA, SCOPES
from tests.api.schemathesis_hooks import PLACES
from tests.api.serving import Server, serving
from tests.api.test_schemathesis import in_each_round, schemathesis
from tests.factories import add_facility


@pytest.fixture(scope="module")
def key(served_url: str) -> str:
    now = datetime.now(UTC)
    database = Database(served_url)
    with database.write() as session:
        for number in range(PLACES):
            add_facility(session, 24.94 + number / 1000, 60.17)
        partner_id = registry.ensure(session, "Acme", MAX_DAILY_QUOTA, now)
        new = issued_keys.issue(session, partner_id, KeyTerms("secret", scopes=SCOPES), now)
        session.commit()
    database.close()
    return new.key


@pytest.fixture(scope="module")
def server(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(served_url, tmp_path_factory.mktemp("server") / "log", RATE_LIMITS="off") as server:
        yield server


@in_each_round
def test_schemathesis_finds_nothing(server: Server, key: str, tmp_path: Path, thoroughness: list[str]) -> None:
    options = [*thoroughness, "--include-path-regex", "^/partner/", "--header", f"Authorization: Bearer {key}"]
    if found := schemathesis(server, tmp_path, *options):
        pytest.fail(found, pytrace=False)
    log = server.log.read_text()
    assert '"status":200' in log
    assert "unexpected_error" not in log
    assert key not in log
