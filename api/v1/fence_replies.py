"""What GET /v1/fences answers, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.languages import LANGUAGES
from api.strictness import words
from api.v1.replies import FacilityProperties, Feature, PointGeometry, Terms


class RegionProperties(FacilityProperties):
    """A facility, and the circle around it to watch."""

    radius_m = fields.Float(required=True, metadata={"description": "Of the circle around the facility."})
    dwell_s = fields.Integer(required=True, metadata={"description": "How long to linger in it before text is shown."})
    text = fields.String(required=True, metadata={"description": "What to show."})


class Region(Feature):
    """A circle to watch."""

    properties = fields.Nested(RegionProperties, required=True)


class RefreshProperties(Schema):
    """How large the refresh region is."""

    radius_m = fields.Integer(required=True)


class RefreshRegion(Schema):
    """The circle to leave before asking anew."""

    type = words("Feature", required=True)
    geometry = fields.Nested(PointGeometry, required=True)
    properties = fields.Nested(RefreshProperties, required=True)


class FenceCollection(Schema):
    """Regions to watch, nearest first."""

    type = words("FeatureCollection", required=True)
    features = fields.List(fields.Nested(Region), required=True)
    refresh_region = fields.Nested(
        RefreshRegion,
        required=True,
        metadata={"description": "Inside it, the same request gives the nearest half of these again. Watch its exit."},
    )
    language = words(*LANGUAGES, required=True, metadata={"description": "Of the texts, by Accept-Language."})
    note = fields.String(required=True, allow_none=True, metadata={"description": "Why there is none."})
    as_of = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(
        required=True, metadata={"description": "When to ask anew wherever the phone is: the first of them closes."}
    )
    attribution = fields.List(fields.Nested(Terms), required=True)
