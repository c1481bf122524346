"""Actions on comments. Each applies to one text, whose digest the decision records in ``before``."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from geo.crowd import comments, open_reports
from geo.crowd.models import Rating
from geo.moderation.actions.action import Action
from geo.moderation.targets import CommentTarget


class _CommentAction(Action[CommentTarget]):
    target_type = CommentTarget
    queue_kind = "comment"

    def apply(self) -> dict[str, Any]:
        target = self.target
        digest = comments.text_digest(self.session, target.origin_id, target.device_id, target.text)
        return {**super().apply(), "text_digest": digest}

    def revert(self, recorded: Mapping[str, Any]) -> None:
        comments.show_again(self.session, self.target.facility_id, self.target.device_id, recorded, self.as_of)


class HoldComment(_CommentAction):
    """Hold a text with contact details for review: only its author sees it until a moderator decides."""

    recorded_as = comments.HOLD
    is_automatic = True


class HideComment(_CommentAction):
    """Hide a text from everybody but its author."""

    recorded_as = comments.HIDE

    def apply(self) -> dict[str, Any]:
        """Hide the text and close its reports as upheld."""
        before = super().apply()
        hidden = {"comment_state": "hidden", "comment_approved": False}
        self.session.execute(update(Rating).where(Rating.id == self.target.id).values(**hidden))
        open_reports.close(self.session, "comment", self.target.id, "upheld", self.as_of)
        return before


class ApproveComment(_CommentAction):
    """Show a text to everybody; later reports do not hide it again."""

    recorded_as = comments.APPROVE
    is_revertible = False

    def apply(self) -> dict[str, Any]:
        """Show the text and dismiss its reports."""
        before, target = super().apply(), self.target
        comments.show(self.session, target.facility_id, target.device_id, before["text_digest"], self.as_of)
        open_reports.close(self.session, "comment", target.id, "dismissed", self.as_of)
        return before


ACTIONS = (HoldComment, HideComment, ApproveComment)
