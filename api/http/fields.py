"""Fields of request schemas, which reject wrong types, unknown names and unprintable text by name."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from api.http.suggestions import MAX_SUGGESTIONS, UNKNOWN_PARAMETER, unknown_parameter
from geo.coordinates import BoundingBox
from geo.crowd.models import COMMENT_MAX_CHARACTERS
from geo.crowd.text_checks import without_invisible
from geo.errors import InvalidCoordinates

DECIMAL = r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"
"""A decimal number in JSON syntax. Python's float() also accepts 1_0, nan and Arabic digits."""

MAX_WORDS = 20
"""Items in a list of words: more than any such list has allowed words."""

CONTROL_CHARACTERS = r"\x00-\x08\x0b-\x1f\x7f"
"""All but tab and line feed. No keyboard produces them, and PostgreSQL rejects some."""

_UNPRINTABLE = re.compile(rf"[{CONTROL_CHARACTERS}\ud800-\udfff]")
"""Control characters and lone surrogates."""


class StrictSchema(Schema):
    """The base class of all request schemas."""

    error_messages = {"unknown": UNKNOWN_PARAMETER, "type": "must be a JSON object"}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002 - marshmallow's
        """Set the messages that all fields share."""
        field_obj.error_messages |= {"required": "is required", "null": "must not be null"}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:  # noqa: ARG002 - marshmallow's signature
        """Suggest the known parameters that were probably meant by unknown ones."""
        if isinstance(error.messages, dict):
            known = [field.data_key or name for name, field in self.load_fields.items()]
            unknown = [name for name, texts in error.messages.items() if texts == [UNKNOWN_PARAMETER]]
            for name in unknown[:MAX_SUGGESTIONS]:
                error.messages[name] = [unknown_parameter(name, known)]


def between(least: float, most: float) -> validate.Range:
    """Return a validator for a number between two bounds, both inclusive."""
    return validate.Range(least, most, error="must be between {min} and {max}")


class Decimal(fields.Float):
    """A finite decimal number in a query string."""

    default_error_messages = dict.fromkeys(("invalid", "special", "too_large"), "must be a decimal number")

    def _validated(self, value: Any) -> float:
        if isinstance(value, str) and not re.fullmatch(DECIMAL, value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class WholeNumber(fields.Integer):
    """A whole number in a query string, or with ``strict`` in JSON, where 5.0 is accepted as well."""

    default_error_messages = {"invalid": "must be a whole number"}

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and not re.fullmatch("[+-]?[0-9]{1,19}", value, re.ASCII):
            raise self.make_error("invalid", input=value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return super()._validated(value)


class Array(fields.List[Any]):
    """A JSON array whose length is checked before its items are parsed."""

    default_error_messages = {"invalid": "must be an array", "length": "must have {count} items"}

    def __init__(
        self,
        item: fields.Field[Any],
        *,
        most: int,
        least: int = 0,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create an array field that accepts ``least`` to ``most`` items, both inclusive."""
        self._least, self._most = least, most
        super().__init__(item, metadata={**(metadata or {}), "minItems": least, "maxItems": most}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        self._count(len(value))
        return super()._deserialize(value, attr, data, **kwargs)

    def _count(self, items: int) -> None:
        if not self._least <= items <= self._most:
            count = f"between {self._least} and {self._most}" if self._least else f"at most {self._most}"
            raise self.make_error("length", count=count)


class QueryList(Array):
    """A list in a query string: ``kind=a,b``, ``kind=a&kind=b`` or a mix. Duplicate items are removed."""

    is_multiple = True  # webargs passes all values of a name

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        self._count(sum(text.count(",") + 1 for text in value))
        parts = [part for text in value for part in text.split(",")]
        return list(dict.fromkeys(super()._deserialize(parts, attr, data, **kwargs)))


class PlainText(fields.String):
    """Text written by a person. It is trimmed; of the control characters only tab and line feed are allowed.

    A text of nothing but invisible characters, such as zero-width spaces, is empty.
    """

    default_error_messages = {"unprintable": "must not contain control characters or lone surrogates"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(text, str)  # noqa: S101 - for mypy: String yields str
        if _UNPRINTABLE.search(text):
            raise self.make_error("unprintable")
        return text.strip() if without_invisible(text).strip() else ""


def words(*allowed: str, **kwargs: Any) -> fields.String:
    """Return a field that accepts one of the allowed words."""
    return fields.String(validate=validate.OneOf(allowed, error="must be one of {choices}"), **kwargs)


MAX_DISMISSED = 200
"""Maximum number of facilities that a phone excludes."""

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

RFC_3339 = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"

_OPEN_YEARS = range(2000, 2200)
"""Years for which opening hours can be requested."""


def list_of(allowed: tuple[str, ...], description: str) -> QueryList:
    """Return a query field for a list of the allowed words."""
    return QueryList(words(*allowed), least=1, most=MAX_WORDS, metadata={"description": description})


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


class Number(fields.Float):
    """A finite number in a JSON body; a string is not accepted."""

    default_error_messages = {
        "invalid": "must be a number",
        "special": "must be a finite number",
        "too_large": "must be a finite number",
    }

    def _validated(self, value: Any) -> float:
        return super()._validated(json_number(value))


TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"


class TimeOfDay(fields.String):
    """A time of day, ``22:00`` or ``22:00:30``, loaded as the time since midnight."""

    default_error_messages = {"time": "must be a time of day between 00:00 and 23:59:59 (example: 22:00)"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if not re.fullmatch(TIME_OF_DAY, text, re.ASCII):
            raise self.make_error("time")
        hours, minutes, seconds = [int(part) for part in f"{text}:00".split(":")][:3]
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def time_of_day(description: str, example: str, **kwargs: Any) -> TimeOfDay:
    """Return a field for a time of day."""
    metadata = {"description": description, "pattern": f"^{TIME_OF_DAY}$", "example": example}
    return TimeOfDay(metadata=metadata, **kwargs)


class Instant(fields.String):
    """An RFC 3339 instant with its offset."""

    default_error_messages = {
        "instant": "must be an RFC 3339 instant with its offset (example: 2026-12-24T18:00:00+02:00)"
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        instant = read_instant(str(super()._deserialize(value, attr, data, **kwargs)))
        if instant is None:
            raise self.make_error("instant")
        return instant


def json_number(value: Any) -> float:
    """Parse a JSON number. In Python, True is an int, too."""
    if type(value) is float or type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise ValidationError("must be a finite number") from None
    raise ValidationError("must be a number")


def array_of(allowed: Sequence[str], description: str, **kwargs: Any) -> Array:
    """Return a field for an array of the allowed words."""
    return Array(words(*allowed), least=1, most=MAX_WORDS, metadata={"description": description}, **kwargs)


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
