"""Full views of targets for staff, including hidden content."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, select

from geo.crowd import proposals, trust
from geo.crowd.models import Device, Rating, RatingExclusion, Report
from geo.database import Session
from geo.errors import FacilityNotFound, RecordNotFound
from geo.facilities.models import Facility

RATINGS_SHOWN = 100
"""Number of the newest ratings shown: more than anybody reads for one decision."""


def content(session: Session, kind: str, target_id: int) -> dict[str, Any] | None:
    """Return the content of a queue item's target; None if it no longer exists."""
    if kind == "comment":
        rows = _ratings(session, Rating.id == target_id)
        return dict(rows[0]) if rows else None
    try:
        return dict(proposals.one(session, target_id)) if kind == "proposal" else facility(session, target_id)
    except (RecordNotFound, FacilityNotFound):
        return None


def reports_of(session: Session, kind: str, target_id: int) -> Sequence[RowMapping]:
    """Return the reports about a target, newest first, with the handles of the reporters."""
    columns = (Report.id, Report.reason, Report.note, Report.weight, Report.created_at, Report.outcome)
    statement = (
        select(*columns, Device.handle)
        .join(Device, Device.id == Report.device_id)
        .where(Report.target == kind, Report.target_id == target_id)
        .order_by(Report.id.desc())
    )
    return session.execute(statement).mappings().all()


def facility(session: Session, facility_id: int) -> dict[str, Any]:
    """Return a facility with any status, its newest ratings and all their texts.

    Raises:
        FacilityNotFound: there is no facility with that id.
    """
    hidden = {"location", "open_during", "unknown_during"}
    columns = [column for column in Facility.__table__.columns if column.name not in hidden]
    position = (func.ST_X(Facility.location).label("lon"), func.ST_Y(Facility.location).label("lat"))
    row = session.execute(select(*columns, *position).where(Facility.id == facility_id)).mappings().one_or_none()
    if row is None:
        raise FacilityNotFound(facility_id)
    exclusions = select(
        RatingExclusion.decision_id,
        func.lower(RatingExclusion.during).label("from"),
        func.upper(RatingExclusion.during).label("until"),
        RatingExclusion.lifted_at,
    ).where(RatingExclusion.facility_id == facility_id)
    return {
        "facility": dict(row),
        "ratings": [dict(rating) for rating in _ratings(session, Rating.facility_id == facility_id)],
        "exclusions": [dict(exclusion) for exclusion in session.execute(exclusions).mappings()],
    }


def device(session: Session, handle: UUID) -> dict[str, Any]:
    """Return a device and its ratings.

    Raises:
        RecordNotFound: there is no device with that handle.
    """
    columns = (Device.id, Device.handle, Device.created_at, Device.expires_at, Device.suspended_at)
    row = session.execute(select(*columns).where(Device.handle == handle)).mappings().one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no device {handle}", "handle")
    shown = {name: value for name, value in row.items() if name != "id"}
    return {**shown, "ratings": [dict(rating) for rating in _ratings(session, Rating.device_id == row["id"])]}


def _ratings(session: Session, *where: Any) -> Sequence[RowMapping]:
    weighed = trust.weighed_ratings()
    columns = (
        *(Rating.id, Rating.facility_id, Rating.stars, Rating.comment, Rating.comment_state, Rating.comment_approved),
        *(Rating.observed, Rating.rated_at, weighed.c.weight, Rating.weight_age, Rating.weight_track),
        *(Rating.weight_presence, weighed.c.weight_rush, Rating.presence, Rating.origin, Rating.trusted, Rating.demo),
    )
    statement = (
        select(*columns, Device.handle)
        .join(Device, Device.id == Rating.device_id)
        .join(weighed, weighed.c.rating_id == Rating.id)
        .where(*where)
        .order_by(Rating.rated_at.desc(), Rating.id.desc())
        .limit(RATINGS_SHOWN)
    )
    return session.execute(statement).mappings().all()
