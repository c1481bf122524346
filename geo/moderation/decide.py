"""Decisions by staff on queue items and on targets that are not in the queue, and their reverts.

All transactions take locks in the same order, which prevents deadlocks: device, facility, queue item, audit chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, select

from geo.casework import decisions, queue
from geo.casework.decisions import REVERT, DecisionRecord, record
from geo.casework.models import Decision
from geo.casework.staff import KnownStaff, require
from geo.casework.statements import REPORTED_AND_REVIEWED, REVIEWED, Grounds
from geo.database import Session
from geo.errors import Conflict, NotAllowed, OutOfDate
from geo.moderation import targets
from geo.moderation.actions import registry
from geo.moderation.actions.action import Action, MadeDecision, NewDecision
from geo.moderation.targets import CommentTarget, Target

_OWN = "you cannot decide on your own content: leave it to a colleague"


class SeenItem(NamedTuple):
    """A queue item in the version that a member of staff has seen."""

    item_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Revert:
    """A revert of a decision.

    Attributes:
        decision_id: the decision to revert.
        reason: one of REASONS.
        note: a sentence to the author, or None.
    """

    decision_id: int
    reason: str
    note: str | None = None


def on_item(session: Session, member: KnownStaff, seen: SeenItem, decision: NewDecision, as_of: datetime) -> int:
    """Decide on a queue item. Return the decision's id.

    Raises:
        RecordNotFound: there is no such item.
        Conflict: the item is already decided or claimed by somebody else, or the action is not possible for its kind.
        OutOfDate: it has changed since this version.
        NotAllowed: the member's role is too low, or the target is the member's own content.
    """
    item = queue.one(session, seen.item_id)
    action = registry.for_item(item["kind"]).get(decision.action)
    if action is None:
        raise Conflict(f"{decision.action} is not possible for a queue item of kind {item['kind']}")
    target = targets.lock(session, action.target_type.kind, item["target_id"])
    item = queue.locked_for_decision(session, seen.item_id, seen.version, member, as_of)
    return _carry_out(
        session, member, action(session, target, as_of, decision.window, decision.other_id), decision, item
    )


def on_target(session: Session, member: KnownStaff, target: Target, decision: NewDecision, as_of: datetime) -> int:
    """Decide on a target that is not in the queue. Return the decision's id.

    Raises:
        Conflict: the action is not possible for this kind of target, or in its current state.
        OutOfDate: the author has rated again since the version that the member has seen.
        NotAllowed: the member's role is too low, or the target is the member's own content.
    """
    if isinstance(target, CommentTarget) and decision.rated_at not in {None, target.rated_at}:
        raise OutOfDate(f"rating {target.id} has been replaced since {decision.rated_at}: read it again")
    action = registry.for_target(target).get(decision.action)
    if action is None:
        raise Conflict(f"{decision.action} is not possible for a {target.kind}")
    return _carry_out(session, member, action(session, target, as_of, decision.window, decision.other_id), decision)


def revert(session: Session, member: KnownStaff, new: Revert, as_of: datetime) -> int:
    """Revert a decision by a new one. Return the new decision's id.

    Raises:
        RecordNotFound: there is no such decision, or its target no longer exists.
        Conflict: it is already reverted, or its action or the current state does not allow a revert.
        NotAllowed: the target is the member's own content, or the member's role is too low.
    """
    recorded = dict(decisions.one(session, new.decision_id))
    if recorded["action"] not in registry.REVERTIBLE:
        raise Conflict(f"{recorded['action']} cannot be reverted: make a new decision")
    action = registry.ACTIONS[recorded["action"]]
    require(member, action.least_role_to_revert)  # also where an appeal is granted
    target = lock_for_others(session, member, recorded)
    if session.execute(select(Decision.id).where(Decision.reverts == new.decision_id)).first():
        raise Conflict(f"decision {new.decision_id} is already reverted")
    action(session, target, as_of).revert(recorded)
    return record(
        session,
        DecisionRecord(
            action=REVERT,
            target=target.kind,
            target_id=target.id,
            grounds=Grounds(new.reason, target.content_date),
            subject=target.handle,
            staff_id=member.staff_id,
            reverts=new.decision_id,
            note=new.note,
        ),
        as_of,
    )


def lock_for_others(session: Session, member: KnownStaff, recorded: Mapping[str, Any]) -> Target:
    """Lock the target of a recorded decision, which must not be the member's own content.

    Raises:
        RecordNotFound: the target does not exist any more.
        NotAllowed: it is the member's own content.
    """
    target = targets.lock(session, recorded["target"], recorded["target_id"], recorded["subject"])
    if member.device_id is not None and target.device_id == member.device_id:
        raise NotAllowed(_OWN)
    return target


def _carry_out(
    session: Session, member: KnownStaff, action: Action[Any], decision: NewDecision, item: RowMapping | None = None
) -> int:
    """Apply an action, close the queue item of its target and record the decision. Return the decision's id."""
    require(member, action.least_role)
    if member.device_id is not None and action.concerns(member.device_id):
        raise NotAllowed(_OWN)
    target, before = action.target, action.apply()
    if action.queue_kind is not None:
        queue.end(session, action.queue_kind, target.id, "decided", action.as_of)
    made = DecisionRecord(
        action=action.recorded_as,
        target=target.kind,
        target_id=target.id,
        grounds=_grounds(decision.reason, target.content_date, item),
        subject=target.handle,
        staff_id=member.staff_id,
        queue_item_id=None if item is None else item["id"],
        note=decision.note,
        before=before,
    )
    decision_id = record(session, made, action.as_of)
    action.follow_up(MadeDecision(decision_id, before))
    return decision_id


def _grounds(reason: str, content_date: date, item: RowMapping | None) -> Grounds:
    if item is None or "reports" not in item["details"]:
        return Grounds(reason, content_date, REVIEWED)
    return Grounds(reason, content_date, REPORTED_AND_REVIEWED, source="SOURCE_TYPE_OTHER_NOTIFICATION")
