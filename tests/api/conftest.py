"""One place, a device that may rate it, and a file that can be imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from geo.private_postgres.cluster import PrivatePostgres
from tests.api.command_line import ROWS
from tests.conftest import TestClock, temporary_database
from tests.factories import add_device, add_facility, add_rating, bearer, contents


@pytest.fixture(scope="module")
def served_url(postgres: PrivatePostgres, database_url: str) -> Iterator[str]:
    """A database of the module's own, migrated and empty; its servers are processes of their own."""
    template = database_url.partition("?")[0].rpartition("/")[2]
    with temporary_database(postgres, f"served_{template}", template) as url:
        yield url


@pytest.fixture
def place(session: Session) -> int:
    return add_facility(session, 24.9384, 60.1699, name="Asema-aukio")


@pytest.fixture
def headers(session: Session, clock: TestClock) -> dict[str, str]:
    """A known device's Authorization."""
    return bearer(add_device(session, clock()).token)


@pytest.fixture
def nothing_changes(
    session: Session,
    clock: TestClock,
    place: int,
    headers: dict[str, str],  # noqa: ARG001 - a device made later would be a change
) -> Iterator[None]:
    """Hold every table's rows against those before the test; some of each are there."""
    add_rating(session, place, 4, clock())
    before = contents(session)
    yield
    assert contents(session) == before


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "city.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path
