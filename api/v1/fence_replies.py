"""Response schemas of GET /v1/fences, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.languages import LANGUAGES
from api.strictness import words
from api.v1.replies import FacilityProperties, Feature, PointGeometry, Terms


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
