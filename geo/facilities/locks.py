"""Locks facilities' rows until the end of the transaction, so that changes to one facility follow each other.

The lock is FOR NO KEY UPDATE: it excludes other changes of the row, but not the insertion of rows that reference it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from geo.database import Session
from geo.errors import FacilityNotFound
from geo.facilities.models import Facility


class LockedFacility(NamedTuple):
    """The columns of a locked facility that its callers decide on."""

    id: int
    status: str
    country: str | None
    created_at: datetime
    reported_closed_until: datetime | None


def lock(session: Session, facility_id: int) -> LockedFacility | None:
    """Lock a facility, hidden or not. Return None if it does not exist."""
    locked = lock_all(session, [facility_id])
    return locked[0] if locked else None


def lock_visible(session: Session, facility_id: int) -> LockedFacility:
    """Lock a facility that everybody can see.

    Raises:
        FacilityNotFound: the facility does not exist or is hidden.
    """
    facility = lock(session, facility_id)
    if facility is None or facility.status == "hidden":
        raise FacilityNotFound(facility_id)
    return facility


def lock_all(session: Session, facility_ids: Collection[int]) -> list[LockedFacility]:
    """Lock facilities in the order of their ids, so that no two transactions wait for each other."""
    columns = [getattr(Facility, name) for name in LockedFacility._fields]
    rows = session.execute(
        select(*columns).where(Facility.id.in_(facility_ids)).order_by(Facility.id).with_for_update(key_share=True)
    )
    return [LockedFacility(*row) for row in rows]
