"""What a decision is about: a comment, a place, a proposal or a device, held until the transaction ends."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from geo.crowd.models import Device, PastRating, Proposal, Rating
from geo.database import Session
from geo.errors import ThingNotFound
from geo.facilities.models import Facility


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing to decide on, held until the end of the transaction.

    Attributes:
        thing, thing_id: as a decision names it.
        facility_id: the facility that it belongs to, None for a device or a new place.
        device_id, handle: whose content it is, None where nobody is known.
        content_date: when it was made.
        state: what an action may change, for the way back; ``past`` for a comment that its author has withdrawn.
        text: of a comment that is live.
        rated_at: when its rating was made.
    """

    thing: str
    thing_id: int | None
    facility_id: int | None
    device_id: int | None
    handle: UUID | None
    content_date: date
    state: str
    text: str | None = None
    rated_at: datetime | None = None


def hold(session: Session, thing: str, thing_id: int | None, handle: UUID | None = None) -> Subject:
    """Hold a thing for a decision.

    Args:
        session: a write session.
        thing: as a decision names it.
        thing_id: as a decision names it.
        handle: of the device; of a comment's author where a past comment will do.

    Raises:
        ThingNotFound: there is none, or no longer.
    """
    if thing == "comment":
        found = _comment(session, thing_id) or _past_comment(session, thing_id, handle)
    elif thing == "device":
        found = _device(session, handle)
    else:
        found = {"facility": _facility, "proposal": _proposal}[thing](session, thing_id)
    if found is None:
        raise ThingNotFound(
            f"there is no {thing} {thing_id or handle}, or no longer", "thing_id" if thing_id else "handle"
        )
    return found


def _comment(session: Session, rating_id: int | None) -> Subject | None:
    where = (Rating.id == rating_id, Rating.comment.is_not(None))
    facility_id = session.execute(select(Rating.facility_id).where(*where)).scalar_one_or_none()
    if facility_id is None:
        return None
    _lock(session, facility_id)
    row = session.execute(
        select(Rating.device_id, Rating.comment, Rating.comment_state, Rating.rated_at, Device.handle)
        .join(Device, Device.id == Rating.device_id)
        .where(*where)
    ).one_or_none()
    if row is None:
        return None
    return Subject(
        "comment",
        rating_id,
        facility_id,
        row.device_id,
        row.handle,
        row.rated_at.date(),
        row.comment_state,
        text=row.comment,
        rated_at=row.rated_at,
    )


def _past_comment(session: Session, rating_id: int | None, handle: UUID | None) -> Subject | None:
    """A comment of a rating that its author has withdrawn, or left without a comment; it is found by its author."""
    row = session.execute(
        select(PastRating.facility_id, PastRating.device_id, PastRating.rated_at)
        .join(Device, Device.id == PastRating.device_id)
        .where(Device.handle == handle, PastRating.rating_id == rating_id, PastRating.comment.is_not(None))
        .order_by(PastRating.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    _lock(session, row.facility_id)
    return Subject("comment", rating_id, row.facility_id, row.device_id, handle, row.rated_at.date(), "past")


def _facility(session: Session, facility_id: int | None) -> Subject | None:
    status = _lock(session, facility_id)
    if status is None:
        return None
    created_at = session.execute(select(Facility.created_at).where(Facility.id == facility_id)).scalar_one()
    author = session.execute(
        select(Device.id, Device.handle)
        .join(Proposal, Proposal.device_id == Device.id)
        .where(Proposal.facility_id == facility_id, Proposal.kind == "new", Proposal.state == "accepted")
    ).one_or_none()
    device_id, handle = author or (None, None)
    return Subject("facility", facility_id, facility_id, device_id, handle, created_at.date(), status)


def _proposal(session: Session, proposal_id: int | None) -> Subject | None:
    facility_id = session.execute(select(Proposal.facility_id).where(Proposal.id == proposal_id)).scalar_one_or_none()
    if facility_id is not None:
        _lock(session, facility_id)
    row = session.execute(
        select(Proposal.facility_id, Proposal.device_id, Proposal.created_at, Proposal.state, Device.handle)
        .outerjoin(Device, Device.id == Proposal.device_id)
        .where(Proposal.id == proposal_id)
        .with_for_update(of=Proposal)
    ).one_or_none()
    if row is None:
        return None
    return Subject(
        "proposal", proposal_id, row.facility_id, row.device_id, row.handle, row.created_at.date(), row.state
    )


def _device(session: Session, handle: UUID | None) -> Subject | None:
    row = session.execute(
        select(Device.id, Device.created_at, Device.suspended_at)
        .where(Device.handle == handle)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return None
    state = "suspended" if row.suspended_at else "active"
    return Subject("device", None, None, row.id, handle, row.created_at.date(), state)


def _lock(session: Session, facility_id: int | None) -> str | None:
    """Hold a facility, hidden or not; its status."""
    statement = select(Facility.status).where(Facility.id == facility_id).with_for_update(key_share=True)
    status: str | None = session.execute(statement).scalar_one_or_none()
    return status
