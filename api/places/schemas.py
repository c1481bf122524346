"""Schemas of searches and of facilities as GeoJSON."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.http.fields import (
    DECIMAL,
    DEFAULT_LIMIT,
    MAX_LIMIT,
    RFC_3339,
    Bbox,
    Decimal,
    StrictSchema,
    WholeNumber,
    between,
    list_of,
    words,
)
from api.places.filters import OpenWhen, filters
from geo.crowd.quality import VERDICTS
from geo.facilities.attributes import ATTRIBUTES, KINDS, UNKNOWN, Attribute
from geo.facilities.models import PUBLIC_STATUSES
from geo.facilities.ranking import MODES, RANKS

DEFAULT_RADIUS_M = 2000
MAX_RADIUS_M = 50_000


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


OPEN_STATES = ("open", "closed", UNKNOWN)


LAST_REASONS = ("reported_closed", "out_of_order", "closed_on_arrival")
"""Why a facility is ranked after all others."""


class RatingSummary(Schema):
    """The crowd's rating of a facility."""

    mean = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Mean of the stars, each rating with its weight: newcomers and rushes count less."},
    )
    count = fields.Integer(required=True, metadata={"description": "Number of current ratings."})
    effective_count = fields.Float(
        required=True,
        metadata={"description": "Sum of the weights of the current ratings: how many full ones they are."},
    )
    demo_count = fields.Integer(
        required=True, metadata={"description": "How many of them are invented for demonstration."}
    )
    excluded_count = fields.Integer(
        required=True,
        metadata={
            "description": "Ratings that moderators excluded from all these figures, for example after a campaign."
        },
    )
    quality = fields.Float(required=True, metadata={"description": "Expected stars today: decayed and shrunken."})
    sd = fields.Float(required=True, metadata={"description": "Standard deviation of quality, in stars."})
    verdict = words(*VERDICTS, required=True)
    last_rated_at = fields.AwareDateTime(required=True, allow_none=True)
    note = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "A sentence about ratings that moderators are looking at, because many at once contradict "
            "the record of the place; otherwise null."
        },
    )


class Opening(Schema):
    """Whether the facility is open at the instant ``at``."""

    state = words(*OPEN_STATES, required=True)
    until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When the state changes; null if unknown."}
    )
    at = fields.AwareDateTime(required=True)
    opening_hours = fields.String(required=True, allow_none=True, metadata={"description": "OSM opening_hours syntax."})
    note = fields.String(
        required=True, allow_none=True, metadata={"description": "Opening hours as free text; not interpreted."}
    )


class Address(Schema):
    """A postal address."""

    street = fields.String(required=True, allow_none=True)
    house_number = fields.String(required=True, allow_none=True)
    postcode = fields.String(required=True, allow_none=True)
    city = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True, metadata={"description": "ISO 3166-1 alpha-2."})


class Directions(Schema):
    """Links for map applications. They contain the coordinates of the facility and nothing about the caller."""

    geo = fields.String(required=True, metadata={"description": "A geo URI (RFC 5870)."})
    openstreetmap = fields.URL(required=True, metadata={"description": "Directions on openstreetmap.org."})
    apple_maps = fields.URL(required=True, metadata={"description": "Directions in Apple Maps."})
    google_maps = fields.URL(required=True, metadata={"description": "Directions in Google Maps."})


class Terms(Schema):
    """The attribution that a licence requires."""

    attribution = fields.String(required=True)
    licence = fields.String(required=True)
    url = fields.String(required=True, allow_none=True)


class Source(Terms):
    """A dataset that contains the facility."""

    dataset = fields.String(required=True)
    external_id = fields.String(required=True)
    seen_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "null once the dataset no longer lists it."}
    )
    gave = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={
            "description": "The attributes of the facility that come from this source; location, address, "
            "opening_hours and tags stand for all their members. null: all, as it is the only source."
        },
    )


class Prior(Schema):
    """What a facility's kind, operator or brand tells about it."""

    stars = fields.Float(required=True, metadata={"description": "Quality that it would have without ratings."})
    group = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The facilities whose ratings give the stars: kind:, operator: or brand: followed by the "
            "kind or name that they have in common. null: too few ratings; the stars are the default.",
            "example": "kind:toilets",
        },
    )
    weight = fields.Float(
        required=True,
        metadata={"description": "Share of the stars in the facility's long-term record, 1 without ratings."},
    )


