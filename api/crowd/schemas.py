"""Schemas of devices, ratings, reports and proposals."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.http.fields import (
    CONTROL_CHARACTERS,
    DEFAULT_LIMIT,
    MAX_LIMIT,
    PRINTABLE,
    Number,
    PlainText,
    StrictSchema,
    WholeNumber,
    between,
    note,
    words,
)
from api.places.schemas import RatingSummary
from geo.crowd.models import COMMENT_MAX_CHARACTERS, COMMENT_STATES, PROPOSAL_STATES, REPORT_REASONS, REPORTED_PRESENCES
from geo.database import MAX_ID
from geo.facilities.attributes import ATTRIBUTES, KINDS, YES_NO, Attribute
from geo.facilities.models import MAX_CHARACTERS

MAX_QUEUE_MIN = 120
"""Two hours: a longer queue is a typing error."""

CURSOR_TIME = "%Y%m%dT%H%M%S.%fZ"
"""Format of the time in a cursor, without characters that a URL would escape."""

CURSOR = r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9]{1,18}"
"""Pattern of a cursor: CURSOR_TIME and an id."""


class Cursor(fields.String):
    """Where the previous page ended: the time and id of its last rating."""

    default_error_messages = {"cursor": "is not a cursor returned by this route"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(CURSOR, text):
            raise self.make_error("cursor")
        time, _, rating_id = text.partition("-")
        try:
            return datetime.strptime(time, CURSOR_TIME).replace(tzinfo=UTC), int(rating_id)
        except ValueError:
            raise self.make_error("cursor") from None


class RatingsQuery(StrictSchema):
    """The query for a page of a facility's ratings."""

    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of ratings."},
    )
    cursor = Cursor(metadata={"description": "next_cursor of the previous page.", "pattern": f"^{CURSOR}$"})


class Observed(StrictSchema):
    """Facts that a visitor observed."""

    soap = words(*YES_NO, metadata={"description": "There was soap."})
    paper = words(*YES_NO, metadata={"description": "There was toilet paper."})
    running_water = words(*YES_NO, metadata={"description": "There was running water."})
    lock = words(*YES_NO, metadata={"description": "The door could be locked."})
    queue_min = WholeNumber(
        strict=True,
        validate=between(0, MAX_QUEUE_MIN),
        metadata={"description": "Waiting time in minutes."},
    )


class NewRating(StrictSchema):
    """A visitor's rating."""

    stars = WholeNumber(
        strict=True,
        required=True,
        validate=between(1, 5),
        metadata={"description": "Cleanliness: 1 (never again) to 5 (spotless).", "example": 5},
    )
    comment = PlainText(
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=COMMENT_MAX_CHARACTERS, error="must be at most {max} characters long"),
        metadata={
            "description": "Free text.",
            "pattern": f"^[^{CONTROL_CHARACTERS}]*$",
            "example": "Warm water, fresh towels.",
        },
    )
    observed = fields.Nested(Observed, load_default=dict)
    presence = words(
        *REPORTED_PRESENCES,
        load_default=None,
        metadata={
            "description": "Whether the phone is within 150 m of the place, which the phone determines itself: "
            "a rating made there counts fully, any other 0.8. The position itself is not sent.",
            "example": "within_150_m",
        },
    )


class PublicRating(Schema):
    """A rating as all users see it."""

    id = fields.Integer(required=True)
    stars = fields.Integer(required=True)
    comment = fields.String(required=True, allow_none=True)
    observed = fields.Nested(Observed, required=True)
    rated_at = fields.AwareDateTime(required=True)
    demo = fields.Boolean(required=True, metadata={"description": "Invented for demonstration."})


