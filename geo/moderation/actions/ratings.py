"""Actions on rate bombs: exclude the ratings of a time window, or dismiss the alarm."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from geo.casework.decisions import RecordedAction
from geo.casework.statements import PLACE_DEMOTED
from geo.crowd import rate_bombs, ratings
from geo.crowd.models import Rating, RatingExclusion
from geo.errors import Conflict
from geo.moderation.actions.action import Action, MadeDecision, Window
from geo.moderation.targets import FacilityTarget


class _BurstAction(Action[FacilityTarget]):
    target_type = FacilityTarget
    queue_kind = rate_bombs.KIND

    def apply(self) -> dict[str, Any]:
        rate_bombs.forget(self.session, self.target.id)
        return super().apply()


class ExcludeRatings(_BurstAction):
    """Exclude the ratings of a time window from a place's quality."""

    recorded_as = RecordedAction(rate_bombs.EXCLUDE, PLACE_DEMOTED)
    least_role = "senior"
    takes_window = True

    def concerns(self, device_id: int) -> bool:
        """Return whether the place or a rating in the window is the device's."""
        start, end = self._required_window()
        in_window = select(Rating.id).where(
            *(Rating.facility_id == self.target.id, Rating.device_id == device_id),
            *(Rating.rated_at >= start, Rating.rated_at < end),
        )
        return super().concerns(device_id) or self.session.execute(in_window).first() is not None

    def apply(self) -> dict[str, Any]:
        """Check the window. ``follow_up`` excludes the ratings, because the exclusion references the decision."""
        self._required_window()
        return super().apply()

    def follow_up(self, made: MadeDecision) -> None:
        """Exclude the ratings."""
        start, end = self._required_window()
        during = f"[{start.isoformat()},{end.isoformat()})"
        values = {"decision_id": made.decision_id, "facility_id": self.target.id, "during": during}
        self.session.execute(insert(RatingExclusion).values(**values))
        ratings.recompute(self.session, [self.target.id])
        rate_bombs.watch(self.session, self.target.id, self.as_of)

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Include the ratings again."""
        exclusion = RatingExclusion.decision_id == recorded["id"]
        self.session.execute(update(RatingExclusion).where(exclusion).values(lifted_at=self.as_of))
        ratings.recompute(self.session, [self.target.id])

    def _required_window(self) -> Window:
        if self.window is None:
            raise Conflict(f"from and until are required for {self.recorded_as.name}")
        return self.window


class DismissAlarm(_BurstAction):
    """Dismiss an alarm. A larger rush of further ratings raises another one."""

    recorded_as = rate_bombs.DISMISS_ALARM
    is_revertible = False


ACTIONS = (ExcludeRatings, DismissAlarm)
