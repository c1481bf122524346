"""The targets of decisions: comments, places, proposals and devices, locked until the transaction ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select

from geo.crowd.models import Device, PastRating, Proposal, Rating, origin_id
from geo.database import Session
from geo.errors import RecordNotFound
from geo.facilities import locks, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A locked target.

    Attributes:
        kind, id: the columns ``target`` and ``target_id`` of a decision; the id of a device is None.
        device_id, handle: the device that made the content, or None if unknown.
        content_date: when the content was made.
        state: the state that an action may change and a revert restores.
    """

    kind: ClassVar[str]
    id: int | None
    device_id: int | None
    handle: UUID | None
    content_date: date
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentTarget(Target):
    """A comment, with the id of its rating.

    Attributes:
        facility_id: the rated facility.
        origin_id: the facility that it was written about, which may have been merged into the other since.
        text: the comment; empty if its author has withdrawn it, and the state is then ``past``.
        rated_at: when the rating was made; None if it is withdrawn.
    """

    kind = "comment"
    id: int
    device_id: int
    handle: UUID
    facility_id: int
    origin_id: int
    text: str = ""
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FacilityTarget(Target):
    """A facility, hidden or not. It is content of the device that proposed it."""

    kind = "facility"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalTarget(Target):
    """A proposal. The facility that it changes is locked, too."""

    kind = "proposal"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTarget(Target):
    """A device. Its state is ``active`` or ``suspended``."""

    kind = "device"
    id: None = None
    device_id: int
    handle: UUID


def lock(
    session: Session,
    kind: str,
    target_id: int | None,
    handle: UUID | None = None,
    *,
    other_id: int | None = None,
) -> Target:
    """Lock a target for a decision.

    Args:
        session: a write session.
        kind: kind of the target.
        target_id: id of a comment, a facility or a proposal.
        handle: handle of a device, or of a comment's author to also find a withdrawn comment.
        other_id: a second facility that the decision is about; both are locked in the order of their ids.

    Raises:
        RecordNotFound: the target does not exist.
    """
    if other_id is not None and target_id is not None and kind == FacilityTarget.kind:
        locks.lock_current(session, lambda: [merged.place_of(session, target_id), other_id])
    found = _LOCKED[kind](session, target_id, handle)
    if found is None:
        raise RecordNotFound(f"there is no {kind} {target_id or handle}", "target_id" if target_id else "handle")
    return found


def _comment(session: Session, rating_id: int | None, handle: UUID | None) -> CommentTarget | None:
    where = (Rating.id == rating_id, Rating.comment.is_not(None))
    place = select(Rating.facility_id).where(*where)
    locks.lock_current(session, lambda: session.execute(place).scalars().all())
    row = session.execute(
        select(
            *(Rating.id, Rating.device_id, Rating.facility_id, Rating.comment, Rating.comment_state, Rating.rated_at),
            *(Device.handle, origin_id(Rating).label("origin_id")),
        )
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
        facility_id=row.facility_id,
        origin_id=row.origin_id,
        text=row.comment,
        rated_at=row.rated_at,
    )


def _past_comment(session: Session, rating_id: int | None, handle: UUID | None) -> CommentTarget | None:
    """Return a past comment, whose author has withdrawn the rating or removed the comment."""
    statement = (
        select(
            *(PastRating.rating_id, PastRating.facility_id, PastRating.device_id, PastRating.rated_at, Device.handle),
            origin_id(PastRating).label("origin_id"),
        )
        .join(Device, Device.id == PastRating.device_id)
        .where(Device.handle == handle, PastRating.rating_id == rating_id, PastRating.comment.is_not(None))
        .order_by(PastRating.id.desc())
        .limit(1)
    )
    locks.lock_current(session, lambda: [row.facility_id for row in session.execute(statement)])
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    return CommentTarget(
        id=row.rating_id,
        device_id=row.device_id,
        handle=row.handle,
        content_date=row.rated_at.date(),
        state="past",
        facility_id=row.facility_id,
        origin_id=row.origin_id,
    )


def _facility(session: Session, facility_id: int | None, _handle: UUID | None) -> FacilityTarget | None:
    if facility_id is None:
        return None
    locked = locks.lock_current(session, lambda: [merged.place_of(session, facility_id)])
    if not locked:
        return None
    facility = locked[0]
    author = session.execute(
        select(Device.id, Device.handle)
        .join(Proposal, Proposal.device_id == Device.id)
        .where(Proposal.facility_id == facility.id, Proposal.kind == "new", Proposal.state == "accepted")
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
        locks.lock_current(session, lambda: [merged.place_of(session, facility_id)])
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
