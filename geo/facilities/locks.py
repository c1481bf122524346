"""Locks facilities' rows until the end of the transaction, so that changes to one facility follow each other.

The lock is FOR NO KEY UPDATE: it excludes other changes of the row, but not the insertion of rows that reference it.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from geo.database import Session
from geo.facilities import merged
from geo.facilities.models import PUBLIC_STATUSES, Facility


class LockedFacility(NamedTuple):
    """The columns of a locked facility that its callers decide on."""

    id: int
    status: str
    country: str | None
    created_at: datetime
    reported_closed_until: datetime | None
    out_of_order_until: datetime | None
    rush_until: datetime | None


def lock(session: Session, facility_id: int) -> LockedFacility | None:
    """Lock a facility, hidden or not. Return None if it does not exist."""
    locked = lock_all(session, [facility_id])
    return locked[0] if locked else None


def lock_visible(session: Session, facility_id: int) -> LockedFacility:
    """Lock a facility that everybody can see.

    Raises:
        FacilityMerged: the facility was merged into another one.
        FacilityNotFound: the facility does not exist or is hidden.
    """
    facility = lock(session, facility_id)
    if facility is None or facility.status not in PUBLIC_STATUSES:
        merged.refuse_unseen(session, facility_id)
    return facility


def lock_all(session: Session, facility_ids: Collection[int]) -> list[LockedFacility]:
    """Lock facilities in the order of their ids, so that no two transactions wait for each other."""
    columns = [getattr(Facility, name) for name in LockedFacility._fields]
    rows = session.execute(
        select(*columns).where(Facility.id.in_(facility_ids)).order_by(Facility.id).with_for_update(key_share=True)
    )
    return [LockedFacility(*row) for row in rows]


def lock_current(session: Session, read: Callable[[], Collection[int]]) -> list[LockedFacility]:
    """Lock the facilities that a read returns, also if a concurrent merge or split changes which ones these are.

    Args:
        session: a write session.
        read: returns ids of facilities; it is called again after they are locked.
    """
    facility_ids = read()
    while True:
        locked = lock_all(session, facility_ids)
        now = read()
        if set(now) <= set(facility_ids):
            return locked
        facility_ids = now
