"""Daily maintenance: deletes expired data and closes expired reports. Safe to repeat and to run concurrently."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, text, update

from geo.casework import audit, queue
from geo.casework.models import QueueItem
from geo.crowd import closures, open_reports, outages, rate_bombs
from geo.crowd.models import Device, PastRating, Proposal, Rating, Report
from geo.crowd.networks import NETWORK_LIFETIME
from geo.database import Session
from geo.facilities import locks
from geo.facilities.models import Facility
from geo.limits import gcra
from geo.moderation.models import Appeal

REPORT_LIFETIME = timedelta(days=180)
"""Age at which an unreviewed report expires."""

MAINTENANCE_LOCK = 0x6265666D
"""Key of the advisory lock that lets one maintenance run at a time ("befm" in ASCII)."""


@dataclass(frozen=True, slots=True)
class Purged:
    """The number of rows that each step changed."""

    networks: int
    devices: int
    claims: int
    reports: int
    limits: int


def purge(session: Session, as_of: datetime) -> Purged | None:
    """Delete old network hashes, expired devices without content and past limits; close expired claims and reports.

    Return None if another maintenance run is active.
    """
    if not session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": MAINTENANCE_LOCK}).scalar_one():
        return None
    return Purged(
        networks=_purge_networks(session, as_of),
        devices=_purge_devices(session, as_of),
        claims=_changed(
            session,
            update(QueueItem)
            .where(QueueItem.claimed_until <= as_of)
            .values(claimed_by=None, claimed_until=None, version=QueueItem.version + 1),
        ),
        reports=_expire_reports(session, as_of),
        limits=gcra.forget_past(session, as_of),
    )


def closures_to_end(session: Session, as_of: datetime) -> list[int]:
    """Return the facilities whose status ``reported_closed`` has expired."""
    due = Facility.status == "reported_closed", Facility.reported_closed_until <= as_of
    return list(session.execute(select(Facility.id).where(*due).order_by(Facility.id)).scalars())


def end_closure(session: Session, facility_id: int, as_of: datetime) -> None:
    """Set a facility active again if nobody confirmed in time that it is closed."""
    facility = locks.lock(session, facility_id)
    if facility is None or facility.status != "reported_closed":
        return
    if facility.reported_closed_until is None or facility.reported_closed_until > as_of:
        return
    closures.reopen(session, facility_id, "expired", as_of)
    audit.append(session, "automatic", "reported_closed expired", {"facility_id": facility_id}, as_of)


def check_alarm(session: Session, facility_id: int, as_of: datetime) -> None:
    """Close the alarm of a facility if the ratings of its last week no longer give one."""
    facility = locks.lock(session, facility_id)
    if facility is not None and facility.rush_until is not None:
        rate_bombs.watch(session, facility_id, as_of)


def _purge_networks(session: Session, as_of: datetime) -> int:
    since = as_of - NETWORK_LIFETIME
    return sum(
        _changed(session, update(table).where(table.network.is_not(None), moment <= since).values(network=None))
        for table, moment in ((Rating, Rating.rated_at), (Report, Report.created_at))
    )


def _purge_devices(session: Session, as_of: datetime) -> int:
    """Delete devices whose token has expired and that have no content. Devices with ratings are kept."""
    has_content = [
        exists().where(table.device_id == Device.id) for table in (Rating, PastRating, Report, Proposal, Appeal)
    ]
    return _changed(session, delete(Device).where(Device.expires_at <= as_of, *(~content for content in has_content)))


def _expire_reports(session: Session, as_of: datetime) -> int:
    expired = session.execute(
        select(Report.target, Report.target_id).where(Report.closed_at.is_(None), _has_expired(as_of)).distinct()
    )
    return sum(_expire_reports_of(session, target, target_id, as_of) for target, target_id in expired.all())


def _expire_reports_of(session: Session, target: str, target_id: int, as_of: datetime) -> int:
    """Expire the old reports about a target, and close its queue item if no other report is open."""
    # The item before its reports: the lock order of decisions.
    queue.lock(session, target, target_id)
    count = open_reports.close(session, target, target_id, "expired", as_of, _has_expired(as_of))
    if target == "facility" and not open_reports.exist(session, target, target_id):
        queue.end(session, target, target_id, "moot", as_of)
    return count


def _has_expired(as_of: datetime) -> ColumnElement[bool]:
    return (Report.created_at <= as_of - REPORT_LIFETIME) | outages.has_expired(as_of)


def _changed(session: Session, statement: object) -> int:
    result = session.execute(statement)  # type: ignore[call-overload]  # an update or a delete
    count: int = result.rowcount
    return count
