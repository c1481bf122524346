"""Reports of problems with places, comments and proposals. Staff review each; agreement has automatic effects.

Every report locks the facility's row, so that concurrent reports are counted one after another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.casework import queue
from geo.casework.decisions import DecisionRecord, record
from geo.casework.statements import Grounds, reported
from geo.crowd import agreement, closures, comments, open_reports, outages, trust
from geo.crowd.devices import KnownDevice
from geo.crowd.models import Device, Proposal, Rating, Report, origin_id
from geo.database import Session
from geo.errors import RecordNotFound
from geo.facilities import locks, merged
from geo.facilities.models import PUBLIC_STATUSES

TargetKind = Literal["facility", "comment", "proposal"]


@dataclass(frozen=True, slots=True)
class NewReport:
    """The content of a report.

    Attributes:
        target, target_id: kind and id of its target.
        reason: one of REPORT_REASONS.
        network: hash of the network that the report came from.
        note: the reporter's text.
        place_id: of a comment: the place that it is about, or a place that was merged into that; None if not told.
    """

    target: TargetKind
    target_id: int
    reason: str
    network: bytes
    note: str | None = None
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored report.

    Attributes:
        report_id: its id.
        created_at: when it was made.
        is_new: whether it was just created.
    """

    report_id: int
    created_at: datetime
    is_new: bool


def report(session: Session, device: KnownDevice, new: NewReport, as_of: datetime) -> Receipt:
    """Store a report. Repeating an open report changes nothing.

    Raises:
        FacilityNotFound: the facility does not exist or is hidden.
        RecordNotFound: the comment or proposal does not exist, or this device cannot see it.
    """
    _lock_target(session, new, device)
    if new.target == "facility" and new.reason == outages.REASON:
        outages.expire(session, new.target_id, as_of)
    weight = trust.device_weight(session, device.device_id, as_of)
    same = {"target": new.target, "target_id": new.target_id, "reason": new.reason, "device_id": device.device_id}
    report_id = session.execute(
        upsert(Report)
        .values(**same, note=new.note, weight=weight, network=new.network, created_at=as_of)
        .on_conflict_do_nothing()
        .returning(Report.id)
    ).scalar_one_or_none()
    if report_id is None:
        before = session.execute(
            select(Report.id, Report.created_at).filter_by(**same).where(Report.closed_at.is_(None))
        ).one()
        return Receipt(before.id, before.created_at, is_new=False)
    item_id = update_queue(session, new.target, new.target_id, as_of)
    if new.target == "comment":
        _hide_if_agreed(session, new.target_id, item_id, as_of)
    elif new.target == "facility" and new.reason == "closed":
        closures.close_if_agreed(session, new.target_id, item_id, as_of)
    elif new.target == "facility" and new.reason == outages.REASON:
        outages.show_if_agreed(session, new.target_id, item_id, as_of)
    return Receipt(report_id, as_of, is_new=True)


def _lock_target(session: Session, new: NewReport, device: KnownDevice) -> None:
    """Lock the row of the facility concerned, and check that the reporter can see the target."""
    if new.target == "facility":
        locks.lock_visible(session, new.target_id)
    elif new.target == "comment":
        rating = select(Rating.facility_id, Rating.comment_state, Rating.device_id).where(
            Rating.id == new.target_id, Rating.comment.is_not(None)
        )
        locked = locks.lock_current(session, lambda: [row.facility_id for row in session.execute(rating)])
        is_visible = bool(locked) and locked[0].status in PUBLIC_STATUSES
        found = session.execute(rating).one_or_none() if is_visible else None
        is_elsewhere = (
            bool(locked) and new.place_id is not None and merged.place_of(session, new.place_id) != locked[0].id
        )
        is_unseen = found is None or (found.comment_state != "visible" and found.device_id != device.device_id)
        if is_elsewhere or is_unseen:
            raise RecordNotFound(f"there is no comment {new.target_id}", "rating_id")
    elif (
        session.execute(
            select(Proposal.id)
            .where(Proposal.id == new.target_id, Proposal.state == "pending")
            .with_for_update(read=True)
        ).first()
        is None
    ):
        raise RecordNotFound(f"there is no open proposal {new.target_id}", "proposal_id")


def update_queue(session: Session, target: str, target_id: int, as_of: datetime) -> int:
    """Put a target with its open reports into the queue, or update its item. Return the item's id."""
    rows = session.execute(
        select(Report.reason, func.count().label("count"), func.sum(Report.weight).label("weight"))
        .where(open_reports.about(target, target_id))
        .group_by(Report.reason)
        .order_by(Report.reason)
    ).all()
    details: Mapping[str, Any] = {"reports": {row.reason: row.count for row in rows}}
    score = sum(row.weight for row in rows)
    return queue.put(session, target, target_id, as_of, score=score, details=details)


def _hide_if_agreed(session: Session, rating_id: int, item_id: int, as_of: datetime) -> None:
    rating = session.execute(
        select(
            *(Rating.facility_id, Rating.device_id, Rating.comment, Rating.comment_state, Rating.comment_approved),
            *(Rating.rated_at, Device.handle, origin_id(Rating).label("origin_id")),
        )
        .join(Device, Device.id == Rating.device_id)
        .where(Rating.id == rating_id)
    ).one()
    if rating.comment_state != "visible" or rating.comment_approved:
        return
    agreed = agreement.of_reports(session, "comment", rating_id, as_of)
    if not agreed.is_enough:
        return
    session.execute(update(Rating).where(Rating.id == rating_id).values(comment_state="hidden"))
    queue.put(session, "comment", rating_id, as_of, score=agreed.weight, details={"auto_hidden": True})
    record(
        session,
        DecisionRecord(
            action=comments.HIDE,
            target="comment",
            target_id=rating_id,
            grounds=Grounds(
                "reported",
                rating.rated_at.date(),
                reported(agreed.networks),
                source="SOURCE_TYPE_OTHER_NOTIFICATION",
            ),
            subject=rating.handle,
            queue_item_id=item_id,
            before={"text_digest": comments.text_digest(session, rating.origin_id, rating.device_id, rating.comment)},
        ),
        as_of,
    )
