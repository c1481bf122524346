"""Automatic closure of places that visitors report as closed, and their reopening.

Every function requires a write session that has locked the facility's row.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, true, update

from geo.casework import audit, queue
from geo.casework.decisions import REVERT, DecisionRecord, RecordedAction, is_effective, record
from geo.casework.models import Decision
from geo.casework.statements import PLACE_DEMOTED, Grounds, reported_closed
from geo.crowd import agreement, open_reports, outages
from geo.crowd.models import Rating, Report
from geo.database import Session
from geo.facilities import merged
from geo.facilities.models import Facility

REPORT_CLOSED = RecordedAction("report_closed", PLACE_DEMOTED)

REPORTED_CLOSED_LIFETIME = timedelta(days=30)
"""How long a place stays reported closed unless staff decide: a month, the fast half-life of ratings."""


def close_if_agreed(session: Session, facility_id: int, item_id: int, as_of: datetime) -> None:
    """Set an active place to ``reported_closed`` if enough visitors report it and nobody else has rated it since."""
    facility = session.execute(select(Facility.status, Facility.created_at).where(Facility.id == facility_id)).one()
    if facility.status != "active":
        return
    alive_at = _last_sign_of_life(session, facility_id)
    agreed = agreement.of_reports(session, "facility", facility_id, as_of, since=alive_at, reason="closed")
    if not agreed.is_enough:
        return
    until = as_of + REPORTED_CLOSED_LIFETIME
    session.execute(
        update(Facility)
        .where(Facility.id == facility_id)
        .values(status="reported_closed", reported_closed_until=until, updated_at=as_of)
    )
    record(
        session,
        DecisionRecord(
            action=REPORT_CLOSED,
            target="facility",
            target_id=facility_id,
            grounds=Grounds(
                "closed",
                facility.created_at.date(),
                reported_closed(agreed.networks),
                ends_on=until.date(),
                source="SOURCE_TYPE_OTHER_NOTIFICATION",
            ),
            queue_item_id=item_id,
            before={"state": "active", "weight": agreed.weight},
        ),
        as_of,
    )


def reopen_if_visited(session: Session, facility_id: int, as_of: datetime) -> None:
    """Reopen a place reported closed if later ratings by others have at least the weight of the reports."""
    closure = session.execute(
        select(Decision.id, Decision.decided_at, Decision.before, Decision.subject, Facility.created_at)
        .join(Facility, true())
        .where(
            *(Decision.target == "facility", Decision.target_id.in_(merged.parts_of([facility_id]))),
            *(Decision.action == REPORT_CLOSED.name, is_effective()),
            *(Facility.id == facility_id, Facility.status == "reported_closed"),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if closure is None:
        return
    reported = agreement.of_reports(session, "facility", facility_id, as_of, reason="closed").weight
    needed = max(agreement.WEIGHT_TO_ACT, closure.before.get("weight", 0), reported)
    if agreement.of_visits(session, facility_id, closure.decided_at) < needed:
        return
    reopen(session, facility_id, "moot", as_of)
    record(
        session,
        DecisionRecord(
            action=REVERT,
            target="facility",
            target_id=facility_id,
            grounds=Grounds("visited", closure.created_at.date()),
            subject=closure.subject,
            reverts=closure.id,
        ),
        as_of,
    )


def reopen(session: Session, facility_id: int, outcome: str, as_of: datetime) -> None:
    """Set a place active and close its reports of ``closed``, and its queue item if no other report is open."""
    session.execute(
        update(Facility)
        .where(Facility.id == facility_id)
        .values(status="active", reported_closed_until=None, updated_at=as_of)
    )
    # The item before its reports: the lock order of decisions.
    if not open_reports.exist(session, "facility", facility_id, Report.reason != "closed"):
        queue.end(session, "facility", facility_id, "moot", as_of)
    open_reports.close(session, "facility", facility_id, outcome, as_of, Report.reason == "closed")


def settle_without_reports(session: Session, facility_id: int, as_of: datetime) -> None:
    """Undo the effects of reports of a place that no longer exist because their devices were erased."""
    if not open_reports.exist(session, "facility", facility_id):
        queue.end(session, "facility", facility_id, "moot", as_of)
    status = session.execute(select(Facility.status).where(Facility.id == facility_id)).scalar_one_or_none()
    if status == "reported_closed" and not open_reports.exist(
        session, "facility", facility_id, Report.reason == "closed"
    ):
        reopen(session, facility_id, "moot", as_of)
        audit.append(session, "automatic", "reported_closed withdrawn", {"facility_id": facility_id}, as_of)
    outages.settle_without_reports(session, facility_id, as_of)


def _reporters(facility_id: int) -> Select[int]:
    """Return the devices that have reported the place closed."""
    return select(Report.device_id).where(open_reports.about("facility", facility_id), Report.reason == "closed")


def _last_sign_of_life(session: Session, facility_id: int) -> datetime | None:
    """Return the time of the latest rating by a device that has not reported the place closed."""
    return session.execute(
        select(func.max(Rating.rated_at)).where(
            Rating.facility_id == facility_id, Rating.device_id.not_in(_reporters(facility_id))
        )
    ).scalar_one()
