"""POST /v1/hints: whether to suggest a stop now, and why."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.hints import examples, schemas
from api.hints.texts import hint_text
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.responses import private
from api.http.services import database, now
from api.places.geojson import attribution, feature
from api.route.schemas import MAX_BODY_BYTES
from geo.ahead.hints.advice import advise
from geo.ahead.hints.situation import Memory, Situation
from geo.errors import InvalidRoute

door = Door(
    "hints",
    __name__,
    url_prefix="/v1/hints",
    description="Suggest a stop before the user asks.",
    max_body_bytes=MAX_BODY_BYTES,
)


@door.route("", methods=["POST"], caller=EVERYBODY, raises=(InvalidRoute,))
@door.arguments(schemas.HintsRequest, example=examples.REQUEST)
@door.response(200, schemas.HintReply, example=examples.HINT)
def ask_for_hint(body: Mapping[str, Any]) -> Response:
    """Return whether to suggest a stop now, and when to ask again.

    The phone sends its own memory of earlier hints; neither that nor its position is stored or logged. A phone that
    asks again as soon as either value of ask_again is reached gets every hint that it would get by asking each
    minute. docs/hints.md states every rule.
    """
    situation = Situation(**{**body, "memory": Memory(**body["memory"])}, as_of=now())
    with database().read() as session:
        advice = advise(session, situation)
    language, hint = callers_language(), advice.hint
    candidates = [candidate for candidate in (hint.facility, hint.backup) if candidate is not None]
    document = {
        "speak": hint.speak,
        "reason": hint.reason,
        "text": hint_text(hint, language) if hint.speak else None,
        "language": language.code,
        "facility": hint.facility and feature(hint.facility.card, language),
        "backup": hint.backup and feature(hint.backup.card, language),
        "valid_until": hint.valid_until,
        "ask_again": {"after_s": advice.ask_again.after_s, "after_m": advice.ask_again.after_m},
        "as_of": situation.as_of,
        "attribution": attribution(candidate.card for candidate in candidates),
    }
    return spoken(private(document), language)


doors = (door,)
