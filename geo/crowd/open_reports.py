"""The open reports about a target: those that neither staff, nor a change of the target, nor time has closed."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, select, update

from geo.crowd.models import Report
from geo.database import Session


def about(target: str, target_id: int) -> ColumnElement[bool]:
    """Return the condition that a report is open and about a target."""
    return and_(Report.target == target, Report.target_id == target_id, Report.closed_at.is_(None))


def exist(session: Session, target: str, target_id: int, *conditions: ColumnElement[bool]) -> bool:
    """Return whether a target has an open report that meets the conditions."""
    return session.execute(select(exists().where(about(target, target_id), *conditions))).scalar_one()


def close(
    session: Session, target: str, target_id: int, outcome: str, as_of: datetime, *conditions: ColumnElement[bool]
) -> int:
    """Close the open reports about a target that meet the conditions. Return their number.

    Args:
        session: a write session; where the target's queue item is closed too, it is closed first.
        target: kind of the target.
        target_id: its id.
        outcome: ``upheld``, ``dismissed``, ``moot`` or ``expired``.
        as_of: now.
        conditions: on columns of Report. Default: all open reports.
    """
    statement = update(Report).where(about(target, target_id), *conditions)
    closed = session.execute(statement.values(closed_at=as_of, outcome=outcome).returning(Report.id))
    return len(closed.all())
