"""One place, and a device that may rate it."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.conftest import TestClock
from tests.factories import add_device, add_facility, add_rating, bearer, contents


@pytest.fixture
def place(session: Session) -> int:
    return add_facility(session, 24.9384, 60.1699, name="Asema-aukio")


@pytest.fixture
def headers(session: Session, clock: TestClock) -> dict[str, str]:
    """A known device's Authorization."""
    return bearer(add_device(session, clock()).token)


@pytest.fixture
def nothing_changes(session: Session, clock: TestClock, place: int, headers: dict[str, str]) -> Iterator[None]:  # noqa: ARG001 - a device made later would be a change
    """Hold every table's rows against those before the test; some of each are there."""
    add_rating(session, place, 4, clock())
    before = contents(session)
    yield
    assert contents(session) == before
