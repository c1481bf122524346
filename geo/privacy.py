"""Export and erasure of all data stored about a device."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, union

from geo.casework import audit, decisions, queue
from geo.crowd import closures, comments, proposals, rate_bombs, ratings, trust
from geo.crowd.devices import KnownDevice
from geo.crowd.models import Device, PastRating, Proposal, Rating, Report
from geo.database import Session
from geo.facilities import locks
from geo.moderation import appeals
from geo.moderation.models import Appeal

_NOT_EXPORTED = {"device_id", "network"}
"""Columns that an export omits: an internal key, and a hash without meaning outside the database."""


def overview(session: Session, device: KnownDevice) -> dict[str, Any]:
    """Return how many rows are stored about a device."""
    tables: dict[str, Any] = {"ratings": Rating, "past_ratings": PastRating, "reports": Report, "proposals": Proposal}
    counts = {
        name: session.execute(
            select(func.count()).select_from(table).where(table.device_id == device.device_id)
        ).scalar_one()
        for name, table in (tables | {"appeals": Appeal}).items()
    }
    return {
        "handle": str(device.handle),
        "registered_at": device.registered_at,
        "expires_at": device.expires_at,
        "suspended_at": device.suspended_at,
        "stored": counts,
    }


def export(session: Session, device: KnownDevice) -> dict[str, Any]:
    """Return all data stored about a device, by table."""
    own = {"ratings": Rating, "past_ratings": PastRating, "reports": Report}
    return {
        "device": overview(session, device),
        **{name: _rows(session, table, device.device_id) for name, table in own.items()},
        "proposals": [dict(row) for row in proposals.of_device(session, device.device_id)],
        "decisions": [dict(row) for row in decisions.of_device(session, device.device_id, device.handle)],
        "appeals": [dict(row) for row in appeals.of_device(session, device.device_id)],
    }


def erase(session: Session, device_id: int, as_of: datetime) -> None:
    """Erase a device and all its content, and recompute the sums of the facilities that it rated.

    Decisions about its content are kept under its handle, which is then anonymous.
    """
    # Lock the device first, as every write does: a concurrent rating finishes before, or fails.
    session.execute(select(Device.id).where(Device.id == device_id).with_for_update())
    rated = select(Rating.facility_id, Rating.id).where(Rating.device_id == device_id).order_by(Rating.facility_id)
    reports = (
        select(Report.target_id)
        .where(Report.device_id == device_id, Report.target == "facility", Report.closed_at.is_(None))
        .distinct()
        .order_by(Report.target_id)
    )
    locks.lock_current(
        session, lambda: session.execute(union(rated.with_only_columns(Rating.facility_id), reports)).scalars().all()
    )
    rows, reported = session.execute(rated).all(), session.execute(reports).scalars().all()
    facility_ids = [row.facility_id for row in rows]
    for row in rows:
        comments.forget_text(session, row.id, as_of)
    proposed = select(Proposal.id).where(Proposal.device_id == device_id, Proposal.state == "pending")
    for proposal_id in session.execute(proposed).scalars():
        queue.end(session, "proposal", proposal_id, "moot", as_of)
    session.execute(delete(Device).where(Device.id == device_id))
    for facility_id in facility_ids:
        trust.weigh_presence(session, facility_id, as_of)
    ratings.recompute(session, facility_ids)
    for facility_id in facility_ids:
        rate_bombs.watch(session, facility_id, as_of)
    for facility_id in reported:
        closures.settle_without_reports(session, facility_id, as_of)
    audit.append(session, "device", "device erased", {}, as_of)


def _rows(session: Session, table: Any, device_id: int) -> list[Mapping[str, Any]]:
    columns = [column for column in table.__table__.columns if column.name not in _NOT_EXPORTED]
    statement = select(*columns).where(table.device_id == device_id).order_by(table.id)
    return [dict(row) for row in session.execute(statement).mappings()]
