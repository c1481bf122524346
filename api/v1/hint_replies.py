"""Response schemas of POST /v1/hints, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.languages import LANGUAGES
from api.strictness import words
from api.v1.replies import Feature, Terms
from geo.ahead.hints import SILENT, SPOKEN


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
    as_of = fields.AwareDateTime(required=True, metadata={"description": "The instant that the response refers to."})
    attribution = fields.List(fields.Nested(Terms), required=True)
