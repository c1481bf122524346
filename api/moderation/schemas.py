"""Schemas of the moderators' queue, decisions and appeals."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.http.fields import (
    MAX_LIMIT,
    RFC_3339,
    Array,
    Decimal,
    Instant,
    StrictSchema,
    WholeNumber,
    between,
    list_of,
    note,
    words,
)
from api.http.paging import PageQuery, limit
from geo.casework.models import QUEUE_KINDS, QUEUE_STATES
from geo.casework.statements import REASONS
from geo.database import MAX_ID
from geo.moderation.actions.registry import NAMES as ACTIONS
from geo.moderation.actions.registry import OTHER_ACTIONS, STAFF_ACTIONS, WINDOW_ACTIONS
from geo.moderation.models import APPEAL_STATES

_WINDOWED = ", ".join(WINDOW_ACTIONS)

SCORE_CURSOR = r"[0-9]{1,12}(\.[0-9]{1,18})?(e-[0-9]{1,3})?-[0-9]{1,18}"
"""Pattern of a cursor: the score and the id of a page's last item."""


class ScoreCursor(fields.String):
    """Where the previous page ended."""

    default_error_messages = {"cursor": "is not a cursor returned by this route"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(SCORE_CURSOR, text):
            raise self.make_error("cursor")
        score, _, item_id = text.rpartition("-")
        return float(score), int(item_id)


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


class AppealQuery(PageQuery):
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
    """An action and its reason."""

    action = words(*STAFF_ACTIONS, required=True)
    reason = reason()
    note = note("A sentence to the author.")
    # "from" is a keyword of Python.
    from_ = Instant(data_key="from", metadata={"description": f"{_WINDOWED}: from when.", "format": "date-time"})
    until = Instant(metadata={"description": f"{_WINDOWED}: until before when.", "format": "date-time"})
    other_id = WholeNumber(
        strict=True,
        validate=between(1, MAX_ID),
        metadata={"description": f"{', '.join(OTHER_ACTIONS)}: the id of the other facility."},
    )

    @validates_schema
    def _other(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        takes_other = data.get("action") in OTHER_ACTIONS
        if takes_other and "other_id" not in data:
            raise ValidationError({"other_id": [f"is required with {data['action']}"]})
        if "other_id" in data and not takes_other:
            raise ValidationError({"other_id": [f"is allowed only with {', '.join(OTHER_ACTIONS)}"]})

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
    """A decision on a target that is not in the queue."""

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
            faults[other] = [f"cannot be combined with target={data.get('target')}"]
        if "rated_at" in data and data.get("target") != "comment":
            faults["rated_at"] = [f"is not allowed with target={data.get('target')}"]
        if faults:
            raise ValidationError(faults)


class Revert(StrictSchema):
    """The reason for reverting a decision."""

    reason = reason()
    note = note("A sentence to the author.")


class AppealDecision(StrictSchema):
    """The outcome of an appeal."""

    outcome = words("granted", "rejected", required=True)
    answer = note("The answer to the author.", required=True)
    version = version()


class QueueItem(Schema):
    """An item for moderators to review."""

    id = fields.Integer(required=True)
    kind = words(*QUEUE_KINDS, required=True)
    target_id = fields.Integer(required=True)
    state = words(*QUEUE_STATES, required=True)
    score = fields.Float(required=True)
    details = fields.Dict(required=True, metadata={"description": "Why the item is in the queue."})
    opened_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    claimed_by = fields.Integer(required=True, allow_none=True)
    claimed_until = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class QueuePage(Schema):
    """Queue items, the most urgent first."""

    items = fields.List(fields.Nested(QueueItem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QueueItemInFull(QueueItem):
    """A queue item with its target and the reports about it."""

    content = fields.Dict(required=True, allow_none=True, metadata={"description": "null if it no longer exists."})
    reports = fields.List(fields.Dict(), required=True)


class Made(Schema):
    """A new decision."""

    decision_id = fields.Integer(required=True)


class BulkOutcome(Schema):
    """The outcome for one item."""

    id = fields.Integer(required=True)
    decided = fields.Boolean(required=True)
    status = fields.Integer(
        required=True, metadata={"description": "The status that a decision on this item alone would have."}
    )
    detail = fields.String(required=True, allow_none=True)


class BulkOutcomes(Schema):
    """The outcome for each item; with dry_run, the expected one."""

    dry_run = fields.Boolean(required=True)
    items = fields.List(fields.Nested(BulkOutcome), required=True)


class Decision(Schema):
    """A decision. Fields of the statement of reasons have the names of the EU's database."""

    id = fields.Integer(required=True)
    puid = fields.UUID(required=True)
    decided_at = fields.AwareDateTime(required=True)
    action = words(*ACTIONS, required=True)
    target = fields.String(required=True)
    target_id = fields.Integer(required=True, allow_none=True)
    subject = fields.UUID(required=True, allow_none=True)
    staff_id = fields.Integer(required=True, allow_none=True)
    queue_item_id = fields.Integer(required=True, allow_none=True)
    reverts = fields.Integer(required=True, allow_none=True)
    reverted_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)


class DecisionPage(Schema):
    """Decisions, newest first."""

    decisions = fields.List(fields.Nested(Decision), required=True)
    next_cursor = fields.Integer(required=True, allow_none=True)


class Appeal(Schema):
    """An appeal against a decision."""

    id = fields.Integer(required=True)
    decision_id = fields.Integer(required=True)
    text = fields.String(required=True)
    state = words(*APPEAL_STATES, required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    staff_id = fields.Integer(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class AppealPage(Schema):
    """Appeals, oldest first."""

    appeals = fields.List(fields.Nested(Appeal), required=True)
    next_cursor = fields.Integer(required=True, allow_none=True)


class Reason(Schema):
    """A predefined reason."""

    id = fields.String(required=True)
    text = fields.String(required=True, metadata={"description": "In the language of Accept-Language."})
    category = fields.String(required=True)


class Reasons(Schema):
    """All predefined reasons."""

    reasons = fields.List(fields.Nested(Reason), required=True)
