"""Request schemas of POST /v1/route/stops: a route, the times along it, and the traveller's needs."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from api.http.fields import RFC_3339, Instant, Number, StrictSchema, WholeNumber, array_of, between, json_number, words
from api.places.filters import filters, needs_of
from api.places.schemas import FacilityProperties, Feature, Terms
from api.route.line import Items, LineString, polyline
from geo.ahead.hints.situation import DEFAULT_COMFORT_S
from geo.ahead.polyline import PRECISIONS, decode
from geo.ahead.timed_route import MAX_DURATION_S, MAX_VERTICES, Route, lay
from geo.errors import InvalidCoordinates, InvalidRoute
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.ranking import MODES, RANKS
from geo.facilities.search import Needs

MAX_BODY_BYTES = 2 * 1024 * 1024
"""MAX_VERTICES points of two numbers with 15 decimals, and a time for each: 1.2 MB, and room for white space."""

DEFAULT_MAX_OFFSET_M = 500
MAX_OFFSET_M = 5_000
MIN_COMFORT_S = 600
MAX_COMFORT_S = 86_400
DEFAULT_LIMIT = 100
MAX_LIMIT = 500
MAX_SPEED_KMH = 300
"""Maximum speed: a fast train."""

PACES = ("speed_kmh", "duration_s", "times_s")
LINES = ("line", "polyline")


class NeedsBody(StrictSchema):
    """Filters for stops: those of GET /v1/facilities, as arrays."""

    class Meta(StrictSchema.Meta):
        """The filters."""

        include = filters(array_of)

    open = array_of(
        OFFERED_STATES,
        "Its state on arrival. Default: both; [open] alone excludes facilities with unknown hours.",
        load_default=list(OFFERED_STATES),
    )

    @post_load
    def _needs(self, data: Mapping[str, Any], **_kwargs: Any) -> Needs:
        return needs_of(data, open_states=tuple(data["open"]))


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
        json_number,
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


LAST_GOOD_REASONS = ("gap_exceeds_comfort", "comfort_runs_out")


class StopProperties(FacilityProperties):
    """A facility, and where and when the route passes it. distance_m, bearing_deg and duration_s are null."""

    visit = fields.Integer(
        required=True, metadata={"description": "1 for the route's first pass of this place, 2 for the next."}
    )
    along_m = fields.Float(
        required=True, metadata={"description": "Along the route, from its start to its point nearest to this place."}
    )
    offset_m = fields.Float(
        required=True,
        metadata={"description": "Great-circle distance from the route's nearest point, not a road distance."},
    )
    side = words(
        "left", "right", "on", required=True, metadata={"description": "Side of the route, in the direction of travel."}
    )
    arrive_at = fields.AwareDateTime(
        required=True,
        metadata={"description": "When the traveller is at that nearest point; open refers to this time."},
    )
    gap_before_m = fields.Float(
        required=True, metadata={"description": "Along the route, from the previous stop or the route's start."}
    )
    gap_before_s = fields.Integer(required=True)
    gap_after_m = fields.Float(
        required=True, metadata={"description": "Along the route, to the next stop or the route's end."}
    )
    gap_after_s = fields.Integer(required=True)
    planned = fields.Boolean(required=True, metadata={"description": "The plan stops here."})
    last_good_stop = fields.Boolean(
        required=True, metadata={"description": "The gap after it exceeds the remaining comfort time."}
    )
    last_good_stop_reason = words(*LAST_GOOD_REASONS, None, required=True, allow_none=True)  # type: ignore[arg-type]  # null is in the enum
    last_good_stop_text = fields.String(required=True, allow_none=True)


class StopFeature(Feature):
    """One pass of a facility as a GeoJSON Feature; a facility passed twice comes twice, with the same id."""

    properties = fields.Nested(StopProperties, required=True)


class Backup(Schema):
    """The best other stop further along the route."""

    facility_id = fields.Integer(required=True)
    visit = fields.Integer(required=True)
    along_m = fields.Float(required=True)
    arrive_at = fields.AwareDateTime(required=True)
    further_m = fields.Float(required=True, metadata={"description": "Along the route, beyond the planned stop."})
    within_comfort = fields.Boolean(
        required=True, metadata={"description": "It can be reached within the comfort time."}
    )
    text = fields.String(required=True)


class PlannedStop(Schema):
    """A stop of the plan."""

    facility_id = fields.Integer(required=True)
    visit = fields.Integer(required=True)
    along_m = fields.Float(required=True)
    arrive_at = fields.AwareDateTime(required=True)
    cost_stars = fields.Float(
        required=True,
        metadata={"description": "Cost of the stop in stars, compared with a perfect place on the route."},
    )
    gap_before_m = fields.Float(required=True)
    gap_before_s = fields.Integer(
        required=True,
        metadata={"description": "Since the previous stop of the plan, or for the first one since the last stop."},
    )
    backup = fields.Nested(Backup, required=True, allow_none=True)


class GapWarning(Schema):
    """A gap of the plan that is longer than the traveller's comfort time."""

    reason = words("gap_exceeds_comfort", required=True)
    from_along_m = fields.Float(required=True)
    to_along_m = fields.Float(required=True)
    from_facility_id = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: the route's start."}
    )
    to_facility_id = fields.Integer(required=True, allow_none=True, metadata={"description": "null: the route's end."})
    gap_m = fields.Float(required=True)
    gap_s = fields.Integer(required=True)
    text = fields.String(required=True)


class Plan(Schema):
    """The stops to make: no gap exceeds the comfort time, at the least cost; or else the longest gap is minimal."""

    keeps_comfort = fields.Boolean(required=True)
    worst_gap_s = fields.Integer(required=True)
    cost_stars = fields.Float(required=True)
    stops = fields.List(fields.Nested(PlannedStop), required=True)
    gap_to_end_m = fields.Float(required=True)
    gap_to_end_s = fields.Integer(required=True)
    warnings = fields.List(fields.Nested(GapWarning), required=True)


class RouteSummary(Schema):
    """The route as the server interpreted it."""

    length_m = fields.Float(required=True)
    duration_s = fields.Float(required=True)
    depart_at = fields.AwareDateTime(required=True)
    arrive_at = fields.AwareDateTime(required=True)


class RouteStops(Schema):
    """The stops in order along the route, and the plan."""

    type = words("FeatureCollection", required=True)
    features = fields.List(fields.Nested(StopFeature), required=True)
    stops_found = fields.Integer(
        required=True,
        metadata={"description": "All stops, including those omitted because of limit; gaps refer to all of them."},
    )
    route = fields.Nested(RouteSummary, required=True)
    plan = fields.Nested(Plan, required=True)
    note = fields.String(
        required=True, allow_none=True, metadata={"description": "Why the list is empty or shortened."}
    )
    as_of = fields.AwareDateTime(required=True, metadata={"description": "The instant that quality refers to."})
    attribution = fields.List(fields.Nested(Terms), required=True)
