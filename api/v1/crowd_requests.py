"""What the mobile door takes besides ratings: reports, proposals, appeals."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.strictness import CONTROL_CHARACTERS, PlainText, StrictSchema, WholeNumber, between, words
from geo.crowd.models import COMMENT_MAX_CHARACTERS, REPORT_REASONS
from geo.database import MAX_ID
from geo.facilities.attributes import ATTRIBUTES, KINDS, Attribute
from geo.facilities.models import MAX_CHARACTERS

COMMENT_REASONS = ("wrong", "offensive", "unsafe", "spam", "personal_data")
"""What can be wrong with a text; a place can also be closed, moved or listed twice."""

PRINTABLE = f"^[^{CONTROL_CHARACTERS}]*$"

WRITTEN = rf"^[^{CONTROL_CHARACTERS}]*[^\s{CONTROL_CHARACTERS}][^{CONTROL_CHARACTERS}]*$"
"""Printable, and more than spaces, which are trimmed."""


def note(description: str, *, required: bool = False) -> PlainText:
    """A text of a person."""
    least = 1 if required else 0
    kwargs: dict[str, Any] = {"required": True} if required else {"allow_none": True, "load_default": None}
    message = "must be from {min} to {max} characters long"
    return PlainText(
        validate=validate.Length(least, COMMENT_MAX_CHARACTERS, error=message),
        metadata={"description": description, "pattern": WRITTEN if required else PRINTABLE},
        **kwargs,
    )


class NewReport(StrictSchema):
    """Something is wrong with a place, or with what somebody said of it."""

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
            raise ValidationError(f"of a comment it is one of {', '.join(COMMENT_REASONS)}", "reason")


class NewProposalReport(StrictSchema):
    """Something is wrong with a proposal."""

    reason = words("duplicate", *COMMENT_REASONS, required=True, metadata={"example": "spam"})
    note = note("In the reporter's words.")


class NewAppeal(StrictSchema):
    """Why the decision is wrong."""

    text = note("In the author's words.", required=True)


def short_text(column: str) -> PlainText:
    """A text of a facility, or null for unknown."""
    most = MAX_CHARACTERS[column]
    return PlainText(
        allow_none=True,
        validate=validate.Length(1, most, error="must be from {min} to {max} characters"),
        metadata={"pattern": PRINTABLE},
    )


def word_or_null(attribute: Attribute) -> fields.String:
    """One of the attribute's words, or null for unknown."""
    metadata = {"description": attribute.description}
    return words(*attribute.words, None, allow_none=True, metadata=metadata)  # type: ignore[arg-type]  # null is in the enum


class ProposedAttributes(StrictSchema):
    """What is to be set; what is not named stays, null means unknown."""

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
        allow_none=True, validate=validate.Regexp("^[A-Z]{2}$", error="must be two capital letters, as FI")
    )
    level = short_text("level")
    opening_hours = short_text("opening_hours")


class NewProposal(StrictSchema):
    """A new place, or a change to one."""

    facility_id = WholeNumber(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=between(1, MAX_ID),
        metadata={"description": "The place to change; without it, a new one."},
    )
    lat = fields.Float(validate=between(-90, 90), metadata={"description": "Where it is, or has moved to."})
    lon = fields.Float(validate=between(-180, 180))
    attributes = fields.Nested(ProposedAttributes, load_default=dict)
    note = note("To whoever looks at it.")

    @validates_schema
    def _whole(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        faults = {}
        is_new = data.get("facility_id") is None
        for name, other in (("lat", "lon"), ("lon", "lat")):
            if name not in data and (is_new or other in data):
                faults[name] = ["is needed"]
        if is_new and "kind" not in data["attributes"]:
            faults["attributes"] = ["a new place needs its kind"]
        if not is_new and not data["attributes"] and "lat" not in data and not data["note"]:
            faults["attributes"] = ["proposes no change"]
        if "kind" in data["attributes"] and not is_new:
            faults["attributes"] = ["the kind of a place does not change: propose a new one"]
        if faults:
            raise ValidationError(faults)
