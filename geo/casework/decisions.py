"""Decisions: recorded with a statement of reasons and an audit entry, and never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, exists, func, insert, or_, select
from sqlalchemy.orm import aliased

from geo import paging
from geo.casework import audit
from geo.casework.models import Decision
from geo.casework.statements import Grounds, Restriction, statement
from geo.crowd.models import Rating, RatingExclusion
from geo.database import Session
from geo.errors import RecordNotFound
from geo.paging import Page


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """An action as recorded in decisions.

    Attributes:
        name: the value of the column ``action``.
        restriction: how it restricts content or an account, or None.
    """

    name: str
    restriction: Restriction | None = None


REVERT = RecordedAction("revert")
"""The action of a decision that reverts an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision to record.

    Attributes:
        action: the action.
        target, target_id: kind and id of its target; the id of a device is None, and ``subject`` identifies it.
        grounds: the grounds of the statement of reasons.
        subject: handle of the device whose content it concerns, or None if there is none.
        staff_id: the member of staff who decides; None for an automatic decision.
        queue_item_id: the queue item that it settles, or None.
        reverts: the decision that it reverts, or None.
        note: a sentence to the author by the member of staff, or None.
        before: the state that a revert restores.
    """

    action: RecordedAction
    target: str
    target_id: int | None
    grounds: Grounds
    subject: UUID | None = None
    staff_id: int | None = None
    queue_item_id: int | None = None
    reverts: int | None = None
    note: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


def record(session: Session, made: DecisionRecord, as_of: datetime) -> int:
    """Insert a decision and append it to the audit chain. Return its id.

    Call it after all row locks of the transaction: it waits for other writers of the chain.
    """
    automated = made.staff_id is None
    same_names = ("subject", "staff_id", "queue_item_id", "reverts", "note")
    decision_id = session.execute(
        insert(Decision)
        .values(
            decided_at=as_of,
            action=made.action.name,
            target=made.target,
            target_id=made.target_id,
            reason=made.grounds.reason,
            before=dict(made.before),
            **{name: getattr(made, name) for name in same_names},
            **statement(made.action.restriction, made.grounds, as_of.date(), automated=automated),
        )
        .returning(Decision.id)
    ).scalar_one()
    details = {"decision_id": decision_id, "decision_digest": audit.decision_digest(session, decision_id)}
    actor = "automatic" if automated else f"staff:{made.staff_id}"
    audit.append(session, actor, f"decision: {made.action.name}", details, as_of)
    return decision_id


def page(session: Session, limit: int, before: int | None = None) -> Page[RowMapping]:
    """Return a page of decisions, newest first; only those before the given id."""
    older = [] if before is None else [Decision.id < before]
    return paging.read(session, _select(*older), limit)


def one(session: Session, decision_id: int) -> RowMapping:
    """Return a decision.

    Raises:
        RecordNotFound: there is no decision with that id.
    """
    found = session.execute(_select(Decision.id == decision_id)).mappings().one_or_none()
    if found is None:
        raise RecordNotFound(f"there is no decision {decision_id}", "decision_id")
    return found


def of_device(session: Session, device_id: int, handle: UUID, puid: UUID | None = None) -> Sequence[RowMapping]:
    """Return the decisions about a device, its content or a time window with a rating of it, newest first.

    Args:
        session: any session.
        device_id: the device.
        handle: its handle.
        puid: only the decision with this public id.
    """
    excludes_its_rating = exists().where(
        RatingExclusion.decision_id == Decision.id,
        RatingExclusion.facility_id.in_((Rating.facility_id, Rating.moved_from)),
        Rating.device_id == device_id,
        RatingExclusion.during.op("@>")(Rating.rated_at),
    )
    only = [] if puid is None else [Decision.puid == puid]
    statement = _select(or_(Decision.subject == handle, excludes_its_rating), *only)
    return session.execute(statement).mappings().all()


def is_restriction(decision: Mapping[str, Any]) -> bool:
    """Return whether a decision restricts content or an account."""
    return decision["decision_ground"] is not None


def is_effective() -> ColumnElement[bool]:
    """Return the condition that a decision is not reverted."""
    reverting = aliased(Decision)
    return ~exists().where(reverting.reverts == Decision.id)


def _select(*where: ColumnElement[bool]) -> Select[Any]:
    """Select decisions, newest first, with the time of their reverts."""
    reverting = aliased(Decision)
    reverted_at = (
        select(func.min(reverting.decided_at)).where(reverting.reverts == Decision.id).correlate(Decision)
    ).scalar_subquery()
    statement = select(*Decision.__table__.columns, reverted_at.label("reverted_at"))
    return statement.where(*where).order_by(Decision.id.desc())
