"""Decisions by staff: on a queue item as it was seen, on a target that nobody reported, and their reverts.

Locks are taken in one order everywhere, so that nobody waits in a circle: device, facility, queue item, audit chain.
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
from geo.casework.statements import Grounds
from geo.database import Session
from geo.errors import Conflict, NotAllowed, OutOfDate
from geo.moderation import targets
from geo.moderation.actions import registry
from geo.moderation.actions.action import Action, MadeDecision, NewDecision
from geo.moderation.targets import CommentTarget, Target

_OWN = "you cannot decide on your own content: leave it to a colleague"


class SeenItem(NamedTuple):
    """A queue item at the version that a member of staff has seen."""

    item_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Revert:
    """Why a decision is taken back.

    Attributes:
        decision_id: the decision.
        reason: of REASONS.
        note: a sentence to the author.
    """

    decision_id: int
    reason: str
    note: str | None = None


def on_item(session: Session, member: KnownStaff, seen: SeenItem, decision: NewDecision, as_of: datetime) -> int:
    """Decide on a queue item. Returns the decision's id.

    Raises:
        RecordNotFound: there is no such item.
        Conflict: it is decided already, claimed by another, or of a kind that this action does not suit.
        OutOfDate: it has changed since this version.
        NotAllowed: the role is too low, or it is the member's own content.
    """
    item = queue.one(session, seen.item_id)
    action = registry.for_item(item["kind"]).get(decision.action)
    if action is None:
        raise Conflict(f"{decision.action} is not possible for a queue item of kind {item['kind']}")
    target = targets.lock(session, action.target_type.kind, item["target_id"])
    item = queue.locked_for_decision(session, seen.item_id, seen.version, member, as_of)
    return _carry_out(session, member, action(session, target, as_of, decision.window), decision, item)


def on_target(session: Session, member: KnownStaff, target: Target, decision: NewDecision, as_of: datetime) -> int:
    """Decide on a target that nobody reported. Returns the decision's id.

    Raises:
        Conflict: the action does not go with the target, or there is nothing left to do.
        OutOfDate: the author has rated again since.
        NotAllowed: the role is too low, or it is the member's own content.
    """
    if isinstance(target, CommentTarget) and decision.rated_at not in {None, target.rated_at}:
        raise OutOfDate(f"rating {target.id} has been replaced since {decision.rated_at}: read it again")
    action = registry.for_target(target).get(decision.action)
    if action is None:
        raise Conflict(f"{decision.action} is not possible for a {target.kind}")
    return _carry_out(session, member, action(session, target, as_of, decision.window), decision)


def revert(session: Session, member: KnownStaff, asked: Revert, as_of: datetime) -> int:
    """Take a decision back, by a new one. Returns the new decision's id.

    Raises:
        RecordNotFound: there is no such decision, or its target has gone.
        Conflict: it is reverted already, or nothing can bring back what it did.
        NotAllowed: it is about the member's own content, or the role is too low.
    """
    recorded = dict(decisions.one(session, asked.decision_id))
    if recorded["action"] not in registry.REVERTIBLE:
        raise Conflict(f"{recorded['action']} cannot be reverted: make a new decision")
    action = registry.ACTIONS[recorded["action"]]
    require(member, action.least_role_to_revert)  # also where an appeal is granted
    target = lock_for_others(session, member, recorded)
    if session.execute(select(Decision.id).where(Decision.reverts == asked.decision_id)).first():
        raise Conflict(f"decision {asked.decision_id} is already reverted")
    action(session, target, as_of).revert(recorded)
    return record(
        session,
        DecisionRecord(
            action=REVERT,
            target=target.kind,
            target_id=target.id,
            grounds=Grounds(asked.reason, target.content_date),
            subject=target.handle,
            staff_id=member.staff_id,
            reverts=asked.decision_id,
            note=asked.note,
        ),
        as_of,
    )


def lock_for_others(session: Session, member: KnownStaff, recorded: Mapping[str, Any]) -> Target:
    """Lock the target of a recorded decision, which is not the member's own.

    Raises:
        RecordNotFound: there is none, or no longer.
        NotAllowed: it is the member's own.
    """
    target = targets.lock(session, recorded["target"], recorded["target_id"], recorded["subject"])
    if member.device_id is not None and target.device_id == member.device_id:
        raise NotAllowed(_OWN)
    return target


def _carry_out(
    session: Session, member: KnownStaff, action: Action[Any], decision: NewDecision, item: RowMapping | None = None
) -> int:
    """Take an action, settle the queue item of its target, and record the decision. Returns the decision's id."""
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
        return Grounds(reason, content_date, "Somebody looked at it.")
    facts = "Visitors reported it, and somebody looked."
    return Grounds(reason, content_date, facts, source="SOURCE_TYPE_OTHER_NOTIFICATION")
