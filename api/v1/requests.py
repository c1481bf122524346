"""Request schemas of the mobile API for searches and ratings, and the fields that other schemas share."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.strictness import (
    CONTROL_CHARACTERS,
    DECIMAL,
    MAX_WORDS,
    Decimal,
    PlainText,
    QueryList,
    StrictSchema,
    WholeNumber,
    between,
    words,
)
from geo.coordinates import BoundingBox
from geo.crowd.models import COMMENT_MAX_CHARACTERS, PRESENCES
from geo.crowd.quality import VERDICTS
from geo.errors import InvalidCoordinates
from geo.facilities.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, KINDS, UNKNOWN, YES_NO
from geo.facilities.ranking import MODES, RANKS
from geo.facilities.search import DEFAULT_ACCEPTED, DEFAULT_KINDS, Needs

ANY_KIND = "any"
KIND_WORDS = (*KINDS, ANY_KIND)
KIND_DESCRIPTION = (
    "It offers one of these, by its kind or in addition (toilets with a shower); any for all kinds (default: toilets)."
)

_DEFAULTS = {name: f" Default: {', '.join(words)}." for name, words in DEFAULT_ACCEPTED.items()}

DEFAULT_RADIUS_M = 2000
MAX_RADIUS_M = 50_000
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_QUEUE_MIN = 120
"""Two hours: a longer queue is a typing error."""

CURSOR_TIME = "%Y%m%dT%H%M%S.%fZ"
"""Format of the time in a cursor, without characters that a URL would escape."""

RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"

CURSOR = r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9]{1,18}"
"""Pattern of a cursor: CURSOR_TIME and an id."""

_OPEN_YEARS = range(2000, 2200)
"""Years for which opening hours can be requested."""


def needs_of(asked: Mapping[str, Any], **opening: Any) -> Needs:
    """Return the Needs of a request, for all routes that filter facilities.

    Args:
        asked: the loaded request, with lists under ``kind``, ``verdict`` and the names of attributes, each optional.
        opening: fields of Needs about opening hours.
    """
    kinds = tuple(asked.get("kind", DEFAULT_KINDS))
    return Needs(
        kinds=None if ANY_KIND in kinds else kinds,
        accepted={name: tuple(asked[name]) for name in ATTRIBUTE_NAMES if name in asked},
        verdicts=tuple(asked["verdict"]) if "verdict" in asked else None,
        **opening,
    )


def filters(list_field: Callable[[tuple[str, ...], str], fields.Field[Any]]) -> dict[str, fields.Field[Any]]:
    """Return a field for each filter by kind, attribute and verdict, for ``Meta.include`` of a schema.

    Args:
        list_field: creates the field for a list of these words, with this description.
    """
    of_attributes = {
        attribute.name: list_field(attribute.accepted, attribute.description + _DEFAULTS.get(attribute.name, ""))
        for attribute in ATTRIBUTES
    }
    return {
        "kind": list_field(KIND_WORDS, KIND_DESCRIPTION),
        **of_attributes,
        "verdict": list_field(VERDICTS, "The crowd's verdict."),
    }


def list_of(allowed: tuple[str, ...], description: str) -> QueryList:
    """Return a query field for a list of the allowed words."""
    return QueryList(words(*allowed), least=1, most=MAX_WORDS, metadata={"description": description})


class Bbox(fields.String):
    """``west,south,east,north`` in degrees; west may be greater than east, across the antimeridian."""

    default_error_messages = {"four": "must be four numbers: west,south,east,north"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        parts = str(super()._deserialize(value, attr, data, **kwargs)).split(",")
        if len(parts) != len(("west", "south", "east", "north")):
            raise self.make_error("four")
        try:
            numbers = [Decimal().deserialize(part) for part in parts]
        except ValidationError:
            raise self.make_error("four") from None
        try:
            return BoundingBox(*numbers)
        except InvalidCoordinates as error:
            raise ValidationError(str(error)) from None


def read_instant(text: str) -> datetime | None:
    """Parse an RFC 3339 instant and return it in UTC; None if the text is not one.

    Raises:
        ValidationError: the year is not in _OPEN_YEARS.
    """
    if not re.fullmatch(RFC_3339, text):
        return None
    try:
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if instant.year not in _OPEN_YEARS:
        raise ValidationError("must be between the years 2000 and 2199")
    return instant


class OpenWhen(fields.String):
    """``now``, ``arrival`` or an RFC 3339 instant, optionally with ``,unknown``; loaded as fields of ``Needs``."""

    is_multiple = True  # like the filters: open=now&open=unknown

    default_error_messages = {
        "when": "must be now, arrival or an RFC 3339 instant such as 2026-12-24T18:00:00Z (write + as %2B), "
        "optionally followed by ,unknown",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        when, *more = str(super()._deserialize(",".join(value), attr, data, **kwargs)).split(",")
        if more not in ([], [UNKNOWN]):
            raise self.make_error("when")
        needs: dict[str, Any] = {"open_states": ("open", *more)}
        if when == "arrival":
            needs["open_on_arrival"] = True
        elif when != "now":
            if (instant := read_instant(when)) is None:
                raise self.make_error("when")
            needs["open_at"] = instant
        return needs


class FacilitiesQuery(StrictSchema):
    """The query of a search: where to look, and filters."""

    class Meta(StrictSchema.Meta):
        """The filters."""

        include = filters(list_of)

    lat = Decimal(
        validate=between(-90, 90),
        metadata={"description": "Latitude of the origin, WGS84 degrees.", "example": 60.1699},
    )
    lon = Decimal(
        validate=between(-180, 180),
        metadata={"description": "Longitude of the origin, WGS84 degrees.", "example": 24.9384},
    )
    radius_m = Decimal(
        validate=between(1, MAX_RADIUS_M),
        metadata={
            "description": f"Search radius in metres (default: {DEFAULT_RADIUS_M}). If no facility lies within it, the "
            "search widens to twice the distance of the nearest facility that meets the needs, at most to 100 km.",
        },
    )
    bbox = Bbox(
        metadata={
            "description": "Instead of lat and lon: west,south,east,north in degrees; "
            "west is greater than east across the antimeridian.",
            "pattern": f"^{DECIMAL}(,{DECIMAL}){{3}}$",
        }
    )
    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of facilities."},
    )
    open = OpenWhen(
        metadata={
            "description": "Only facilities that are open now, on arrival, or at an RFC 3339 instant. "
            "Add ,unknown to include those with unknown hours: open=now,unknown.",
            "pattern": f"^(now|arrival|{RFC_3339})(,{UNKNOWN})?$",
            "example": "now,unknown",
        }
    )
    rank = words(
        *RANKS,
        load_default="balanced",
        metadata={"description": "Order of the results. distance is not available with bbox."},
    )
    mode = words(*MODES, metadata={"description": "Travel mode (default: walk)."})
    explain = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        error_messages={"invalid": "must be true or false"},
        load_default=False,
        metadata={"description": "Include the terms of the ranking."},
    )

    @validates_schema
    def _origin_or_bbox(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if "bbox" in data:
            faults = {
                name: "cannot be combined with bbox" for name in ("lat", "lon", "radius_m", "mode") if name in data
            }
            if data.get("rank") == "distance":
                faults["rank"] = "distance requires lat and lon"
            if data.get("open", {}).get("open_on_arrival"):
                faults["open"] = "arrival requires lat and lon"
        else:
            faults = {name: "is required: give lat and lon, or bbox" for name in ("lat", "lon") if name not in data}
        if faults:
            raise ValidationError({name: [fault] for name, fault in faults.items()})


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
        *PRESENCES,
        load_default=None,
        metadata={
            "description": "Whether the phone is within 150 m of the place, which the phone determines itself: "
            "a rating made there counts fully, any other half. The position itself is not sent.",
            "example": "within_150_m",
        },
    )
