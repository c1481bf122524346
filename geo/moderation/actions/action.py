"""What each action of moderation declares and does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from geo.casework.decisions import RecordedAction
from geo.casework.staff import Role
from geo.database import Session
from geo.moderation.targets import Target

Window = tuple[datetime, datetime]
"""From when until before when."""

AnyTarget = TypeVar("AnyTarget", bound=Target)


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What a member of staff decides.

    Attributes:
        action: name of an action.
        reason: of REASONS.
        note: a sentence to the author.
        window: from when until before when, for an action that takes a window.
        rated_at: of the comment's rating, as the member saw it.
    """

    action: str
    reason: str
    note: str | None = None
    window: Window | None = None
    rated_at: datetime | None = None


class MadeDecision(NamedTuple):
    """A decision just recorded: its id, and what ``apply`` returned."""

    decision_id: int
    before: Mapping[str, Any]


@dataclass(frozen=True)
class Action(Generic[AnyTarget]):
    """An action of moderation, about to be taken on a target or reverted.

    Each is a subclass that declares:

    Attributes:
        recorded_as: its name, and how it restricts whose content the target is.
        target_type: on what it is taken.
        queue_kind: the kind of queue item that it settles, None where no item is about such a target.
        is_automatic: nobody of the staff takes it; it follows from what visitors say.
        least_role: who may take it.
        is_revertible: it can be taken back; otherwise staff decide anew.
        least_role_to_revert: who may take it back.
        takes_window: it concerns the time window that the decision names.

    Each instance knows:

    Attributes:
        session: a write session that has locked the target.
        target: on what it is taken.
        as_of: now.
        window: from when until before when.
    """

    recorded_as: ClassVar[RecordedAction]
    target_type: ClassVar[type[Target]]
    queue_kind: ClassVar[str | None]
    is_automatic: ClassVar[bool] = False
    least_role: ClassVar[Role] = "moderator"
    is_revertible: ClassVar[bool] = True
    least_role_to_revert: ClassVar[Role] = "moderator"
    takes_window: ClassVar[bool] = False

    session: Session
    target: AnyTarget
    as_of: datetime
    window: Window | None = None

    def concerns(self, device_id: int) -> bool:
        """Whether it concerns content of a device."""
        return self.target.device_id == device_id

    def apply(self) -> dict[str, Any]:
        """Take the action. Returns what ``revert`` finds as ``before`` in the recorded decision.

        Raises:
            Conflict: the state of the target does not allow it.
        """
        return {"state": self.target.state}

    def follow_up(self, made: MadeDecision) -> None:
        """Insert the rows that reference the decision, once it is recorded."""

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Take back what a recorded decision did.

        Raises:
            Conflict: the target has changed since.
        """
        raise NotImplementedError
