"""Request schemas of POST /v1/hints: position, needs, and what the phone remembers of earlier hints."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from api.asks.schemas import Ask, last_asked_at
from api.http.fields import (
    MAX_DISMISSED,
    RFC_3339,
    Array,
    Instant,
    Number,
    StrictSchema,
    WholeNumber,
    between,
    time_of_day,
    words,
)
from api.http.languages import LANGUAGES
from api.places.schemas import Feature, Terms
from api.route.line import LineString, polyline
from api.route.schemas import MAX_COMFORT_S, MIN_COMFORT_S, NeedsBody
from geo.ahead.hints.rules import SILENT, SPOKEN
from geo.ahead.hints.situation import CRUISE_M_PER_S, DEFAULT_COMFORT_S, UNKNOWN_OF_COMFORT
from geo.ahead.polyline import PRECISIONS, decode
from geo.ahead.timed_route import Route, lay
from geo.coordinates import Point
from geo.database import MAX_ID
from geo.errors import InvalidCoordinates, InvalidRoute
from geo.facilities.ranking import MODES

MAX_SPEED_M_S = 100
"""Maximum speed: a fast train."""

DRIVES_FROM_M_S = 4
"""Speed from which the default travel mode is ``drive``: 14 km/h, faster than walking."""

LINES = ("line", "polyline")


class QuietHours(StrictSchema):
    """Hours without hints, by the phone's clock; they span midnight if from is later than to."""

    begins = time_of_day("Start of the quiet hours.", "22:00", required=True, data_key="from")
    ends = time_of_day("End of the quiet hours.", "07:00", required=True, data_key="to")

    @validates_schema
    def _some_hours(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data.get("begins") == data.get("ends"):
            raise ValidationError({"to": ["must differ from from"]})


class RouteBody(StrictSchema):
    """The remaining route, in the formats of POST /v1/route/stops."""

    line = fields.Nested(LineString, metadata={"description": "The route; alternative to polyline."})
    polyline = polyline()
    precision = WholeNumber(
        strict=True,
        validate=validate.OneOf(PRECISIONS, error="must be one of {choices}"),
        metadata={"description": "Decimals of the polyline's degrees. Default: 5."},
    )

    @validates_schema
    def _one_line(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        faults = {}
        given = [name for name in LINES if name in data]
        if not given:
            faults["line"] = "is required: give line or polyline"
        faults |= dict.fromkeys(given[1:], f"cannot be combined with {given[0]}" if given else "")
        if "precision" in data and "polyline" not in data:
            faults["precision"] = "is allowed only with polyline"
        if faults:
            raise ValidationError({name: [fault] for name, fault in faults.items()})

    @post_load
    def _route(self, data: Mapping[str, Any], **_kwargs: Any) -> Route:
        name = "line" if "line" in data else "polyline"
        try:
            vertices = (
                data["line"]["coordinates"] if name == "line" else decode(data["polyline"], data.get("precision", 5))
            )
            return lay(vertices, speed_kmh=CRUISE_M_PER_S["drive"] * 3.6)
        except (InvalidRoute, InvalidCoordinates) as error:
            raise ValidationError({name: [str(error)]}) from None


class HintsRequest(StrictSchema):
    """A phone's position, the needs of its owner, and its memory of earlier hints. The server stores none of it."""

    lat = Number(
        required=True,
        validate=between(-90, 90),
        metadata={"description": "Latitude, WGS84 degrees.", "example": 60.1699},
    )
    lon = Number(
        required=True,
        validate=between(-180, 180),
        metadata={"description": "Longitude, WGS84 degrees.", "example": 24.9384},
    )
    heading_deg = Number(
        validate=between(0, 360),
        metadata={"description": "Course over the ground, clockwise from north; omit it while standing still."},
    )
    speed_m_s = Number(
        validate=between(0, MAX_SPEED_M_S),
        metadata={"description": "Speed over the ground. It affects only when to ask again, and the default of mode."},
    )
    mode = words(
        *MODES,
        metadata={"description": f"Travel mode. Default: drive at {DRIVES_FROM_M_S} m/s or faster, otherwise walk."},
    )
    route = fields.Nested(
        RouteBody,
        metadata={"description": "The remaining route, if it is known: hints are then about facilities along it."},
    )
    needs = fields.Nested(
        NeedsBody,
        load_default=lambda: NeedsBody().load({}),
        metadata={"description": "Filters for stops."},
    )
    comfort_s = WholeNumber(
        strict=True,
        load_default=DEFAULT_COMFORT_S,
        validate=between(MIN_COMFORT_S, MAX_COMFORT_S),
        metadata={"description": "How long this person can go without a stop, in seconds; a toddler 3600."},
    )
    since_last_stop_s = WholeNumber(
        strict=True,
        validate=between(0, MAX_COMFORT_S),
        metadata={
            "description": "Seconds since the last stop. Default, and from 1.5 times comfort_s on (a stop was "
            "missed): half of comfort_s."
        },
    )
    last_hint_at = Instant(
        metadata={
            "description": "When the phone last gave a hint: as_of of that response.",
            "format": "date-time",
            "pattern": f"^{RFC_3339}$",
        }
    )
    last_hint_facility_id = WholeNumber(
        strict=True, validate=between(1, MAX_ID), metadata={"description": "The facility of that hint."}
    )
    dismissed = Array(
        WholeNumber(strict=True, validate=between(1, MAX_ID)),
        most=MAX_DISMISSED,
        load_default=list,
        metadata={"description": "Facilities to give no hints about, and not to ask about."},
    )
    declined = Array(
        words(*SPOKEN),
        most=len(SPOKEN),
        load_default=list,
        metadata={
            "description": "Reasons of hints that were declined since the last stop: they are not repeated before the "
            "next one. Forget them at a stop."
        },
    )
    last_asked_at = last_asked_at()
    quiet_hours = fields.Nested(QuietHours, metadata={"description": "Hours without hints; requires local_time."})
    local_time = time_of_day("Time of day by the phone's clock.", "14:05")

    @validates_schema
    def _memory_is_whole(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        faults = {}
        if "last_hint_facility_id" in data and "last_hint_at" not in data:
            faults["last_hint_at"] = "is required with last_hint_facility_id"
        if "quiet_hours" in data and "local_time" not in data:
            faults["local_time"] = "is required with quiet_hours"
        if faults:
            raise ValidationError({name: [fault] for name, fault in faults.items()})

    @post_load
    def _asked(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Return the fields of Situation except as_of; those of Memory under ``memory``, of Asking under ``asking``."""
        comfort_s = data["comfort_s"]
        fast = data.get("speed_m_s", 0) >= DRIVES_FROM_M_S
        quiet_s = quiet_for_s(data.get("quiet_hours"), data.get("local_time"))
        return {
            "asking": {
                "last_asked_at": data.get("last_asked_at"),
                "dismissed": frozenset(data["dismissed"]),
                "local_time": data.get("local_time"),
                "is_quiet": quiet_s > 0,
            },
            "origin": Point(data["lon"], data["lat"]),
            "mode": data.get("mode", "drive" if fast else "walk"),
            "heading_deg": data.get("heading_deg"),
            "speed_m_s": data.get("speed_m_s"),
            "route": data.get("route"),
            "needs": data["needs"],
            "comfort_s": comfort_s,
            "since_last_stop_s": data.get("since_last_stop_s", UNKNOWN_OF_COMFORT * comfort_s),
            "memory": {
                "last_hint_at": data.get("last_hint_at"),
                "last_hint_facility_id": data.get("last_hint_facility_id"),
                "dismissed": tuple(data["dismissed"]),
                "declined": tuple(data["declined"]),
                "quiet_for_s": quiet_s,
            },
        }


def quiet_for_s(quiet_hours: Mapping[str, timedelta] | None, local_time: timedelta | None) -> float:
    """Return the seconds until the quiet hours end, 0 outside them."""
    if quiet_hours is None or local_time is None:
        return 0
    day = timedelta(days=1)
    for_long = (quiet_hours["ends"] - quiet_hours["begins"]) % day
    since = (local_time - quiet_hours["begins"]) % day
    return max(0.0, (for_long - since).total_seconds())


class AskAgain(Schema):
    """When to ask again: as soon as either value is reached."""

    after_s = fields.Integer(required=True, metadata={"description": "Seconds from now."})
    after_m = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Metres travelled from here; null: any distance."}
    )


class HintReply(Schema):
    """Whether to give a hint, and the reason."""

    speak = fields.Boolean(required=True)
    reason = words(*SPOKEN, *SILENT, required=True)
    text = fields.String(required=True, allow_none=True, metadata={"description": "The hint; null if there is none."})
    language = words(*LANGUAGES, required=True, metadata={"description": "Language of text, by Accept-Language."})
    facility = fields.Nested(Feature, required=True, allow_none=True, metadata={"description": "The suggested stop."})
    backup = fields.Nested(Feature, required=True, allow_none=True, metadata={"description": "The second-best stop."})
    valid_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When the hint expires."}
    )
    ask_again = fields.Nested(AskAgain, required=True)
    ask_about = fields.Nested(
        Ask,
        required=True,
        allow_none=True,
        metadata={"description": "A facility to ask this person about; null with a hint, while driving, and at night."},
    )
    as_of = fields.AwareDateTime(required=True, metadata={"description": "The instant that the response refers to."})
    attribution = fields.List(fields.Nested(Terms), required=True)
