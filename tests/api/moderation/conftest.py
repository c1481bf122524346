"""Phones and staff at will."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones, StaffOf, member, phone, regular
from tests.conftest import TestClock


@pytest.fixture
def phones(client: FlaskClient, session: Session, clock: TestClock) -> Phones:
    """Makes long known devices, each in a network of its own."""
    return lambda: phone(client, session, clock)


@pytest.fixture
def regulars(client: FlaskClient, session: Session, clock: TestClock) -> Phones:
    """Makes devices whose reports count fully, each in a network of its own."""
    return lambda: regular(client, session, clock)


@pytest.fixture
def staff_of(client: FlaskClient, session: Session, clock: TestClock) -> StaffOf:
    """Makes members of staff of a role."""
    return lambda role: member(client, session, clock, role)


@pytest.fixture
def moderator(staff_of: StaffOf) -> Caller:
    return staff_of("moderator")
