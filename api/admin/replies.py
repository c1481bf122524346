"""What the moderators' door answers, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.strictness import words
from geo.casework.models import QUEUE_KINDS, QUEUE_STATES, ROLES
from geo.crowd.models import COMMENT_STATES, PRESENCES
from geo.moderation.actions.registry import NAMES as ACTIONS
from geo.moderation.models import APPEAL_STATES


class QueueItem(Schema):
    """Something for staff to look at."""

    id = fields.Integer(required=True)
    kind = words(*QUEUE_KINDS, required=True)
    thing_id = fields.Integer(required=True)
    state = words(*QUEUE_STATES, required=True)
    score = fields.Float(required=True)
    details = fields.Dict(required=True, metadata={"description": "Why it is here."})
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
    """A queue item with what it is about and what was reported of it."""

    thing = fields.Dict(required=True, allow_none=True, metadata={"description": "null once it has gone."})
    reports = fields.List(fields.Dict(), required=True)


class Made(Schema):
    """A decision that was made."""

    decision_id = fields.Integer(required=True)


class BulkOutcome(Schema):
    """What came of one item."""

    id = fields.Integer(required=True)
    decided = fields.Boolean(required=True)
    status = fields.Integer(required=True, metadata={"description": "As if it had been decided alone."})
    detail = fields.String(required=True, allow_none=True)


class BulkOutcomes(Schema):
    """What came of each item; with dry_run, what would."""

    dry_run = fields.Boolean(required=True)
    items = fields.List(fields.Nested(BulkOutcome), required=True)


class Decision(Schema):
    """A decision. Fields of a statement of reasons are named as in the EU's database."""

    id = fields.Integer(required=True)
    puid = fields.UUID(required=True)
    decided_at = fields.AwareDateTime(required=True)
    action = words(*ACTIONS, required=True)
    thing = fields.String(required=True)
    thing_id = fields.Integer(required=True, allow_none=True)
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
    """An objection to a decision."""

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
    """A canned reason."""

    id = fields.String(required=True)
    text = fields.String(required=True)
    category = fields.String(required=True)


class Reasons(Schema):
    """All canned reasons."""

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
    """A rating with its text, seen by everybody or not, and how it is weighed."""

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
    """A facility, hidden or not."""

    facility = fields.Dict(required=True, metadata={"description": "All its columns."})
    ratings = fields.List(fields.Nested(RatingInFull), required=True)
    exclusions = fields.List(fields.Dict(), required=True)


class DeviceInFull(Schema):
    """A device and what it said."""

    handle = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    suspended_at = fields.AwareDateTime(required=True, allow_none=True)
    ratings = fields.List(fields.Nested(RatingInFull), required=True)


class StaffToken(Schema):
    """A member of staff just added; the token is shown this once."""

    id = fields.Integer(required=True)
    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class AuditEntry(Schema):
    """One event of the chain."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor = fields.String(required=True)
    event = fields.String(required=True)
    details = fields.Dict(required=True)
    hash = fields.String(required=True, metadata={"description": "sha256, in hexadecimal."})


class AuditPage(Schema):
    """Events, newest first."""

    entries = fields.List(fields.Nested(AuditEntry), required=True)
    next_cursor = fields.Integer(required=True, allow_none=True)
