"""Schemas of GET /v1/localities."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.http.fields import WRITTEN, Decimal, PlainText, StrictSchema, WholeNumber, between, words
from api.places.schemas import PointGeometry, Terms
from geo.gazetteer.models import KINDS
from geo.gazetteer.search import MAX_CANDIDATES

MAX_CHARACTERS = 100
"""Maximum length of q: longer than the names of streets, of which a search needs only the beginning."""

DEFAULT_LIMIT = 10
"""Results that fit below a search box."""


_ENCODED_BYTE = re.compile("%[0-9A-Fa-f]{2}")


def _require_utf8(text: str) -> None:
    """Refuse bytes that are not UTF-8, which werkzeug leaves percent-encoded. No name contains such a sequence."""
    if _ENCODED_BYTE.search(text):
        raise ValidationError("must be UTF-8")


class LocalitiesRequest(StrictSchema):
    """A name or the beginning of one, and optionally a position near which to look first."""

    q = PlainText(
        required=True,
        validate=[
            validate.Length(1, MAX_CHARACTERS, error="must be between {min} and {max} characters long"),
            _require_utf8,
        ],
        metadata={
            "description": "Name of a place, station or street, or its beginning.",
            "example": "Mannerheim",
            "pattern": WRITTEN,
        },
    )
    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=between(1, MAX_CANDIDATES),
        metadata={"description": "Maximum number of localities."},
    )
    lat = Decimal(
        validate=between(-90, 90),
        metadata={"description": "With lon: rank near localities first. WGS84 degrees.", "example": 60.1699},
    )
    lon = Decimal(
        validate=between(-180, 180),
        metadata={"description": "With lat: rank near localities first. WGS84 degrees.", "example": 24.9384},
    )

    @validates_schema
    def _both_or_neither(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        for one, other in (("lat", "lon"), ("lon", "lat")):
            if one in data and other not in data:
                raise ValidationError({other: [f"is required with {one}"]})


class LocalityProperties(Schema):
    """A named place, station or street."""

    name = fields.String(required=True)
    kind = words(*KINDS, required=True)
    near = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Name of the nearest settlement of a more important kind, to tell apart equal names."},
    )
    population = fields.Integer(required=True, allow_none=True)
    distance_m = fields.Float(
        required=True, allow_none=True, metadata={"description": "Great-circle distance from lat and lon."}
    )


class LocalityFeature(Schema):
    """A locality as a GeoJSON Feature. The id is an OpenStreetMap object; a street consists of several."""

    type = words("Feature", required=True)
    id = fields.String(required=True)
    geometry = fields.Nested(PointGeometry, required=True)
    properties = fields.Nested(LocalityProperties, required=True)


class LocalityCollection(Schema):
    """Localities, best first."""

    type = words("FeatureCollection", required=True)
    features = fields.List(fields.Nested(LocalityFeature), required=True)
    attribution = fields.List(fields.Nested(Terms), required=True)
