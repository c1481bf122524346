"""What a decision is about: a comment, a place, a proposal or a device, locked until the transaction ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select

from geo.crowd.models import Device, PastRating, Proposal, Rating
from geo.database import Session
from geo.errors import RecordNotFound
from geo.facilities import locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something to decide on, locked until the end of the transaction.

    Attributes:
        kind, id: as the columns ``target`` and ``target_id`` of a decision name it; a device has no id there.
        device_id, handle: whose content it is, None where nobody is known.
        content_date: when the content was made.
        state: what an action may change, for a revert.
    """

    kind: ClassVar[str]
    id: int | None
    device_id: int | None
    handle: UUID | None
    content_date: date
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentTarget(Target):
    """A comment, by the id of its rating.

    Attributes:
        facility_id: the facility that it is about.
        text: empty where its author has withdrawn it; the state is then ``past``.
        rated_at: when the rating was made, None where it is withdrawn.
    """

    kind = "comment"
    id: int
    device_id: int
    handle: UUID
    facility_id: int
    text: str = ""
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityTarget(Target):
    """A facility, hidden or not; it is the content of whoever proposed it."""

    kind = "facility"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalTarget(Target):
    """A proposal; the facility that it changes is locked too."""

    kind = "proposal"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTarget(Target):
    """A device; its state is ``active`` or ``suspended``."""

    kind = "device"
    id: None = None
    device_id: int
    handle: UUID


def lock(session: Session, kind: str, target_id: int | None, handle: UUID | None = None) -> Target:
    """Lock a target for a decision.

    Args:
        session: a write session.
        kind: of target.
        target_id: of a comment, a facility or a proposal.
        handle: of the device; of a comment's author where a withdrawn comment will do.

    Raises:
        RecordNotFound: there is none, or no longer.
    """
    found = _LOCKED[kind](session, target_id, handle)
    if found is None:
        raise RecordNotFound(f"there is no {kind} {target_id or handle}", "target_id" if target_id else "handle")
    return found


def _comment(session: Session, rating_id: int | None, handle: UUID | None) -> CommentTarget | None:
    where = (Rating.id == rating_id, Rating.comment.is_not(None))
    facility_id = session.execute(select(Rating.facility_id).where(*where)).scalar_one_or_none()
    if facility_id is None:
        return _past_comment(session, rating_id, handle)
    locks.lock(session, facility_id)
    row = session.execute(
        select(Rating.id, Rating.device_id, Rating.comment, Rating.comment_state, Rating.rated_at, Device.handle)
        .join(Device, Device.id == Rating.device_id)
        .where(*where)
    ).one_or_none()
    if row is None:
        return _past_comment(session, rating_id, handle)
    return CommentTarget(
        id=row.id,
        device_id=row.device_id,
        handle=row.handle,
        content_date=row.rated_at.date(),
        state=row.comment_state,
        facility_id=facility_id,
        text=row.comment,
        rated_at=row.rated_at,
    )


def _past_comment(session: Session, rating_id: int | None, handle: UUID | None) -> CommentTarget | None:
    """A comment of a rating that its author has withdrawn, or left without a comment; it is found by its author."""
    row = session.execute(
        select(
            *(PastRating.rating_id, PastRating.facility_id, PastRating.device_id, PastRating.rated_at, Device.handle),
        )
        .join(Device, Device.id == PastRating.device_id)
        .where(Device.handle == handle, PastRating.rating_id == rating_id, PastRating.comment.is_not(None))
        .order_by(PastRating.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    locks.lock(session, row.facility_id)
    return CommentTarget(
        id=row.rating_id,
        device_id=row.device_id,
        handle=row.handle,
        content_date=row.rated_at.date(),
        state="past",
        facility_id=row.facility_id,
    )


def _facility(session: Session, facility_id: int | None, _handle: UUID | None) -> FacilityTarget | None:
    facility = None if facility_id is None else locks.lock(session, facility_id)
    if facility is None:
        return None
    author = session.execute(
        select(Device.id, Device.handle)
        .join(Proposal, Proposal.device_id == Device.id)
        .where(Proposal.facility_id == facility_id, Proposal.kind == "new", Proposal.state == "accepted")
    ).one_or_none()
    device_id, handle = author or (None, None)
    return FacilityTarget(
        id=facility.id,
        device_id=device_id,
        handle=handle,
        content_date=facility.created_at.date(),
        state=facility.status,
    )


def _proposal(session: Session, proposal_id: int | None, _handle: UUID | None) -> ProposalTarget | None:
    facility_id = session.execute(select(Proposal.facility_id).where(Proposal.id == proposal_id)).scalar_one_or_none()
    if facility_id is not None:
        locks.lock(session, facility_id)
    row = session.execute(
        select(Proposal.id, Proposal.device_id, Proposal.created_at, Proposal.state, Device.handle)
        .outerjoin(Device, Device.id == Proposal.device_id)
        .where(Proposal.id == proposal_id)
        .with_for_update(of=Proposal)
    ).one_or_none()
    if row is None:
        return None
    return ProposalTarget(
        id=row.id, device_id=row.device_id, handle=row.handle, content_date=row.created_at.date(), state=row.state
    )


def _device(session: Session, _id: int | None, handle: UUID | None) -> DeviceTarget | None:
    row = session.execute(
        select(Device.id, Device.handle, Device.created_at, Device.suspended_at)
        .where(Device.handle == handle)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return None
    state = "suspended" if row.suspended_at else "active"
    return DeviceTarget(device_id=row.id, handle=row.handle, content_date=row.created_at.date(), state=state)


_LOCKED: Mapping[str, Callable[[Session, int | None, UUID | None], Target | None]] = {
    CommentTarget.kind: _comment,
    FacilityTarget.kind: _facility,
    ProposalTarget.kind: _proposal,
    DeviceTarget.kind: _device,
}
