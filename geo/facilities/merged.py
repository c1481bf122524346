"""Places that were merged: which place a row is part of, and which rows are part of a place."""

from collections.abc import Collection
from typing import NoReturn

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from geo.database import Session
from geo.errors import FacilityMerged, FacilityNotFound
from geo.facilities.models import PUBLIC_STATUSES, Facility


def place_of(session: Session, facility_id: int) -> int:
    """Return the id of the place that a facility was merged into; its own id if it was not, or does not exist."""
    here = select(Facility.id, Facility.merged_into).where(Facility.id == facility_id).cte("above", recursive=True)
    above = aliased(Facility)
    here = here.union_all(select(above.id, above.merged_into).where(above.id == here.c.merged_into))
    place: int | None = session.execute(select(here.c.id).where(here.c.merged_into.is_(None))).scalar_one_or_none()
    return facility_id if place is None else place


def parts_of(place_ids: Collection[int]) -> Select[int]:
    """Return a statement that selects the ids of places and of every row that is part of them."""
    parts = select(Facility.id).where(Facility.id.in_(place_ids)).cte("part", recursive=True)
    below = aliased(Facility)
    parts = parts.union_all(select(below.id).where(below.merged_into == parts.c.id))
    return select(parts.c.id)


def refuse_unseen(session: Session, facility_id: int) -> NoReturn:
    """Raise the error for an id that is not the id of a place that everybody can see.

    Raises:
        FacilityMerged: the facility was merged into another one.
        FacilityNotFound: the facility or the place that it is part of does not exist or is hidden.
    """
    place_id = place_of(session, facility_id)
    status_of = select(Facility.id, Facility.status).where(Facility.id.in_((facility_id, place_id)))
    status = {row.id: row.status for row in session.execute(status_of)}
    if status.get(facility_id) == "merged" and status[place_id] in PUBLIC_STATUSES:
        raise FacilityMerged(facility_id, place_id)
    raise FacilityNotFound(facility_id)
