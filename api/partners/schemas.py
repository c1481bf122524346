"""Schemas of partner sites, their keys, quotas and usage."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from api.http.fields import Array, Instant, PlainText, StrictSchema, WholeNumber, between, words
from api.partners import examples
from geo.errors import InvalidKeyTerms
from geo.partners import issued_keys, keys, registry
from geo.partners.models import KEY_KINDS, MAX_DAILY_QUOTA, MAX_ORIGINS, NAME_MAX_CHARACTERS, PUBLISHABLE_SCOPES, SCOPES

MAX_OVERLAP_DAYS = 365


class Origin(fields.String):
    """A web origin such as https://www.example.org."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return keys.origin(str(super()._deserialize(value, attr, data, **kwargs)))
        except InvalidKeyTerms as error:
            raise ValidationError(str(error)) from None


def _quota(**kwargs: Any) -> WholeNumber:
    return WholeNumber(
        strict=True,
        validate=between(1, MAX_DAILY_QUOTA),
        metadata={"description": "Requests per day (UTC), for all keys together.", "example": registry.DAILY_QUOTA},
        **kwargs,
    )


class NewPartner(StrictSchema):
    """A new partner."""

    name = PlainText(
        required=True,
        validate=validate.Length(1, NAME_MAX_CHARACTERS, error="must be between {min} and {max} characters long"),
        metadata={"description": "The partner's name.", "example": "Acme"},
    )
    daily_quota = _quota(load_default=registry.DAILY_QUOTA)


class Quota(StrictSchema):
    """A partner's daily quota."""

    daily_quota = _quota(required=True)


class NewKeyTerms(StrictSchema):
    """The terms of a key."""

    kind = words(*KEY_KINDS, required=True, metadata={"example": "publishable"})
    origins = Array(
        Origin(),
        most=MAX_ORIGINS,
        load_default=list,
        metadata={
            "description": "For a publishable key: the sites whose pages may use it.",
            "example": [examples.ORIGIN],
        },
    )
    scopes = Array(
        words(*SCOPES),
        least=1,
        most=len(SCOPES),
        load_default=lambda: list(PUBLISHABLE_SCOPES),
        metadata={"description": "What the key allows.", "example": list(PUBLISHABLE_SCOPES)},
    )
    expires_at = Instant(load_default=None, allow_none=True, metadata={"description": "When the key expires."})


class Rotation(StrictSchema):
    """Which key to rotate."""

    kind = words(*KEY_KINDS, required=True, metadata={"example": "publishable"})
    overlap_days = WholeNumber(
        strict=True,
        load_default=issued_keys.ROTATION_OVERLAP.days,
        validate=between(0, MAX_OVERLAP_DAYS),
        metadata={"description": "How long the old key stays valid."},
    )


class Key(Schema):
    """A key's terms and state, without the key itself."""

    id = fields.Integer(required=True)
    hint = fields.String(required=True, metadata={"description": "The key's last characters."})
    kind = words(*KEY_KINDS, required=True)
    origins = fields.List(fields.String(), required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class Partner(Schema):
    """A partner and all its keys."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    daily_quota = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    keys = fields.List(fields.Nested(Key), required=True)


class Partners(Schema):
    """All partners, by name."""

    partners = fields.List(fields.Nested(Partner), required=True)


class ShownKey(Schema):
    """A new key, which is shown only once."""

    id = fields.Integer(required=True)
    key = fields.String(required=True)


class UsedDay(Schema):
    """A day in UTC."""

    day = fields.Date(required=True)
    served = fields.Integer(required=True, metadata={"description": "Requests answered, as reported so far."})
    granted = fields.Integer(required=True, metadata={"description": "Requests counted against the quota."})


class Usage(Schema):
    """The latest days with requests of a partner, newest first."""

    days = fields.List(fields.Nested(UsedDay), required=True)
