"""Actions on the identity of a place: merge it with another one, split it, or keep two places apart."""

from collections.abc import Mapping
from typing import Any

from geo.conflation import merging
from geo.errors import Conflict
from geo.facilities import locks, merged
from geo.moderation.actions.action import Action
from geo.moderation.targets import FacilityTarget


class _IdentityAction(Action[FacilityTarget]):
    target_type = FacilityTarget
    queue_kind = None
    takes_other = True

    def _other_id(self) -> int:
        if self.other_id is None:
            raise Conflict(f"other_id is required for {self.recorded_as.name}")
        if self.other_id == self.target.id:
            raise Conflict("other_id must be another facility")
        return self.other_id

    def _refuse_decided_since(self, decision_id: int, part_id: int) -> None:
        """Refuse to revert a decision about a part of which a later one stands."""
        later = merging.last_decision(self.session, part_id)
        if later is not None and later != decision_id:
            raise Conflict(f"it was decided again whose part facility {part_id} is: revert decision {later} first")


class MergeFacilities(_IdentityAction):
    """Merge the place and another one into the one with the older id."""

    recorded_as = merging.MERGE

    def apply(self) -> dict[str, Any]:
        """Merge them, whatever an earlier decision kept apart."""
        other_id = self._other_id()
        done = merging.merge(self.session, self.target.id, other_id, self.as_of)
        merging.allow_together(self.session, self.target.id, other_id)
        return {**super().apply(), "absorbed_id": done.absorbed_id}

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Split them again."""
        absorbed_id = recorded["before"]["absorbed_id"]
        self._refuse_decided_since(recorded["id"], absorbed_id)
        merging.split(self.session, self.target.id, absorbed_id, self.as_of)


class SplitFacility(_IdentityAction):
    """Make a place that was merged into this one a place of its own again."""

    recorded_as = merging.SPLIT

    def apply(self) -> dict[str, Any]:
        """Split it, and keep the two apart."""
        part_id = self._other_id()
        merging.split(self.session, self.target.id, part_id, self.as_of)
        return {**super().apply(), "part_id": part_id}

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Merge them again."""
        part_id = recorded["before"]["part_id"]
        self._refuse_decided_since(recorded["id"], part_id)
        merging.merge(self.session, self.target.id, part_id, self.as_of)
        merging.allow_together(self.session, recorded["target_id"], part_id)


class KeepApart(_IdentityAction):
    """Record that the place and another one are not the same, so that they are not merged automatically."""

    recorded_as = merging.KEEP_APART

    def apply(self) -> dict[str, Any]:
        """Record the pair."""
        other_id = self._other_id()
        if locks.lock(self.session, other_id) is None:
            raise Conflict(f"there is no facility {other_id}")
        if merged.place_of(self.session, other_id) == self.target.id:
            raise Conflict(f"facility {other_id} is part of facility {self.target.id}: split it")
        if not merging.keep_apart(self.session, self.target.id, other_id, self.as_of):
            raise Conflict(f"facilities {self.target.id} and {other_id} are already kept apart")
        return {**super().apply(), "other_id": other_id}

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Remove the pair."""
        merging.allow_together(self.session, recorded["target_id"], recorded["before"]["other_id"])


ACTIONS = (MergeFacilities, SplitFacility, KeepApart)
