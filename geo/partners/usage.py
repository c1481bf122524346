"""How much a partner used, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from geo.database import Session
from geo.partners.models import PartnerUsage

DAYS_SHOWN = 90
"""A quarter: what an invoice or a talk about the quota looks back on."""


@dataclass(frozen=True, slots=True)
class Day:
    """A partner's day in UTC.

    Attributes:
        day: the day.
        served: requests answered, as far as the server processes have told.
        granted: requests counted against the quota: those served, those that processes still hold, and those that a
            killed process took with it.
    """

    day: date
    served: int
    granted: int


def by_day(session: Session, partner_id: int, days: int = DAYS_SHOWN) -> Sequence[Day]:
    """The partner's latest days on which it asked anything, the newest first."""
    rows = session.execute(
        select(PartnerUsage.day, PartnerUsage.served, PartnerUsage.granted)
        .where(PartnerUsage.partner_id == partner_id)
        .order_by(PartnerUsage.day.desc())
        .limit(days)
    )
    return [Day(**row) for row in rows.mappings()]
