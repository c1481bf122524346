"""Actions on proposals: accept, which adds or changes a place, and reject."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from geo.casework import queue
from geo.casework.decisions import RecordedAction
from geo.casework.statements import PLACE_DISABLED
from geo.crowd import open_reports, proposals
from geo.crowd.models import Proposal
from geo.errors import Conflict
from geo.moderation import acceptance
from geo.moderation.actions.action import Action, MadeDecision
from geo.moderation.targets import ProposalTarget


class _ProposalAction(Action[ProposalTarget]):
    target_type = ProposalTarget
    queue_kind = "proposal"

    def apply(self) -> dict[str, Any]:
        if self.target.state != "pending":
            raise Conflict(f"proposal {self.target.id} is already {self.target.state}")
        open_reports.close(self.session, "proposal", self.target.id, "moot", self.as_of)
        return super().apply()

    def revert(self, _recorded: Mapping[str, Any]) -> None:
        """Put the proposal into the queue again."""
        self._set(state="pending", decided_at=None)
        score, details = proposals.PROPOSAL_SCORE, {"reverted": True}
        queue.put(self.session, "proposal", self.target.id, self.as_of, score=score, details=details)

    def _set(self, **values: Any) -> None:
        self.session.execute(update(Proposal).where(Proposal.id == self.target.id).values(**values))


class AcceptProposal(_ProposalAction):
    """Accept a proposal."""

    recorded_as = RecordedAction("accept_proposal")

    def apply(self) -> dict[str, Any]:
        """Add or change the place."""
        before = super().apply()
        proposal = dict(proposals.one(self.session, self.target.id))
        changed = acceptance.carry_out(self.session, proposal, self.as_of)
        self._set(state="accepted", decided_at=self.as_of, facility_id=changed["facility_id"])
        return before | changed

    def follow_up(self, made: MadeDecision) -> None:
        """Store the previous values of the place."""
        acceptance.keep_history(self.session, made.decision_id, made.before, self.as_of)

    def revert(self, recorded: Mapping[str, Any]) -> None:
        """Restore the place and reopen the proposal. A new place is closed, and the proposal no longer refers to it."""
        acceptance.take_back(self.session, recorded["id"], recorded["before"], self.as_of)
        super().revert(recorded)
        if recorded["before"]["columns"] is None:
            self._set(facility_id=None)


class RejectProposal(_ProposalAction):
    """Reject a proposal."""

    recorded_as = RecordedAction("reject_proposal", PLACE_DISABLED)

    def apply(self) -> dict[str, Any]:
        """Reject the proposal."""
        before = super().apply()
        self._set(state="rejected", decided_at=self.as_of)
        return before


ACTIONS = (AcceptProposal, RejectProposal)
