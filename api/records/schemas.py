"""Schemas of the records that staff may read, and of staff accounts."""

from marshmallow import Schema, fields, validate

from api.http.fields import WRITTEN, PlainText, StrictSchema, words
from geo.casework.models import ROLES
from geo.crowd.models import COMMENT_STATES, PRESENCES

NAME_MAX_CHARACTERS = 64


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
        metadata={"description": "The person's own phone; staff may not decide on their own content."},
    )


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
    weight_track = fields.Float(required=True)
    weight_presence = fields.Float(required=True)
    weight_rush = fields.Float(required=True)
    presence = words(*PRESENCES, None, required=True, allow_none=True)  # type: ignore[arg-type]  # null is in the enum
    origin = fields.String(
        required=True, allow_none=True, metadata={"description": "The web page of another site that sent it."}
    )
    trusted = fields.Boolean(
        required=True, metadata={"description": "Made without a request, such as a demo rating: it counts fully."}
    )
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
