"""The base class of the actions of moderation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from geo.casework.decisions import RecordedAction
from geo.casework.staff import Role
from geo.database import Session
from geo.moderation.targets import Target

Window = tuple[datetime, datetime]
"""A time window: its start (included) and its end (excluded)."""

AnyTarget = TypeVar("AnyTarget", bound=Target)


@dataclass(frozen=True, slots=True)
class NewDecision:
    """The content of a decision by a member of staff.

    Attributes:
        action: name of an action.
        reason: one of REASONS.
        note: a sentence to the author, or None.
        window: the time window, for an action that takes one.
        other_id: the second facility, for an action that takes one.
        rated_at: ``rated_at`` of the comment's rating as the member has seen it, or None.
    """

    action: str
    reason: str
    note: str | None = None
    window: Window | None = None
    other_id: int | None = None
    rated_at: datetime | None = None


class MadeDecision(NamedTuple):
    """A recorded decision: its id, and the result of ``apply``."""

    decision_id: int
    before: Mapping[str, Any]


@dataclass(frozen=True)
class Action(Generic[AnyTarget]):
    """An action of moderation that is applied to a target or reverted.

    Each subclass declares:

    Attributes:
        recorded_as: its name and its restriction.
        target_type: the type of its targets.
        queue_kind: the kind of queue item that it closes; None if there is no such item.
        is_automatic: it results from contributions of visitors; staff cannot choose it.
        least_role: the lowest role that may apply it.
        is_revertible: a decision with this action can be reverted.
        least_role_to_revert: the lowest role that may revert it.
        takes_window: it applies to the time window of the decision.
        takes_other: it is about a second facility.

    Each instance has:

    Attributes:
        session: a write session that has locked the target.
        target: the target.
        as_of: now.
        window: the time window, or None.
        other_id: the id of the second facility, or None.
    """

    recorded_as: ClassVar[RecordedAction]
    target_type: ClassVar[type[Target]]
    queue_kind: ClassVar[str | None]
    is_automatic: ClassVar[bool] = False
    least_role: ClassVar[Role] = "moderator"
    is_revertible: ClassVar[bool] = True
    least_role_to_revert: ClassVar[Role] = "moderator"
    takes_window: ClassVar[bool] = False
    takes_other: ClassVar[bool] = False

    session: Session
    target: AnyTarget
    as_of: datetime
    window: Window | None = None
    other_id: int | None = None

    def concerns(self, device_id: int) -> bool:
        """Return whether the action concerns content of a device."""
        return self.target.device_id == device_id

    def apply(self) -> dict[str, Any]:
        """Apply the action. Return the state that the decision records as ``before``, for ``revert``.

        Raises:
            Conflict: the state of the target does not allow the action.
        """
        return {"state": self.target.state}

    def follow_up(self, made: MadeDecision) -> None:
        """Insert the rows that reference the decision, after it is recorded."""

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Revert the effects of a recorded decision.

        Raises:
            Conflict: the target has changed since.
        """
        raise NotImplementedError
