"""Schemas of GET /v1/asks, and of the questions in answers about one place and in hints."""

from collections.abc import Mapping
from typing import Any, get_args

from marshmallow import Schema, fields, post_load

from api.http.fields import (
    MAX_DISMISSED,
    RFC_3339,
    Decimal,
    Instant,
    QueryList,
    StrictSchema,
    WholeNumber,
    between,
    time_of_day,
    words,
)
from api.http.languages import LANGUAGES
from api.places.schemas import OneFeature, Terms
from geo.coordinates import Point
from geo.crowd.asks import NEARBY_M, ONCE_IN, Silence
from geo.database import MAX_ID

MAX_ASKS = 5
"""Maximum number of places in one answer: a person is asked about one, a team of testers about a few."""


def last_asked_at() -> Instant:
    """Return the field of when the phone last asked, in queries and bodies."""
    return Instant(
        metadata={
            "description": "When the phone last asked a question: as_of of that response. It asks at most once in "
            f"{ONCE_IN.total_seconds() / 3600:g} hours.",
            "format": "date-time",
            "pattern": f"^{RFC_3339}$",
        }
    )


class AskedQuery(StrictSchema):
    """What a phone remembers of earlier questions. The server stores none of it."""

    last_asked_at = last_asked_at()
    dismissed = QueryList(
        WholeNumber(validate=between(1, MAX_ID)),
        least=1,
        most=MAX_DISMISSED,
        metadata={"description": "Facilities not to ask about, such as those that this person has rated."},
    )
    local_time = time_of_day("Time of day by the phone's clock. Default: mean solar time.", "14:05")


class AsksQuery(AskedQuery):
    """A position, and what the phone remembers of earlier questions."""

    lat = Decimal(
        required=True,
        validate=between(-90, 90),
        metadata={"description": "Latitude, WGS84 degrees.", "example": 60.1699},
    )
    lon = Decimal(
        required=True,
        validate=between(-180, 180),
        metadata={"description": "Longitude, WGS84 degrees.", "example": 24.9384},
    )
    limit = WholeNumber(
        load_default=1, validate=between(1, MAX_ASKS), metadata={"description": "Maximum number of facilities."}
    )

    @post_load
    def _origin(self, data: Mapping[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Return the limit, and the other parameters as fields of Asking except as_of, under ``asking``."""
        memory = {name: value for name, value in data.items() if name not in {"lat", "lon", "limit"}}
        return {"asking": {**memory, "origin": Point(data["lon"], data["lat"])}, "limit": data["limit"]}


class Ask(Schema):
    """A facility to ask a visitor about. PUT /v1/facilities/{facility_id}/rating takes the answer."""

    facility_id = fields.Integer(required=True)
    label = fields.String(required=True, metadata={"description": "What to call the facility."})
    question = fields.String(
        required=True, metadata={"description": "The question, one line in the language of the response."}
    )
    distance_m = fields.Float(required=True, metadata={"description": f"At most {NEARBY_M:g}."})
    worth_stars = fields.Float(
        required=True,
        metadata={"description": "How much better visitors would choose after one more rating, on average."},
    )


class OneFeatureAndAsk(OneFeature):
    """A facility, and the one nearby that a visitor may be asked about."""

    ask = fields.Nested(
        Ask,
        required=True,
        allow_none=True,
        metadata={"description": "The facility nearby to ask a visitor about, often this one; null if there is none."},
    )


class AskReply(Schema):
    """The facilities nearby whose ratings are worth most, the most valuable first."""

    asks = fields.List(fields.Nested(Ask), required=True)
    silent = words(
        *get_args(Silence), required=True, allow_none=True, metadata={"description": "Why there is none; else null."}
    )
    language = words(*LANGUAGES, required=True, metadata={"description": "Language of question, by Accept-Language."})
    as_of = fields.AwareDateTime(required=True, metadata={"description": "The instant that the response refers to."})
    attribution = fields.List(fields.Nested(Terms), required=True)
