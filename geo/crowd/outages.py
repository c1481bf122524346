"""Places that visitors report out of order, such as after a burst pipe: shown and ranked last for a day.

Every function that changes something requires a write session that has locked the facility's row.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from geo.casework import queue
from geo.casework.decisions import REVERT, DecisionRecord, RecordedAction, is_effective, record
from geo.casework.models import Decision
from geo.casework.statements import PLACE_DEMOTED, Grounds, reported
from geo.crowd import agreement, open_reports
from geo.crowd.models import Rating, RatingExclusion, Report
from geo.database import Session
from geo.facilities import merged
from geo.facilities.locks import LockedFacility
from geo.facilities.models import Facility

REPORT_OUT_OF_ORDER = RecordedAction("report_out_of_order", PLACE_DEMOTED)

REASON = "out_of_order"

LIFETIME = timedelta(hours=24)
"""How long such a report counts: most faults are repaired within a day, and one that is not is reported again."""

WEIGHT_TO_ACT = 1.0
"""Minimum total weight: one device with a record. The effect is short, and two visitors end it."""

VISITORS_TO_END = 2
"""Later visitors who end it: one may have rated without having noticed the fault."""


def has_expired(as_of: datetime) -> ColumnElement[bool]:
    """Return the condition that a report is of this kind and no longer counts."""
    return (Report.reason == REASON) & (Report.created_at <= as_of - LIFETIME)


def expire(session: Session, facility_id: int, as_of: datetime) -> None:
    """Close a place's reports that no longer count, so that their devices can report it again."""
    queue.lock(session, "facility", facility_id)  # the item before its reports: the lock order of decisions
    open_reports.close(session, "facility", facility_id, "expired", as_of, has_expired(as_of))


def show_if_agreed(session: Session, facility_id: int, item_id: int, as_of: datetime) -> None:
    """Show a place as out of order for as long as the reports of the last day have enough weight."""
    enough_since = agreement.enough_since(
        session, facility_id, REASON, as_of, since=as_of - LIFETIME, weight=WEIGHT_TO_ACT
    )
    if enough_since is None:
        return
    facility = session.execute(
        select(Facility.out_of_order_until, Facility.created_at).where(Facility.id == facility_id)
    ).one()
    until = enough_since + LIFETIME
    _set_until(session, facility_id, until, as_of)
    if facility.out_of_order_until is not None and facility.out_of_order_until > as_of:
        return
    networks = agreement.of_reports(session, "facility", facility_id, as_of, since=as_of - LIFETIME, reason=REASON)
    record(
        session,
        DecisionRecord(
            action=REPORT_OUT_OF_ORDER,
            target="facility",
            target_id=facility_id,
            grounds=Grounds(
                REASON,
                facility.created_at.date(),
                reported(networks.networks),
                ends_on=until.date(),
                source="SOURCE_TYPE_OTHER_NOTIFICATION",
            ),
            queue_item_id=item_id,
            before={"state": "in_order"},
        ),
        as_of,
    )


def end_if_visited(session: Session, facility: LockedFacility, as_of: datetime) -> None:
    """End it if enough devices that did not report it have rated the place after the reports."""
    until = facility.out_of_order_until
    if until is None or until <= as_of:
        return
    reporters = select(Report.device_id).where(open_reports.about("facility", facility.id), Report.reason == REASON)
    is_excluded = select(RatingExclusion).where(
        RatingExclusion.facility_id == Rating.facility_id,
        RatingExclusion.lifted_at.is_(None),
        RatingExclusion.during.contains(Rating.rated_at),
    )
    visitors = select(func.count()).where(
        *(Rating.facility_id == facility.id, Rating.rated_at > until - LIFETIME),
        *(Rating.device_id.not_in(reporters), ~is_excluded.exists()),
    )
    if session.execute(visitors).scalar_one() < VISITORS_TO_END:
        return
    end(session, facility.id, "moot", as_of)
    shown = session.execute(
        select(Decision.id, Decision.subject)
        .where(
            *(Decision.target == "facility", Decision.target_id.in_(merged.parts_of([facility.id]))),
            *(Decision.action == REPORT_OUT_OF_ORDER.name, is_effective()),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if shown is not None:
        record(
            session,
            DecisionRecord(
                action=REVERT,
                target="facility",
                target_id=facility.id,
                grounds=Grounds("visited", facility.created_at.date()),
                subject=shown.subject,
                reverts=shown.id,
            ),
            as_of,
        )


def end(session: Session, facility_id: int, outcome: str, as_of: datetime) -> None:
    """Show a place as usual, close these reports of it, and its queue item if no other report is open."""
    _set_until(session, facility_id, None, as_of)
    if not open_reports.exist(session, "facility", facility_id, Report.reason != REASON):
        queue.end(session, "facility", facility_id, "moot", as_of)
    open_reports.close(session, "facility", facility_id, outcome, as_of, Report.reason == REASON)


def settle_without_reports(session: Session, facility_id: int, as_of: datetime) -> None:
    """Show a place as usual if it has no such report any more, because devices were erased or a place was split."""
    if not open_reports.exist(session, "facility", facility_id, Report.reason == REASON):
        _set_until(session, facility_id, None, as_of)


def _set_until(session: Session, facility_id: int, until: datetime | None, as_of: datetime) -> None:
    facility = (Facility.id == facility_id) & Facility.out_of_order_until.is_distinct_from(until)
    session.execute(update(Facility).where(facility).values(out_of_order_until=until, updated_at=as_of))
