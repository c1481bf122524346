"""Actions on a comment: each is about the words that it was taken on, which their digest in ``before`` names."""

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
        author = self.target.facility_id, self.target.device_id
        return {**super().apply(), "text_digest": comments.text_digest(self.session, *author, self.target.text)}

    def revert(self, recorded: Mapping[str, Any]) -> None:
        comments.show_again(self.session, self.target.facility_id, self.target.device_id, recorded, self.as_of)


class HoldComment(_CommentAction):
    """Show a text to its author alone until a moderator has looked; taken for what the text contains."""

    recorded_as = comments.HOLD
    is_automatic = True


class HideComment(_CommentAction):
    """Show a text to its author alone."""

    recorded_as = comments.HIDE

    def apply(self) -> dict[str, Any]:
        """Hide the text, and uphold its reports."""
        before = super().apply()
        hidden = {"comment_state": "hidden", "comment_approved": False}
        self.session.execute(update(Rating).where(Rating.id == self.target.id).values(**hidden))
        open_reports.close(self.session, "comment", self.target.id, "upheld", self.as_of)
        return before


class ApproveComment(_CommentAction):
    """Show a text to everybody, whatever is reported of it."""

    recorded_as = comments.APPROVE
    is_revertible = False

    def apply(self) -> dict[str, Any]:
        """Show the text, and dismiss its reports."""
        before, target = super().apply(), self.target
        comments.show(self.session, target.facility_id, target.device_id, before["text_digest"], self.as_of)
        open_reports.close(self.session, "comment", target.id, "dismissed", self.as_of)
        return before


ACTIONS = (HoldComment, HideComment, ApproveComment)
