"""Fields for a route's line: GeoJSON or an encoded polyline, and long lists of numbers."""

from collections.abc import Callable
from typing import Any, TypeVar

from marshmallow import ValidationError, fields, validate

from api.http.fields import StrictSchema, json_number, words
from geo.ahead.polyline import VERTEX_MAX_CHARACTERS
from geo.ahead.timed_route import MAX_VERTICES

MAX_POLYLINE_CHARACTERS = MAX_VERTICES * VERTEX_MAX_CHARACTERS

_Item = TypeVar("_Item")


class Items(fields.Field[Any]):
    """A JSON array of many small items. marshmallow's own List takes 15 times as long, and lists every bad item."""

    def __init__(self, read: Callable[[Any], _Item], **kwargs: Any) -> None:
        """Create the field; ``read`` parses one item and raises ValidationError for a bad one."""
        super().__init__(**kwargs)
        self._read = read

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - marshmallow's
        if not isinstance(value, list):
            raise ValidationError("must be an array")
        if len(value) > MAX_VERTICES:
            raise ValidationError(f"has {len(value)} items; the maximum is {MAX_VERTICES}")
        items = []
        for place, item in enumerate(value):
            try:
                items.append(self._read(item))
            except ValidationError as error:
                raise ValidationError({str(place): error.messages}) from None
        return items


def _position(value: Any) -> tuple[float, float]:
    """Parse a GeoJSON position. The altitude after longitude and latitude is ignored."""
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise ValidationError("must be [longitude, latitude]")
    lon, lat, *_altitude = map(json_number, value)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # NaN is not, either
        raise ValidationError("must be [longitude, latitude] within -180 to 180 and -90 to 90")
    return lon, lat


def polyline() -> fields.String:
    """Return a field for a route as an encoded polyline."""
    return fields.String(
        validate=validate.Length(max=MAX_POLYLINE_CHARACTERS, error="must be at most {max} characters long"),
        metadata={"description": "The route as an encoded polyline, latitude first, as routing services return it."},
    )


class LineString(StrictSchema):
    """A GeoJSON LineString (RFC 7946). Across the antimeridian, longitudes may continue from 180 to -180."""

    type = words("LineString", required=True)
    coordinates = Items(
        _position,
        required=True,
        metadata={
            "description": "[longitude, latitude] of each vertex, WGS84 degrees; a further altitude is ignored.",
            "type": "array",
            "minItems": 2,
            "maxItems": MAX_VERTICES,
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3},
        },
    )