class Explanation(Schema):
    """The terms of U = (quality_weight * quality - kappa * sd) - beta * distance, and the prior of the quality."""

    quality = fields.Float(required=True)
    sd = fields.Float(required=True)
    distance_km = fields.Float(required=True)
    quality_weight = fields.Float(required=True)
    kappa = fields.Float(required=True)
    beta_stars_per_km = fields.Float(required=True)
    quality_term = fields.Float(required=True)
    distance_term = fields.Float(required=True)
    utility = fields.Float(required=True)
    prior = fields.Nested(Prior, required=True)


def tri_state(attribute: Attribute) -> fields.String:
    """Return a field for one of the attribute's words; null means unknown."""
    metadata = {"description": attribute.description}
    return words(*attribute.words, None, required=True, allow_none=True, metadata=metadata)  # type: ignore[arg-type]  # null is in the enum


class FacilityProperties(Schema):
    """A facility. null means unknown, not no."""

    class Meta:
        """The attributes."""

        include = {attribute.name: tri_state(attribute) for attribute in ATTRIBUTES}

    kind = words(*KINDS, required=True)
    offers = fields.List(words(*KINDS), required=True)
    name = fields.String(required=True, allow_none=True)
    label = fields.String(
        required=True,
        metadata={
            "description": "What to call it, in the language of the response: its name, or what it offers with its "
            "venue, its address, the nearest street, or its distance and direction."
        },
    )
    label_detail = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What distinguishes it from those of this response with the same label: address, street, "
            "distance and direction, or a number. null if no other has the same label."
        },
    )
    venue = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The venue that it is in, as an OSM value such as cafe or fuel."},
    )
    status = words(*PUBLIC_STATUSES, required=True)
    status_note = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A sentence about a status other than active, or about a place out of order."},
    )
    ranked_last = words(
        *LAST_REASONS,
        None,  # type: ignore[arg-type]  # null is in the enum
        required=True,
        allow_none=True,
        metadata={"description": "Why it comes after all others, at any distance. A search with open ignores hours."},
    )
    address = fields.Nested(Address, required=True)
    level = fields.String(required=True, allow_none=True)
    operator = fields.String(required=True, allow_none=True)
    distance_m = fields.Float(required=True, allow_none=True, metadata={"description": "Great-circle distance."})
    bearing_deg = fields.Float(
        required=True, allow_none=True, metadata={"description": "Initial bearing, clockwise from north."}
    )
    duration_s = fields.Float(required=True, allow_none=True, metadata={"description": "Estimated travel time."})
    directions = fields.Nested(Directions, required=True)
    rating = fields.Nested(RatingSummary, required=True)
    open = fields.Nested(Opening, required=True)
    sources = fields.List(fields.Nested(Source), required=True)
    explain = fields.Nested(Explanation)


class PointGeometry(Schema):
    """A GeoJSON Point: longitude, latitude."""

    type = words("Point", required=True)
    coordinates = fields.List(fields.Float(), required=True, validate=validate.Length(equal=2))


class Feature(Schema):
    """A facility as a GeoJSON Feature."""

    type = words("Feature", required=True)
    id = fields.Integer(required=True)
    geometry = fields.Nested(PointGeometry, required=True)
    properties = fields.Nested(FacilityProperties, required=True)


class ObservedShare(Schema):
    """How many visitors observed a fact, with Wilson's 95 % interval of the share."""

    yes = fields.Integer(required=True)
    of = fields.Integer(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class ObservedFacts(Schema):
    """Facts that visitors observed. Facts that nobody reported on are omitted."""

    soap = fields.Nested(ObservedShare)
    paper = fields.Nested(ObservedShare)
    running_water = fields.Nested(ObservedShare)
    lock = fields.Nested(ObservedShare)


class OneFeature(Feature):
    """A facility with observed facts and the attribution that its licences require."""

    observed = fields.Nested(ObservedFacts, required=True)
    as_of = fields.AwareDateTime(required=True)
    attribution = fields.List(fields.Nested(Terms), required=True)


class FeatureCollection(Schema):
    """Facilities, best first."""

    type = words("FeatureCollection", required=True)
    features = fields.List(fields.Nested(Feature), required=True)
    as_of = fields.AwareDateTime(
        required=True, metadata={"description": "The instant that quality and opening hours refer to."}
    )
    widened = fields.Boolean(
        required=True,
        metadata={
            "description": "No facility lies within the radius; these lie within twice the distance of the nearest."
        },
    )
    note = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the list is widened or empty."},
    )
    attribution = fields.List(fields.Nested(Terms), required=True)
