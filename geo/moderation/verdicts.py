"""What staff decide, and what it does: on a queue item as it was seen, or on a thing without one.

Locks are taken in one order everywhere, so that nobody waits in a circle: device, facility, queue item, audit chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from geo.crowd import comments, ratings, reports
from geo.crowd.models import Device, Rating, RatingExclusion
from geo.database import Session
from geo.errors import Conflict, NotAllowed, OutOfDate
from geo.moderation import acceptance, queue, statuses
from geo.moderation.decisions import Ruling, one, record
from geo.moderation.models import Decision
from geo.moderation.staff import KnownStaff, require
from geo.moderation.subjects import Subject, hold

ACTIONS_OF: Mapping[str, tuple[str, ...]] = {
    "comment": ("approve_comment", "hide_comment"),
    "facility": ("dismiss_reports", "close_facility", "hide_facility"),
    "proposal": ("accept_proposal", "reject_proposal"),
    "rate_bomb": ("exclude_ratings", "dismiss_alarm"),
    "device": ("suspend_device",),
}
"""What may be decided, by the kind of a queue item; no item is ever of a device."""

ROLE_FOR: Mapping[str, str] = {"hide_facility": "senior", "exclude_ratings": "senior", "suspend_device": "senior"}
"""Actions that touch many people's content, or all of one person's, need more than a moderator."""

REVERTIBLE = (
    *("hold_comment", "hide_comment", "report_closed", "close_facility", "hide_facility", "accept_proposal"),
    *("reject_proposal", "exclude_ratings", "suspend_device"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a member of staff decides.

    Attributes:
        action: of ACTIONS_OF.
        reason: of REASONS.
        note: a sentence to the author.
        window: of exclude_ratings: from when until before when.
        rated_at: of the comment's rating, as the member saw it.
    """

    action: str
    reason: str
    note: str | None = None
    window: tuple[datetime, datetime] | None = None
    rated_at: datetime | None = None


def decide(  # noqa: PLR0913 - who, what, when, on which item as seen
    session: Session, member: KnownStaff, verdict: Verdict, as_of: datetime, *, item_id: int, version: int
) -> int:
    """Decide on a queue item. Returns the decision's id.

    Raises:
        ThingNotFound: there is no such item.
        Conflict: it is decided already, claimed by another, or of a kind that this action does not suit.
        OutOfDate: it has changed since this version.
        NotAllowed: the role is too low, or it is the member's own content.
    """
    item = queue.one(session, item_id)
    if verdict.action not in ACTIONS_OF[item["kind"]]:
        raise Conflict(f"{verdict.action} is not possible for a queue item of kind {item['kind']}")
    subject = hold(session, "facility" if item["kind"] == "rate_bomb" else item["kind"], item["thing_id"])
    item = queue.locked_for_decision(session, item_id, version, member, as_of)
    return _carry_out(session, member, subject, verdict, as_of, item_id=item_id, reported="reports" in item["details"])


def make(session: Session, member: KnownStaff, subject: Subject, verdict: Verdict, as_of: datetime) -> int:
    """Decide on a thing that nobody reported. Returns the decision's id.

    Raises:
        Conflict: the action does not go with the thing, or there is nothing left to do.
        OutOfDate: the author has rated again since.
        NotAllowed: the role is too low, or it is the member's own content.
    """
    if verdict.rated_at not in {None, subject.rated_at}:
        raise OutOfDate(f"rating {subject.thing_id} has been replaced since {verdict.rated_at}: read it again")
    fitting = ACTIONS_OF[subject.thing] + (ACTIONS_OF["rate_bomb"] if subject.thing == "facility" else ())
    if verdict.action not in fitting:
        raise Conflict(f"{verdict.action} is not possible for a {subject.thing}")
    return _carry_out(session, member, subject, verdict, as_of, item_id=None, reported=False)


def revert(  # noqa: PLR0913 - who, what, when, why
    session: Session, member: KnownStaff, decision_id: int, as_of: datetime, *, reason: str, note: str | None = None
) -> int:
    """Take a decision back, by a new one. Returns the new decision's id.

    Raises:
        ThingNotFound: there is no such decision, or what it was about has gone.
        Conflict: it is reverted already, or nothing can bring back what it did.
        NotAllowed: it is about the member's own content, or the member is no senior and it hid a place.
    """
    decision = one(session, decision_id)
    if decision["action"] not in REVERTIBLE:
        raise Conflict(f"{decision['action']} cannot be reverted: make a new decision")
    if decision["action"] == "hide_facility":  # also where an appeal is granted
        require(member, ROLE_FOR["hide_facility"])
    subject = refuse_own(session, member, decision["thing"], decision["thing_id"], decision["subject"])
    if session.execute(select(Decision.id).where(Decision.reverts == decision_id)).first():
        raise Conflict(f"decision {decision_id} is already reverted")
    _undo(session, subject, dict(decision), as_of)
    return record(
        session,
        Ruling(
            "revert",
            subject.thing,
            subject.thing_id,
            reason,
            facts="",
            content_date=subject.content_date,
            subject=subject.handle,
            staff_id=member.staff_id,
            reverts=decision_id,
            note=note,
        ),
        as_of,
    )


def refuse_own(session: Session, member: KnownStaff, thing: str, thing_id: int | None, handle: UUID | None) -> Subject:
    """Hold a thing that is not the member's own.

    Raises:
        ThingNotFound: there is none, or no longer.
        NotAllowed: it is the member's own.
    """
    subject = hold(session, thing, thing_id, handle)
    _refuse_own(session, member, subject)
    return subject


