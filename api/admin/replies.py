"""Response schemas of the moderators' API, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.strictness import words
from geo.casework.models import QUEUE_KINDS, QUEUE_STATES, ROLES
from geo.crowd.models import COMMENT_STATES, PRESENCES
from geo.moderation.actions.registry import NAMES as ACTIONS
from geo.moderation.models import APPEAL_STATES


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
    text = fields.String(required=True)
    category = fields.String(required=True)


class Reasons(Schema):
    """All predefined reasons."""

    reasons = fields.List(fields.Nested(Reason), required=True)


class Staff(Schema):
    """A member of staff."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    role = words(*ROLES, required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class StaffList(Schema):
    """All members of staff."""

    staff = fields.List(fields.Nested(Staff), required=True)


class RatingInFull(Schema):
    """A rating with its text, public or not, and its weights."""

    id = fields.Integer(required=True)
    facility_id = fields.Integer(required=True)
    handle = fields.UUID(required=True)
    stars = fields.Integer(required=True)
    comment = fields.String(required=True, allow_none=True)
    comment_state = words(*COMMENT_STATES, required=True)
    comment_approved = fields.Boolean(required=True)
    observed = fields.Dict(required=True)
    rated_at = fields.AwareDateTime(required=True)
    weight = fields.Float(required=True)
    weight_age = fields.Float(required=True)
    weight_presence = fields.Float(required=True)
    weight_cluster = fields.Float(required=True)
    presence = words(*PRESENCES, None, required=True, allow_none=True)  # type: ignore[arg-type]  # null is in the enum
    demo = fields.Boolean(required=True)


class FacilityInFull(Schema):
    """A facility, hidden or not, with its newest ratings."""

    facility = fields.Dict(required=True, metadata={"description": "All columns of the facility."})
    ratings = fields.List(fields.Nested(RatingInFull), required=True)
    exclusions = fields.List(fields.Dict(), required=True)


class DeviceInFull(Schema):
    """A device and its content."""

    handle = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    suspended_at = fields.AwareDateTime(required=True, allow_none=True)
    ratings = fields.List(fields.Nested(RatingInFull), required=True)


class StaffToken(Schema):
    """A new member of staff; the token is shown only once."""

    id = fields.Integer(required=True)
    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class AuditEntry(Schema):
    """One entry of the audit chain."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor = fields.String(required=True)
    event = fields.String(required=True)
    details = fields.Dict(required=True)
    hash = fields.String(required=True, metadata={"description": "SHA-256 in hexadecimal."})


class AuditPage(Schema):
    """Entries of the audit chain, newest first."""

    entries = fields.List(fields.Nested(AuditEntry), required=True)
    next_cursor = fields.Integer(required=True, allow_none=True)
