"""Automatic closure of places that visitors report as closed, and their reopening.

Every function requires a write session that has locked the facility's row.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select, text, update

from geo.casework import audit, queue
from geo.casework.decisions import REVERT, DecisionRecord, RecordedAction, record, stands
from geo.casework.models import Decision
from geo.casework.statements import PLACE_DEMOTED, Grounds, reported_closed
from geo.crowd import agreement
from geo.crowd.models import Report
from geo.database import Session
from geo.facilities.models import Facility

REPORT_CLOSED = RecordedAction("report_closed", PLACE_DEMOTED)

REPORTED_CLOSED_LIFETIME = timedelta(days=30)
"""How long a place stays reported closed unless staff decide: a month, the fast half-life of ratings."""


def close_if_agreed(session: Session, facility_id: int, item_id: int, as_of: datetime) -> None:
    """Set an active place to ``reported_closed`` if enough visitors report it and nobody else has rated it since."""
    facility = session.execute(select(Facility.status, Facility.created_at).where(Facility.id == facility_id)).one()
    if facility.status != "active":
        return
    alive_at = session.execute(_LAST_SIGN_OF_LIFE, {"facility_id": facility_id}).scalar_one()
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
        .join(Facility, Facility.id == Decision.thing_id)
        .where(
            *(Decision.thing == "facility", Decision.thing_id == facility_id, Decision.action == REPORT_CLOSED.name),
            *(Facility.status == "reported_closed", stands()),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()
    if closure is None:
        return
    reported = agreement.of_reports(session, "facility", facility_id, as_of, reason="closed").weight
    needed = max(agreement.WEIGHT_TO_ACT, closure.before.get("weight", 0), reported)
    visits = {"facility_id": facility_id, "since": closure.decided_at}
    if round(session.execute(_VISITED, visits).scalar_one(), agreement.WEIGHT_DECIMALS) < needed:
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
    if not _is_reported(session, facility_id, Report.reason != "closed"):
        queue.end(session, "facility", facility_id, "moot", as_of)
    session.execute(
        update(Report)
        .where(_open_reports(facility_id), Report.reason == "closed")
        .values(closed_at=as_of, outcome=outcome)
    )


def settle_without_reports(session: Session, facility_id: int, as_of: datetime) -> None:
    """Undo the effects of reports of a place that no longer exist because their devices were erased."""
    if not _is_reported(session, facility_id):
        queue.end(session, "facility", facility_id, "moot", as_of)
    status = session.execute(select(Facility.status).where(Facility.id == facility_id)).scalar_one_or_none()
    if status == "reported_closed" and not _is_reported(session, facility_id, Report.reason == "closed"):
        reopen(session, facility_id, "moot", as_of)
        audit.append(session, "automatic", "reported_closed withdrawn", {"facility_id": facility_id}, as_of)


def _open_reports(facility_id: int) -> ColumnElement[bool]:
    return and_(Report.thing == "facility", Report.thing_id == facility_id, Report.closed_at.is_(None))


def _is_reported(session: Session, facility_id: int, *which: ColumnElement[bool]) -> bool:
    return session.execute(select(exists().where(_open_reports(facility_id), *which))).scalar_one()


_REPORTERS = """
    SELECT device_id FROM report
    WHERE thing = 'facility' AND thing_id = :facility_id AND reason = 'closed' AND closed_at IS NULL
"""

_LAST_SIGN_OF_LIFE = text(
    f"SELECT max(rated_at) FROM rating WHERE facility_id = :facility_id AND device_id NOT IN ({_REPORTERS})"  # noqa: S608 - a constant
)
"""The latest rating by a device that has not reported the place closed."""

# Network hashes are deleted after a week; older ratings count together as one network.
_VISITED = text(
    f"""
    SELECT coalesce(sum(weight), 0)
    FROM (SELECT max(weight_age * weight_presence) AS weight FROM rating
          WHERE facility_id = :facility_id AND rated_at >= :since AND device_id NOT IN ({_REPORTERS})
            AND NOT EXISTS (SELECT FROM rating_exclusion AS excluded
                            WHERE excluded.facility_id = rating.facility_id AND excluded.lifted_at IS NULL
                              AND excluded.during @> rating.rated_at)
          GROUP BY network) AS by_network
    """  # noqa: S608 - a constant
)
"""The weight of the ratings since, where each network counts with its heaviest one, as for reports."""
