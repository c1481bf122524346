"""Request schemas of the mobile API for reports, proposals and appeals."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.strictness import CONTROL_CHARACTERS, PlainText, StrictSchema, WholeNumber, between, words
from geo.crowd.models import COMMENT_MAX_CHARACTERS, REPORT_REASONS
from geo.database import MAX_ID
from geo.facilities.attributes import ATTRIBUTES, KINDS, Attribute
from geo.facilities.models import MAX_CHARACTERS

COMMENT_REASONS = ("wrong", "offensive", "unsafe", "spam", "personal_data")
"""Reasons to report a text. A place can also be reported as closed, moved or a duplicate."""

PRINTABLE = f"^[^{CONTROL_CHARACTERS}]*$"

WRITTEN = rf"^[^{CONTROL_CHARACTERS}]*[^\s{CONTROL_CHARACTERS}][^{CONTROL_CHARACTERS}]*$"
"""Printable text that is not only white space, which is trimmed."""


def note(description: str, *, required: bool = False) -> PlainText:
    """Return a field for a text written by a person."""
    least = 1 if required else 0
    kwargs: dict[str, Any] = {"required": True} if required else {"allow_none": True, "load_default": None}
    message = "must be between {min} and {max} characters long"
    return PlainText(
        validate=validate.Length(least, COMMENT_MAX_CHARACTERS, error=message),
        metadata={"description": description, "pattern": WRITTEN if required else PRINTABLE},
        **kwargs,
    )


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


class NewAppeal(StrictSchema):
    """An appeal against a decision."""

    text = note("In the author's words.", required=True)


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
    lat = fields.Float(
        validate=between(-90, 90), metadata={"description": "The place's position, or its new position."}
    )
    lon = fields.Float(validate=between(-180, 180))
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