class RatingPage(Schema):
    """Ratings of a facility, newest first."""

    ratings = fields.List(fields.Nested(PublicRating), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CountsAs(Schema):
    """How much of a rating the caller's rating counts as: the product of its weights, each above 0 and at most 1."""

    weight = fields.Float(required=True, metadata={"description": "The product."})
    age = fields.Float(
        required=True, metadata={"description": "Below 1 on a device's first day, until it rates on another day."}
    )
    track = fields.Float(
        required=True, metadata={"description": "Below 1 for a device that has rated fewer than two places."}
    )
    presence = fields.Float(required=True, metadata={"description": "Below 1 without presence at the place."})
    rush = fields.Float(
        required=True,
        metadata={
            "description": "Below 1 where the place got more ratings within a week than it usually does: together they "
            "count as those of an ordinary week. It changes with later ratings of that week."
        },
    )
    why = fields.List(fields.String(), required=True, metadata={"description": "A sentence for each weight below 1."})


class RatingReceipt(PublicRating):
    """The caller's rating, and the facility's rating with it."""

    counts_as = fields.Nested(CountsAs, required=True)

    comment_state = words(
        *COMMENT_STATES,
        required=True,
        metadata={
            "description": "held or hidden: only the author sees the comment; GET /v1/me/decisions returns the reason."
        },
    )

    facility_id = fields.Integer(required=True)
    facility_rating = fields.Nested(RatingSummary, required=True)


class NewDevice(Schema):
    """A device's token, which is returned only once."""

    token = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


COMMENT_REASONS = ("wrong", "offensive", "unsafe", "spam", "personal_data")
"""Reasons to report a text. A place can also be reported as closed, moved or a duplicate."""


class NewReport(StrictSchema):
    """A report of a problem with a place or with a comment on it."""

    reason = words(*REPORT_REASONS, required=True, metadata={"example": "closed"})
    note = note("In the reporter's words.")
    rating_id = WholeNumber(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=between(1, MAX_ID),
        metadata={"description": "Report the comment of this rating instead of the place."},
    )

    @validates_schema
    def _fits(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data.get("rating_id") is not None and data["reason"] not in COMMENT_REASONS:
            raise ValidationError(f"must be one of {', '.join(COMMENT_REASONS)} when rating_id is given", "reason")


class NewProposalReport(StrictSchema):
    """A report of a problem with a proposal."""

    reason = words("duplicate", *COMMENT_REASONS, required=True, metadata={"example": "spam"})
    note = note("In the reporter's words.")


def short_text(column: str) -> PlainText:
    """Return a field for a text column of a facility; null means unknown."""
    most = MAX_CHARACTERS[column]
    return PlainText(
        allow_none=True,
        validate=validate.Length(1, most, error="must be between {min} and {max} characters long"),
        metadata={"pattern": PRINTABLE},
    )


def word_or_null(attribute: Attribute) -> fields.String:
    """Return a field for one of the attribute's words; null means unknown."""
    metadata = {"description": attribute.description}
    return words(*attribute.words, None, allow_none=True, metadata=metadata)  # type: ignore[arg-type]  # null is in the enum


class ProposedAttributes(StrictSchema):
    """The attributes to set. Attributes that are not named stay as they are; null means unknown."""

    class Meta(StrictSchema.Meta):
        """The attributes."""

        include = {attribute.name: word_or_null(attribute) for attribute in ATTRIBUTES}

    kind = words(*KINDS)
    name = short_text("name")
    operator = short_text("operator")
    street = short_text("street")
    house_number = short_text("house_number")
    postcode = short_text("postcode")
    city = short_text("city")
    region = short_text("region")
    country = PlainText(
        allow_none=True, validate=validate.Regexp("^[A-Z]{2}$", error="must be two capital letters, such as FI")
    )
    level = short_text("level")
    opening_hours = short_text("opening_hours")


class NewProposal(StrictSchema):
    """A proposal of a new place or of a change to an existing one."""

    facility_id = WholeNumber(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=between(1, MAX_ID),
        metadata={"description": "The place to change. Default: a new place."},
    )
    lat = Number(validate=between(-90, 90), metadata={"description": "The place's position, or its new position."})
    lon = Number(validate=between(-180, 180))
    attributes = fields.Nested(ProposedAttributes, load_default=dict)
    note = note("A note to the moderators.")

    @validates_schema
    def _whole(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        faults = {}
        is_new = data.get("facility_id") is None
        for name, other in (("lat", "lon"), ("lon", "lat")):
            if name not in data and (is_new or other in data):
                faults[name] = ["is required"]
        if is_new and "kind" not in data["attributes"]:
            faults["attributes"] = ["kind is required for a new place"]
        if not is_new and not data["attributes"] and "lat" not in data and not data["note"]:
            faults["attributes"] = ["must contain a change"]
        if "kind" in data["attributes"] and not is_new:
            faults["attributes"] = ["kind cannot be changed: propose a new place"]
        if faults:
            raise ValidationError(faults)


class ReportReceipt(Schema):
    """A stored report."""

    id = fields.Integer(required=True)
    reason = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class LikelyDuplicate(Schema):
    """An existing place that may be the same as the proposed one."""

    facility_id = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    kind = words(*KINDS, required=True)
    distance_m = fields.Float(required=True)


class ProposalReceipt(Schema):
    """A stored proposal, and existing places that it may duplicate."""

    id = fields.Integer(required=True)
    state = words(*PROPOSAL_STATES, required=True)
    likely_duplicates = fields.List(fields.Nested(LikelyDuplicate), required=True)
