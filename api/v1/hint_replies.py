"""What POST /v1/hints answers, for the documentation and the tests."""

from marshmallow import Schema, fields

from api.languages import LANGUAGES
from api.strictness import words
from api.v1.replies import Feature, Terms
from geo.ahead.hints import SILENT, SPOKEN


class AskAgain(Schema):
    """Ask again as soon as either is reached."""

    after_s = fields.Integer(required=True, metadata={"description": "Seconds from now."})
    after_m = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Metres travelled from here; null: no way matters."}
    )


class HintReply(Schema):
    """Whether to speak, and why or why not."""

    speak = fields.Boolean(required=True)
    reason = words(*SPOKEN, *SILENT, required=True)
    text = fields.String(required=True, allow_none=True, metadata={"description": "What to say; null for silence."})
    language = words(*LANGUAGES, required=True, metadata={"description": "Of text, by Accept-Language."})
    facility = fields.Nested(Feature, required=True, allow_none=True, metadata={"description": "Where to stop."})
    backup = fields.Nested(Feature, required=True, allow_none=True, metadata={"description": "The next best."})
    valid_until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When the hint goes stale."}
    )
    ask_again = fields.Nested(AskAgain, required=True)
    as_of = fields.AwareDateTime(required=True, metadata={"description": "The instant of the answer."})
    attribution = fields.List(fields.Nested(Terms), required=True)
