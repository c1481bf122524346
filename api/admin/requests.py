"""Request schemas of the moderators' API."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.strictness import Array, Decimal, PlainText, StrictSchema, WholeNumber, between, words
from api.v1.crowd_requests import WRITTEN, note
from api.v1.requests import DEFAULT_LIMIT, MAX_LIMIT, RFC_3339, list_of
from geo.casework.models import QUEUE_KINDS, QUEUE_STATES, ROLES
from geo.casework.statements import REASONS
from geo.database import MAX_ID
from geo.moderation.actions.registry import STAFF_ACTIONS, WINDOW_ACTIONS
from geo.moderation.models import APPEAL_STATES

_WINDOWED = ", ".join(WINDOW_ACTIONS)

NAME_MAX_CHARACTERS = 64

SCORE_CURSOR = r"[0-9]{1,12}(\.[0-9]{1,18})?(e-[0-9]{1,3})?-[0-9]{1,18}"
"""Pattern of a cursor: the score and the id of a page's last item."""

MAX_CURSOR = 10**18 - 1
"""Eighteen digits, the maximum of a whole number in a query."""


class Instant(fields.String):
    """An RFC 3339 instant."""

    default_error_messages = {"instant": "must be an RFC 3339 instant such as 2026-12-24T18:00:00Z"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(RFC_3339, text):
            raise self.make_error("instant")
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("instant") from None


class ScoreCursor(fields.String):
    """Where the previous page ended."""

    default_error_messages = {"cursor": "is not a cursor returned by this route"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(SCORE_CURSOR, text):
            raise self.make_error("cursor")
        score, _, item_id = text.rpartition("-")
        return float(score), int(item_id)


def limit() -> WholeNumber:
    """Return a field for the size of a page."""
    return WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of entries."},
    )


class Page(StrictSchema):
    """The query for a page."""

    limit = limit()
    cursor = WholeNumber(validate=between(0, MAX_CURSOR), metadata={"description": "next_cursor of the previous page."})


class QueueQuery(StrictSchema):
    """The query for queue items."""

    kind = list_of(QUEUE_KINDS, "Only these kinds.")
    state = words(*QUEUE_STATES, load_default="open", metadata={"description": "State. Default: open."})
    opened_before = Instant(
        metadata={
            "description": "Only items created before this instant.",
            "pattern": f"^{RFC_3339}$",
            "example": "2026-11-21T12:00:00Z",
        }
    )
    min_score = Decimal(validate=between(0, 1e6), metadata={"description": "Minimum urgency."})
    limit = limit()
    cursor = ScoreCursor(metadata={"description": "next_cursor of the previous page.", "pattern": f"^{SCORE_CURSOR}$"})


class AppealQuery(Page):
    """The query for appeals."""

    state = words(*APPEAL_STATES, load_default="open", metadata={"description": "State. Default: open."})


def version() -> WholeNumber:
    """Return a field for the version that the moderator has read."""
    return WholeNumber(
        strict=True,
        required=True,
        validate=between(1, MAX_ID),
        metadata={"description": "Version that was read; 412 if the item has changed since."},
    )


def reason() -> fields.String:
    """Return a field for a predefined reason."""
    return words(*REASONS, required=True, metadata={"description": "GET /admin/v1/reasons returns their texts."})


class _NewDecision(StrictSchema):
    """What is decided, and why."""

    action = words(*STAFF_ACTIONS, required=True)
    reason = reason()
    note = note("A sentence to the author.")
    # "from" is a word of Python's.
    from_ = Instant(data_key="from", metadata={"description": f"{_WINDOWED}: from when.", "format": "date-time"})
    until = Instant(metadata={"description": f"{_WINDOWED}: until before when.", "format": "date-time"})

    @validates_schema
    def _window(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data.get("action") not in WINDOW_ACTIONS:
            faults = {name: [f"is allowed only with {_WINDOWED}"] for name in ("from_", "until") if name in data}
        else:
            faults = {name: ["is required with exclude_ratings"] for name in ("from_", "until") if name not in data}
            if not faults and data["from_"] >= data["until"]:
                faults["until"] = ["must be later than from"]
        if faults:
            raise ValidationError({name.rstrip("_"): texts for name, texts in faults.items()})


class ItemDecision(_NewDecision):
    """A decision on a queue item."""

    version = version()


class SeenItem(StrictSchema):
    """A queue item in the version that was read."""

    id = WholeNumber(strict=True, required=True, validate=between(1, MAX_ID))
    version = version()


class BulkDecision(_NewDecision):
    """One decision on many queue items."""

    items = Array(fields.Nested(SeenItem), least=1, most=MAX_LIMIT, required=True)
    dry_run = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        error_messages={"invalid": "must be true or false"},
        metadata={"description": "Return the outcome without changing anything."},
    )


class DirectDecision(_NewDecision):
    """A decision on something that nobody reported."""

    target = words("facility", "comment", "device", required=True)
    target_id = WholeNumber(
        strict=True, validate=between(1, MAX_ID), metadata={"description": "Id of a facility or rating."}
    )
    handle = fields.UUID(metadata={"description": "Handle of a device."})
    rated_at = Instant(
        metadata={
            "description": "rated_at of the comment's rating as it was read; 412 if the author has rated again since.",
            "format": "date-time",
        }
    )

    @validates_schema
    def _named(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        needed, other = ("handle", "target_id") if data.get("target") == "device" else ("target_id", "handle")
        faults = {needed: ["is required"]} if needed not in data else {}
        if other in data:
            faults[other] = [f"cannot be combined with target={data.get('thing')}"]
        if "rated_at" in data and data.get("target") != "comment":
            faults["rated_at"] = [f"is not allowed with target={data.get('thing')}"]
        if faults:
            raise ValidationError(faults)


class Revert(StrictSchema):
    """The reason for reverting a decision."""

    reason = reason()
    note = note("A sentence to the author.")


class AppealDecision(StrictSchema):
    """What becomes of an appeal."""

    outcome = words("granted", "rejected", required=True)
    answer = note("The answer to the author.", required=True)
    version = version()


class NewStaff(StrictSchema):
    """A member of staff to add."""

    name = PlainText(
        required=True,
        validate=validate.Length(1, NAME_MAX_CHARACTERS, error="must be between {min} and {max} characters long"),
        metadata={"example": "anna", "pattern": WRITTEN},
    )
    role = words(*ROLES, required=True)
    device_handle = fields.UUID(
        allow_none=True,
        load_default=None,
        metadata={"description": "The person's own phone; nobody may decide on their own content."},
    )
