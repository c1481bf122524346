"""Actions on places. A hidden place stays hidden until ``hide_facility`` is reverted."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import select, text, update

from geo.casework.decisions import RecordedAction, is_effective
from geo.casework.models import Decision
from geo.casework.statements import PLACE_DISABLED
from geo.crowd import closures, open_reports, outages
from geo.errors import Conflict
from geo.facilities import merged
from geo.facilities.models import Facility
from geo.moderation.actions.action import Action
from geo.moderation.targets import FacilityTarget


class _FacilityAction(Action[FacilityTarget]):
    target_type = FacilityTarget
    queue_kind = "facility"

    def _set(self, **values: Any) -> None:
        facility = Facility.id == self.target.id
        self.session.execute(update(Facility).where(facility).values(**values, updated_at=self.as_of))

    def _refuse_hidden(self) -> None:
        if self.target.state == "hidden":
            raise Conflict(
                f"place {self.target.id} is hidden: only a senior's revert of hide_facility can show it again"
            )


class _Reported(_FacilityAction):
    """A decision by agreeing reports.

    Attributes:
        reported_as: what they say, in messages.
    """

    is_automatic = True
    reported_as: ClassVar[str]

    def _refuse_ended(self, decision_id: int) -> None:
        """Reject the revert of a decision that has ended by expiry or dismissal if a later one is effective."""
        later = select(Decision.id).where(
            *(Decision.target == self.target.kind, Decision.target_id.in_(merged.parts_of([self.target.id]))),
            *(Decision.action == self.recorded_as.name, Decision.id > decision_id, is_effective()),
        )
        later_id = self.session.execute(later.order_by(Decision.id.desc()).limit(1)).scalar_one_or_none()
        if later_id is not None:
            raise Conflict(f"the place has been {self.reported_as} again since: revert decision {later_id}")


class _SetStatus(_FacilityAction):
    """Set the status of a place.

    Attributes:
        status: the status to set.
    """

    status: ClassVar[str]

    def apply(self) -> dict[str, Any]:
        """Set the status and close the reports as upheld."""
        self._set(status=self.status, out_of_order_until=None)
        open_reports.close(self.session, "facility", self.target.id, "upheld", self.as_of)
        return super().apply()

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Set the status that results from the other effective decisions and the sources of the place."""
        if self.target.state not in {"hidden", self.status}:
            raise Conflict(f"the place is now {self.target.state}: make a new decision")
        parts = self.session.execute(merged.parts_of([self.target.id])).scalars().all()
        parameters = {
            "facility_id": self.target.id,
            "part_ids": parts,
            "as_of": self.as_of,
            "except_id": recorded["id"],
        }
        self._set(status=self.session.execute(_FITTING, parameters).scalar_one())


class ReportClosed(_Reported, _SetStatus):
    """Mark a place as reported closed, which ranks it after all others for a limited time."""

    recorded_as = closures.REPORT_CLOSED
    reported_as = "reported closed"
    status = "reported_closed"

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Set the resulting status and dismiss the reports."""
        self._refuse_ended(recorded["id"])
        closures.reopen(self.session, self.target.id, "dismissed", self.as_of)
        super().revert(recorded)


class ReportOutOfOrder(_Reported):
    """Show a place as out of order, which ranks it after all others for a limited time."""

    recorded_as = outages.REPORT_OUT_OF_ORDER
    reported_as = "reported out of order"

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Show the place as usual and dismiss the reports."""
        self._refuse_ended(recorded["id"])
        outages.end(self.session, self.target.id, "dismissed", self.as_of)


class CloseFacility(_SetStatus):
    """Close a place."""

    recorded_as = RecordedAction("close_facility", PLACE_DISABLED)
    status = "closed"

    def apply(self) -> dict[str, Any]:
        """Close the place. A hidden place cannot be closed."""
        self._refuse_hidden()
        return super().apply()


class HideFacility(_SetStatus):
    """Hide a place from everybody but staff."""

    recorded_as = RecordedAction("hide_facility", PLACE_DISABLED)
    least_role = "senior"
    least_role_to_revert = "senior"
    status = "hidden"


class DismissReports(_FacilityAction):
    """Dismiss the reports of a place."""

    recorded_as = RecordedAction("dismiss_reports")
    is_revertible = False

    def apply(self) -> dict[str, Any]:
        """Reopen the place if it is reported closed, and dismiss the reports."""
        self._refuse_hidden()
        if self.target.state == "reported_closed":
            self._set(status="active", reported_closed_until=None)
        open_reports.close(self.session, "facility", self.target.id, "dismissed", self.as_of)
        outages.settle_without_reports(self.session, self.target.id, self.as_of)
        return super().apply()


ACTIONS = (ReportClosed, ReportOutOfOrder, CloseFacility, HideFacility, DismissReports)


# A new place is closed if its acceptance is reverted. reported_closed_until is kept while a place is hidden or closed.
_FITTING = text(
    """
    WITH standing AS (
        SELECT action FROM decision
        WHERE target = 'facility' AND target_id = ANY (:part_ids) AND id <> :except_id
          AND NOT EXISTS (SELECT FROM decision AS later WHERE later.reverts = decision.id)
    )
    SELECT CASE
        WHEN EXISTS (SELECT FROM standing WHERE action = 'hide_facility') THEN 'hidden'
        WHEN EXISTS (SELECT FROM standing WHERE action = 'close_facility') THEN 'closed'
        WHEN (SELECT bool_and(has_closed OR vanished_at IS NOT NULL)
              FROM facility_source WHERE facility_id = :facility_id) THEN 'closed'
        WHEN EXISTS (SELECT FROM facility_change AS change
                     JOIN decision AS acceptance ON acceptance.id = change.decision_id
                     JOIN decision AS later ON later.reverts = acceptance.id
                     WHERE change.facility_id = ANY (:part_ids)
                       AND jsonb_typeof(acceptance.before -> 'columns') = 'null') THEN 'closed'
        WHEN reported_closed_until > :as_of THEN 'reported_closed'
        ELSE 'active' END
    FROM facility WHERE id = :facility_id
    """
)