def _carry_out(  # noqa: PLR0913 - who, on what, what, when, and what led to it
    session: Session,
    member: KnownStaff,
    subject: Subject,
    verdict: Verdict,
    as_of: datetime,
    *,
    item_id: int | None,
    reported: bool,
) -> int:
    require(member, ROLE_FOR.get(verdict.action, "moderator"))
    _refuse_own(session, member, subject, verdict)
    before = _apply(session, subject, verdict, as_of)
    kind = "rate_bomb" if verdict.action in ACTIONS_OF["rate_bomb"] else subject.thing
    if subject.thing_id is not None:
        queue.end(session, kind, subject.thing_id, "decided", as_of)
    decision_id = record(
        session,
        Ruling(
            verdict.action,
            subject.thing,
            subject.thing_id,
            verdict.reason,
            facts="Visitors reported it, and somebody looked." if reported else "Somebody looked at it.",
            content_date=subject.content_date,
            subject=subject.handle,
            staff_id=member.staff_id,
            queue_item_id=item_id,
            note=verdict.note,
            before=before,
            source="SOURCE_TYPE_OTHER_NOTIFICATION" if reported else "SOURCE_VOLUNTARY",
        ),
        as_of,
    )
    _link(session, subject, verdict, (decision_id, before), as_of)
    return decision_id


def _refuse_own(session: Session, member: KnownStaff, subject: Subject, verdict: Verdict | None = None) -> None:
    if member.device_id is None:
        return
    is_own = subject.device_id == member.device_id
    if verdict and verdict.window and subject.facility_id:
        start, end = verdict.window
        own_rating = select(Rating.id).where(
            *(Rating.facility_id == subject.facility_id, Rating.device_id == member.device_id),
            *(Rating.rated_at >= start, Rating.rated_at < end),
        )
        is_own = is_own or session.execute(own_rating).first() is not None
    if is_own:
        raise NotAllowed("you cannot decide on your own content: leave it to a colleague")


def _apply(session: Session, subject: Subject, verdict: Verdict, as_of: datetime) -> dict[str, Any]:
    """Do what the action says; returns what a revert needs to know."""
    action, before = verdict.action, {"state": subject.state}
    if action in {"hide_comment", "approve_comment"}:
        before |= _decide_on_text(session, subject, approved=action == "approve_comment", as_of=as_of)
    elif action in {"close_facility", "hide_facility", "dismiss_reports"}:
        statuses.apply(session, subject, action, as_of)
        outcome = "dismissed" if action == "dismiss_reports" else "upheld"
        reports.close(session, "facility", subject.thing_id or 0, outcome, as_of)
    elif action in {"accept_proposal", "reject_proposal"}:
        before = acceptance.settle(session, subject.thing_id or 0, accepted=action == "accept_proposal", as_of=as_of)
        reports.close(session, "proposal", subject.thing_id or 0, "moot", as_of)
    elif action == "exclude_ratings" and verdict.window is None:
        raise Conflict("from and until are required for exclude_ratings")
    elif action == "suspend_device":
        if subject.state == "suspended":
            raise Conflict("this device is already suspended")
        session.execute(update(Device).where(Device.id == subject.device_id).values(suspended_at=as_of))
    return before


def _link(
    session: Session, subject: Subject, verdict: Verdict, made: tuple[int, dict[str, Any]], as_of: datetime
) -> None:
    """Write down what points at the decision: its id, and what was before."""
    decision_id, before = made
    if verdict.action == "exclude_ratings" and verdict.window and subject.facility_id:
        start, end = verdict.window
        during = f"[{start.isoformat()},{end.isoformat()})"
        values = {"decision_id": decision_id, "facility_id": subject.facility_id, "during": during}
        session.execute(insert(RatingExclusion).values(**values))
        ratings.recompute(session, [subject.facility_id])
    if verdict.action == "accept_proposal":
        acceptance.keep_history(session, decision_id, before, as_of)


def _undo(session: Session, subject: Subject, decision: Mapping[str, Any], as_of: datetime) -> None:
    action = decision["action"]
    if action in {"hold_comment", "hide_comment"}:
        comments.show_again(session, subject.facility_id or 0, subject.device_id or 0, decision, as_of)
    elif action in statuses.STATUS_SET:
        statuses.take_back(session, subject, decision, as_of)
    elif action in {"accept_proposal", "reject_proposal"}:
        acceptance.take_back(session, decision, as_of)
    elif action == "exclude_ratings":
        session.execute(
            update(RatingExclusion).where(RatingExclusion.decision_id == decision["id"]).values(lifted_at=as_of)
        )
        ratings.recompute(session, [subject.thing_id or 0])
    else:
        session.execute(update(Device).where(Device.id == subject.device_id).values(suspended_at=None))


def _decide_on_text(session: Session, subject: Subject, *, approved: bool, as_of: datetime) -> dict[str, Any]:
    """Approve or hide the live text of a comment. Its digest, by which a revert knows it."""
    author = subject.facility_id or 0, subject.device_id or 0
    digest = comments.text_digest(session, *author, subject.text or "")
    if approved:
        comments.show(session, *author, digest, as_of)
    else:
        hidden = {"comment_state": "hidden", "comment_approved": False}
        session.execute(update(Rating).where(Rating.id == subject.thing_id).values(**hidden))
    reports.close(session, "comment", subject.thing_id or 0, "dismissed" if approved else "upheld", as_of)
    return {"text_digest": digest}
