"""Schemas of the caller's stored data and of decisions about it."""

from marshmallow import Schema, fields

from api.http.fields import StrictSchema, note, words
from geo.moderation.actions.registry import NAMES as ACTIONS
from geo.moderation.models import APPEAL_STATES


class NewAppeal(StrictSchema):
    """An appeal against a decision."""

    text = note("In the author's words.", required=True)


class StoredRows(Schema):
    """The number of rows stored about a device."""

    ratings = fields.Integer(required=True)
    past_ratings = fields.Integer(required=True)
    reports = fields.Integer(required=True)
    proposals = fields.Integer(required=True)
    appeals = fields.Integer(required=True)


class Me(Schema):
    """The calling device."""

    handle = fields.UUID(required=True, metadata={"description": "The id that staff see."})
    registered_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    suspended_at = fields.AwareDateTime(required=True, allow_none=True)
    stored = fields.Nested(StoredRows, required=True)


class Export(Schema):
    """All data stored about the calling device."""

    device = fields.Nested(Me, required=True)
    ratings = fields.List(fields.Dict(), required=True)
    past_ratings = fields.List(fields.Dict(), required=True)
    reports = fields.List(fields.Dict(), required=True)
    proposals = fields.List(fields.Dict(), required=True)
    decisions = fields.List(fields.Dict(), required=True)
    appeals = fields.List(fields.Dict(), required=True)


class OwnAppeal(Schema):
    """The outcome of an appeal."""

    state = words(*APPEAL_STATES, required=True)
    text = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)


class OwnDecision(Schema):
    """A decision that affects the caller. Fields of the statement of reasons have the names of the EU's database."""

    id = fields.UUID(required=True)
    decided_at = fields.AwareDateTime(required=True)
    action = words(*ACTIONS, required=True)
    target = fields.String(required=True)
    target_id = fields.Integer(required=True, allow_none=True)
    restricts = fields.Boolean(required=True)
    automated = fields.Boolean(required=True)
    reason = fields.String(required=True)
    reason_text = fields.String(
        required=True, metadata={"description": "A sentence about the reason, in the language of Accept-Language."}
    )
    note = fields.String(required=True, allow_none=True)
    decision_visibility = fields.List(fields.String(), required=True, allow_none=True)
    decision_account = fields.String(required=True, allow_none=True)
    decision_ground = fields.String(required=True, allow_none=True)
    decision_facts = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What happened, in the language of Accept-Language; in English for old decisions."},
    )
    end_date_visibility_restriction = fields.Date(required=True, allow_none=True)
    reverted_at = fields.AwareDateTime(required=True, allow_none=True)
    appeal_until = fields.AwareDateTime(required=True, allow_none=True)
    appeal = fields.Nested(OwnAppeal, required=True, allow_none=True)


class OwnDecisions(Schema):
    """The decisions that affect the caller, newest first."""

    decisions = fields.List(fields.Nested(OwnDecision), required=True)


class AppealReceipt(Schema):
    """A stored appeal."""

    id = fields.Integer(required=True)
