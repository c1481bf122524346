"""Decisions: written once, with a statement of reasons and an audit entry; read by staff and by those concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, exists, func, insert, or_, select
from sqlalchemy.orm import aliased

from geo.crowd.models import Rating, RatingExclusion
from geo.database import Session
from geo.errors import ThingNotFound
from geo.moderation import audit
from geo.moderation.models import Decision
from geo.moderation.statements import RESTRICTIONS, Source, statement


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is decided, before it is written down.

    Attributes:
        action: of ACTIONS.
        thing, thing_id: on what; a device has no id here, only its handle.
        reason: of REASONS.
        facts: what it rests on, with nothing of a person in it.
        content_date: when the content was made.
        subject: handle of the device whose content it is, None where nobody is known.
        staff_id: who decides, None where nobody does.
        queue_item_id: the item that it settles.
        reverts: the decision that it takes back.
        note: a sentence to the author, in the words of who decides.
        before: what a revert restores.
        ends_on: when the restriction ends by itself.
        source: what made us look.
        detected_automatically: nobody reported it, a program found it.
    """

    action: str
    thing: str
    thing_id: int | None
    reason: str
    facts: str
    content_date: date
    subject: UUID | None = None
    staff_id: int | None = None
    queue_item_id: int | None = None
    reverts: int | None = None
    note: str | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    ends_on: date | None = None
    source: Source = "SOURCE_VOLUNTARY"
    detected_automatically: bool = False


def record(session: Session, ruling: Ruling, as_of: datetime) -> int:
    """Write a decision down, and tell the audit chain. Returns its id.

    It waits for whoever else writes to the chain, so that it comes after all row locks of the transaction.
    """
    fields = ("action", "thing", "thing_id", "subject", "staff_id", "queue_item_id", "reverts", "reason", "note")
    decision_id = session.execute(
        insert(Decision)
        .values(
            decided_at=as_of,
            before=dict(ruling.before),
            **{name: getattr(ruling, name) for name in fields},
            **statement(
                ruling.action,
                ruling.reason,
                facts=ruling.facts,
                content_date=ruling.content_date,
                today=as_of.date(),
                ends_on=ruling.ends_on,
                source=ruling.source,
                automated=ruling.staff_id is None,
                detected_automatically=ruling.detected_automatically,
            ),
        )
        .returning(Decision.id)
    ).scalar_one()
    details = {"decision_id": decision_id, "decision_digest": audit.decision_digest(session, decision_id)}
    actor = "automatic" if ruling.staff_id is None else f"staff:{ruling.staff_id}"
    audit.append(session, actor, f"decision: {ruling.action}", details, as_of)
    return decision_id


def page(session: Session, limit: int, before: int | None = None) -> Sequence[RowMapping]:
    """Decisions, newest first; only those before the given id."""
    older = [] if before is None else [Decision.id < before]
    return _read(session, *older, limit=limit)


def one(session: Session, decision_id: int) -> RowMapping:
    """A decision.

    Raises:
        ThingNotFound: there is none of that id.
    """
    found = _read(session, Decision.id == decision_id)
    if not found:
        raise ThingNotFound(f"there is no decision {decision_id}", "decision_id")
    return found[0]


def of_device(session: Session, device_id: int, handle: UUID, puid: UUID | None = None) -> Sequence[RowMapping]:
    """The decisions that concern a device, newest first: on its content, itself, or ratings of its among others.

    Args:
        session: any session.
        device_id: the device.
        handle: its handle.
        puid: only the decision of this public id.
    """
    excludes_its_rating = exists().where(
        RatingExclusion.decision_id == Decision.id,
        Rating.facility_id == RatingExclusion.facility_id,
        Rating.device_id == device_id,
        RatingExclusion.during.op("@>")(Rating.rated_at),
    )
    only = [] if puid is None else [Decision.puid == puid]
    return _read(session, or_(Decision.subject == handle, excludes_its_rating), *only)


def is_restriction(decision: Mapping[str, Any]) -> bool:
    """Whether it restricts somebody's content or account."""
    return decision["action"] in RESTRICTIONS


def stands() -> ColumnElement[bool]:
    """The condition that a decision is not reverted."""
    reverting = aliased(Decision)
    return ~exists().where(reverting.reverts == Decision.id)


def _read(session: Session, *where: Any, limit: int | None = None) -> Sequence[RowMapping]:
    reverting = aliased(Decision)
    reverted_at = (
        select(func.min(reverting.decided_at)).where(reverting.reverts == Decision.id).correlate(Decision)
    ).scalar_subquery()
    statement = select(*Decision.__table__.columns, reverted_at.label("reverted_at"))
    return session.execute(statement.where(*where).order_by(Decision.id.desc()).limit(limit)).mappings().all()
