"""Appeals against decisions, which somebody other than the original decision maker answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo import paging
from geo.casework import audit, decisions
from geo.casework.staff import KnownStaff
from geo.crowd.devices import KnownDevice
from geo.database import Session
from geo.errors import Conflict, NotAllowed, OutOfDate, RecordNotFound
from geo.moderation.decide import Revert, lock_for_others, revert
from geo.moderation.models import Appeal
from geo.paging import Page

APPEAL_WITHIN = timedelta(days=184)
"""Six months at their longest, the minimum that the DSA requires (Regulation (EU) 2022/2065, article 20)."""


def appeal(session: Session, device: KnownDevice, puid: UUID, text: str, as_of: datetime) -> int:
    """Appeal against a decision. Return the appeal's id.

    Raises:
        RecordNotFound: there is no such decision, or it does not concern this device.
        Conflict: it is no restriction, is reverted or too old, or was appealed before.
    """
    found = decisions.of_device(session, device.device_id, device.handle, puid)
    if not found:
        raise RecordNotFound(f"there is no decision {puid}", "decision_id")
    decision = found[0]
    if not decisions.is_restriction(dict(decision)):
        raise Conflict("this decision restricts nothing")
    if decision["reverted_at"] is not None:
        raise Conflict("this decision is already reverted")
    if as_of - decision["decided_at"] > APPEAL_WITHIN:
        raise Conflict(f"a decision can be appealed within {APPEAL_WITHIN.days} days")
    values = {"decision_id": decision["id"], "device_id": device.device_id, "text": text, "created_at": as_of}
    appeal_id = session.execute(
        upsert(Appeal).values(**values).on_conflict_do_nothing().returning(Appeal.id)
    ).scalar_one_or_none()
    if appeal_id is None:
        raise Conflict("this decision is already appealed")
    audit.append(session, "device", "appeal", {"appeal_id": appeal_id}, as_of)
    return appeal_id


def page(session: Session, state: str, limit: int, after: int | None = None) -> Page[RowMapping]:
    """Return a page of the appeals in a state, oldest first; only those after the given id."""
    later = [] if after is None else [Appeal.id > after]
    shown = [column for column in Appeal.__table__.columns if column.name != "device_id"]
    return paging.read(session, select(*shown).where(Appeal.state == state, *later).order_by(Appeal.id), limit)


def of_device(session: Session, device_id: int) -> Sequence[RowMapping]:
    """Return a device's appeals, oldest first."""
    columns = (Appeal.decision_id, Appeal.text, Appeal.state, Appeal.created_at, Appeal.ended_at, Appeal.answer)
    return session.execute(select(*columns).where(Appeal.device_id == device_id).order_by(Appeal.id)).mappings().all()


def decide(  # noqa: PLR0913 - the member, the appeal in a version, its outcome, and when
    session: Session,
    member: KnownStaff,
    appeal_id: int,
    version: int,
    as_of: datetime,
    *,
    granted: bool,
    answer: str,
) -> None:
    """Answer an appeal. Granting it reverts the decision.

    Raises:
        RecordNotFound: there is no such appeal.
        Conflict: it is already answered.
        OutOfDate: it has changed since this version.
        NotAllowed: the member made the decision, or it concerns the member's own content.
    """
    decision_id = session.execute(select(Appeal.decision_id).where(Appeal.id == appeal_id)).scalar_one_or_none()
    if decision_id is None:
        raise RecordNotFound(f"there is no appeal {appeal_id}", "appeal_id")
    decision = dict(decisions.one(session, decision_id))
    if decision["staff_id"] == member.staff_id:
        raise NotAllowed("you cannot decide on an appeal against your own decision: leave it to a colleague")
    # The target before its appeal: the lock order of reverts.
    lock_for_others(session, member, decision)
    _lock(session, appeal_id, version)
    if granted:
        revert(session, member, Revert(decision_id, "appeal_granted"), as_of)
    state = "granted" if granted else "rejected"
    values = {"state": state, "ended_at": as_of, "staff_id": member.staff_id, "answer": answer}
    session.execute(update(Appeal).where(Appeal.id == appeal_id).values(**values, version=Appeal.version + 1))
    if granted:
        end_others(session, decision_id, as_of)
    audit.append(session, member.actor, f"appeal {state}", {"appeal_id": appeal_id}, as_of)


def end_others(session: Session, decision_id: int, as_of: datetime) -> None:
    """Close the open appeals against a decision that was reverted, as ``moot``."""
    session.execute(
        update(Appeal)
        .where(Appeal.decision_id == decision_id, Appeal.state == "open")
        .values(state="moot", ended_at=as_of, version=Appeal.version + 1)
    )


def _lock(session: Session, appeal_id: int, version: int) -> None:
    row = session.execute(select(Appeal.state, Appeal.version).where(Appeal.id == appeal_id).with_for_update()).one()
    if row.state != "open":
        raise Conflict(f"appeal {appeal_id} is already {row.state}")
    if row.version != version:
        raise OutOfDate(f"appeal {appeal_id} has changed and is now at version {row.version}: read it again")
