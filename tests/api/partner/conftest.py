"""Two partners, each with a key of each kind, and a place to find."""

from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from geo.partners import issued_keys, registry
from geo.partners.issued_keys import KeyTerms
from tests.conftest import TestClock

ORIGIN = "https://www.acme.example"
OTHER_ORIGIN = "https://globex.example"
SEARCH = "/partner/v1/facilities?lat=60.17&lon=24.94"


@dataclass(frozen=True)
class KnownPartner:
    """A partner of a test."""

    partner_id: int
    origin: str
    publishable: issued_keys.NewKey
    secret: issued_keys.NewKey


def add_partner(session: Session, name: str, origin: str, clock: TestClock, quota: int | None = None) -> KnownPartner:
    partner_id = registry.ensure(session, name, quota, clock())
    publishable = issued_keys.issue(session, partner_id, KeyTerms("publishable", (origin,)), clock())
    secret = issued_keys.issue(session, partner_id, KeyTerms("secret"), clock())
    return KnownPartner(partner_id, origin, publishable, secret)


@pytest.fixture
def acme(session: Session, clock: TestClock) -> KnownPartner:
    return add_partner(session, "Acme", ORIGIN, clock)


@pytest.fixture
def globex(session: Session, clock: TestClock) -> KnownPartner:
    return add_partner(session, "Globex", OTHER_ORIGIN, clock)
