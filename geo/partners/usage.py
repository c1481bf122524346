"""Daily usage of partners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from geo.database import Session
from geo.partners.models import PartnerUsage

DAYS_SHOWN = 90
"""Default number of days: a quarter, for invoices and quota reviews."""


@dataclass(frozen=True, slots=True)
class Day:
    """A partner's usage on a day in UTC.

    Attributes:
        day: the day.
        served: requests served, as reported by the server processes so far.
        granted: requests counted against the quota: served, held unspent by processes, or lost with a killed
            process.
    """

    day: date
    served: int
    granted: int


def by_day(session: Session, partner_id: int, days: int = DAYS_SHOWN) -> Sequence[Day]:
    """Return the partner's latest days with requests, newest first."""
    rows = session.execute(
        select(PartnerUsage.day, PartnerUsage.served, PartnerUsage.granted)
        .where(PartnerUsage.partner_id == partner_id)
        .order_by(PartnerUsage.day.desc())
        .limit(days)
    )
    return [Day(**row) for row in rows.mappings()]
