"""Response schemas of POST /v1/route/stops, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.strictness import words
from api.v1.replies import FacilityProperties, Feature, Terms

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
