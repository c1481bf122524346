"""Schemas of GET /v1/fences."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from api.http.fields import Decimal, StrictSchema, WholeNumber, between, list_of, words
from api.http.languages import LANGUAGES
from api.places.filters import filters, needs_of
from api.places.schemas import FacilityProperties, Feature, PointGeometry, Terms
from geo.ahead.fences import cells
from geo.coordinates import Point
from geo.facilities.attributes import OFFERED_STATES

PLATFORM_LIMITS = {"ios": 20, "android": 100}
"""Regions that an app may monitor on each platform, the refresh region included."""

DEFAULT_PLATFORM = "ios"

CELL = "[0-9a-f]{15}"


class Cell(fields.String):
    """An H3 cell of an allowed resolution: not as precise as a position, and not as large as half a country."""

    default_error_messages = {
        "cell": "is not a valid H3 cell (example: 881126d335fffff)",
        "resolution": f"must have a resolution between {cells.COARSEST} and {cells.FINEST}",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        cell = str(super()._deserialize(value, attr, data, **kwargs))
        resolution = cells.resolution(cell) if re.fullmatch(CELL, cell) else None
        if resolution is None:
            raise self.make_error("cell")
        if not cells.COARSEST <= resolution <= cells.FINEST:
            raise self.make_error("resolution")
        return cell


class FencesRequest(StrictSchema):
    """A phone's position or cell, and filters. Facilities with the verdict squat are never returned."""

    class Meta(StrictSchema.Meta):
        """The filters."""

        include = filters(list_of)

    lat = Decimal(
        validate=between(-90, 90),
        metadata={"description": "Latitude of the phone, WGS84 degrees.", "example": 60.1699},
    )
    lon = Decimal(
        validate=between(-180, 180),
        metadata={"description": "Longitude of the phone, WGS84 degrees.", "example": 24.9384},
    )
    cell = Cell(
        metadata={
            "description": "Instead of lat and lon: the phone's H3 cell, of a resolution between "
            f"{cells.COARSEST} and {cells.FINEST}. All phones in the cell get the same response.",
            "pattern": f"^{CELL}$",
        }
    )
    heading_deg = Decimal(
        validate=between(0, 360),
        metadata={
            "description": "Course over the ground, clockwise from north: some regions are then of the way ahead."
        },
    )
    platform = words(
        *PLATFORM_LIMITS,
        metadata={
            "description": f"How many regions: an app may monitor {PLATFORM_LIMITS['ios']} of them on iOS, "
            f"{PLATFORM_LIMITS['android']} on Android, the refresh region included. Default: {DEFAULT_PLATFORM}."
        },
    )
    limit = WholeNumber(
        validate=between(1, PLATFORM_LIMITS["android"]),
        metadata={"description": "Instead of platform: the maximum number of regions, without the refresh region."},
    )
    open = list_of(
        OFFERED_STATES,
        f"Its state now and for half an hour (default: {','.join(OFFERED_STATES)}); open alone excludes unknown.",
    )

    @validates_schema
    def _one_place_one_size(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if "cell" in data:
            faults = {name: "cannot be combined with cell" for name in ("lat", "lon", "heading_deg") if name in data}
        else:
            faults = {name: "is required: give lat and lon, or cell" for name in ("lat", "lon") if name not in data}
        if "limit" in data and "platform" in data:
            faults["limit"] = "cannot be combined with platform"
        if faults:
            raise ValidationError({name: [fault] for name, fault in faults.items()})

    @post_load
    def _asked(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Return the fields of FencesQuery except as_of."""
        cell = data.get("cell")
        at_resolution = cells.resolution(cell) if cell else None
        return {
            "origin": cells.centre(cell) if cell else Point(data["lon"], data["lat"]),
            "spread_m": 0 if at_resolution is None else cells.spread_m(at_resolution),
            "heading_deg": data.get("heading_deg"),
            "limit": data.get("limit", PLATFORM_LIMITS[data.get("platform", DEFAULT_PLATFORM)] - 1),
            "needs": needs_of(data, open_states=tuple(data["open"]) if "open" in data else None),
        }


class RegionProperties(FacilityProperties):
    """A facility and the circle around it to monitor."""

    radius_m = fields.Float(required=True, metadata={"description": "Radius of the circle around the facility."})
    dwell_s = fields.Integer(required=True, metadata={"description": "Time inside before text is shown, in seconds."})
    text = fields.String(required=True, metadata={"description": "The text to show."})


class Region(Feature):
    """A circle to monitor."""

    properties = fields.Nested(RegionProperties, required=True)


class RefreshProperties(Schema):
    """The radius of the refresh region."""

    radius_m = fields.Integer(required=True)


class RefreshRegion(Schema):
    """The circle outside which the phone requests new regions."""

    type = words("Feature", required=True)
    geometry = fields.Nested(PointGeometry, required=True)
    properties = fields.Nested(RefreshProperties, required=True)


class FenceCollection(Schema):
    """Regions to monitor, nearest first."""

    type = words("FeatureCollection", required=True)
    features = fields.List(fields.Nested(Region), required=True)
    refresh_region = fields.Nested(
        RefreshRegion,
        required=True,
        metadata={
            "description": "Inside it, the same request returns the nearest half of these again. Monitor its exit."
        },
    )
    language = words(*LANGUAGES, required=True, metadata={"description": "Language of the texts, by Accept-Language."})
    note = fields.String(required=True, allow_none=True, metadata={"description": "Why the list is empty."})
    as_of = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(
        required=True,
        metadata={"description": "When to request new regions, wherever the phone is: the first facility closes."},
    )
    attribution = fields.List(fields.Nested(Terms), required=True)
