"""Request schemas of POST /v1/route/stops: a route, the times along it, and the traveller's needs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from api.strictness import MAX_WORDS, Array, StrictSchema, WholeNumber, between, words
from api.v1.requests import RFC_3339, filters, needs_of, read_instant
from geo.ahead.polyline import PRECISIONS, VERTEX_MAX_CHARACTERS, decode
from geo.ahead.route import MAX_DURATION_S, MAX_VERTICES, Route, lay
from geo.errors import InvalidCoordinates, InvalidRoute
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.ranking import MODES, RANKS
from geo.facilities.search import Needs

MAX_BODY_BYTES = 2 * 1024 * 1024
"""MAX_VERTICES points of two numbers with 15 decimals, and a time for each: 1.2 MB, and room for white space."""

MAX_POLYLINE_CHARACTERS = MAX_VERTICES * VERTEX_MAX_CHARACTERS

DEFAULT_MAX_OFFSET_M = 500
MAX_OFFSET_M = 5_000
DEFAULT_COMFORT_S = 7_200
MIN_COMFORT_S = 600
MAX_COMFORT_S = 86_400
DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_SPEED_KMH = 300
"""Maximum speed: a fast train."""

PACES = ("speed_kmh", "duration_s", "times_s")
LINES = ("line", "polyline")

_Item = TypeVar("_Item")


class Number(fields.Float):
    """A finite number in a JSON body; a string is not accepted."""

    default_error_messages = {
        "invalid": "must be a number",
        "special": "must be a finite number",
        "too_large": "must be a finite number",
    }

    def _validated(self, value: Any) -> float:
        return super()._validated(_number(value))


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


def _number(value: Any) -> float:
    """Parse a JSON number. In Python, True is an int, too."""
    if type(value) is float or type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise ValidationError("must be a finite number") from None
    raise ValidationError("must be a number")


def _position(value: Any) -> tuple[float, float]:
    """Parse a GeoJSON position. The altitude after longitude and latitude is ignored."""
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise ValidationError("must be [longitude, latitude]")
    lon, lat, *_altitude = map(_number, value)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # NaN is not, either
        raise ValidationError("must be [longitude, latitude] within -180 to 180 and -90 to 90")
    return lon, lat


def _some_of(allowed: Sequence[str], description: str, **kwargs: Any) -> Array:
    """Return a field for an array of the allowed words."""
    return Array(words(*allowed), least=1, most=MAX_WORDS, metadata={"description": description}, **kwargs)


def polyline() -> fields.String:
    """Return a field for a route as an encoded polyline."""
    return fields.String(
        validate=validate.Length(max=MAX_POLYLINE_CHARACTERS, error="must be at most {max} characters long"),
        metadata={"description": "The route as an encoded polyline, latitude first, as routing services return it."},
    )


class NeedsBody(StrictSchema):
    """Filters for stops: those of GET /v1/facilities, as arrays."""

    class Meta(StrictSchema.Meta):
        """The filters."""

        include = filters(_some_of)

    open = _some_of(
        OFFERED_STATES,
        "Its state on arrival. Default: both; [open] alone excludes facilities with unknown hours.",
        load_default=list(OFFERED_STATES),
    )

    @post_load
    def _needs(self, data: Mapping[str, Any], **_kwargs: Any) -> Needs:
        return needs_of(data, open_states=tuple(data["open"]))


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


class RouteStopsRequest(StrictSchema):
    """A route (line or polyline), its timing (speed_kmh, duration_s or times_s), and the traveller's needs."""

    line = fields.Nested(LineString, metadata={"description": "The route; alternative to polyline."})
    polyline = polyline()
    precision = WholeNumber(
        strict=True,
        validate=validate.OneOf(PRECISIONS, error="must be one of {choices}"),
        metadata={"description": "Decimals of the polyline's degrees. Default: 5."},
    )
    depart_at = Instant(
        required=True,
        metadata={
            "description": "When the traveller is at the start: RFC 3339, with its offset.",
            "format": "date-time",
            "pattern": f"^{RFC_3339}$",
            "example": "2026-11-21T14:00:00+02:00",
        },
    )
    speed_kmh = Number(
        validate=between(1, MAX_SPEED_KMH), metadata={"description": "Constant speed in kilometres per hour."}
    )
    duration_s = Number(
        validate=between(1, MAX_DURATION_S),
        metadata={"description": "Duration of the whole route in seconds, at constant speed."},
    )
    times_s = Items(
        _number,
        metadata={
            "description": "Seconds after depart_at at each vertex: starts with 0 and increases; "
            "equal only for equal vertices.",
            "type": "array",
            "minItems": 2,
            "maxItems": MAX_VERTICES,
            "items": {"type": "number"},
        },
    )
    needs = fields.Nested(NeedsBody, load_default=lambda: NeedsBody().load({}))
    rank = words(
        *RANKS,
        load_default="balanced",
        metadata={"description": "What a good stop is: weighs its quality against its distance from the route."},
    )
    mode = words(
        *MODES, load_default="drive", metadata={"description": "Determines the cost of a metre off the route."}
    )
    max_offset_m = Number(
        load_default=DEFAULT_MAX_OFFSET_M,
        validate=between(1, MAX_OFFSET_M),
        metadata={"description": "Maximum distance of a stop from the route, in a straight line."},
    )
    comfort_s = WholeNumber(
        strict=True,
        load_default=DEFAULT_COMFORT_S,
        validate=between(MIN_COMFORT_S, MAX_COMFORT_S),
        metadata={"description": "How long the traveller can go without a stop, in seconds; a toddler 3600."},
    )
    since_last_stop_s = WholeNumber(
        strict=True,
        load_default=0,
        validate=between(0, MAX_COMFORT_S),
        metadata={"description": "Seconds since the last stop, at depart_at."},
    )
    limit = WholeNumber(
        strict=True,
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_LIMIT),
        metadata={"description": "Maximum number of stops to return; those of the plan are always returned."},
    )

    @validates_schema
    def _one_line_one_pace(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        faults = {}
        for names in (LINES, PACES):
            given = [name for name in names if name in data]
            if not given:
                faults[names[0]] = f"is required: give one of {', '.join(names)}"
            for name in given[1:]:
                faults[name] = f"cannot be combined with {given[0]}"
        if "precision" in data and "polyline" not in data:
            faults["precision"] = "is allowed only with polyline"
        if faults:
            raise ValidationError({name: [fault] for name, fault in faults.items()})

    @post_load
    def _route(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        line = data.pop("line", None)
        try:
            vertices = line["coordinates"] if line else decode(data.pop("polyline"), data.pop("precision", 5))
            paces = {name: data.pop(name) for name in PACES if name in data}
            route: Route = lay(vertices, **paces)
        except InvalidRoute as error:
            part = error.part if line or error.part != "line" else "polyline"
            raise ValidationError({part: [str(error)]}) from None
        except InvalidCoordinates as error:  # of a polyline; those of a line were checked one by one
            raise ValidationError({"polyline": [str(error)]}) from None
        return {**data, "route": route}
