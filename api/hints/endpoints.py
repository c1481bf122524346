"""POST /v1/hints: whether to suggest a stop now, and why."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.asks.questions import NO_QUESTIONS, questions
from api.hints import examples, schemas
from api.hints.texts import hint_text
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.responses import private
from api.http.services import database, now
from api.places.geojson import show
from api.route.schemas import MAX_BODY_BYTES
from geo.ahead.hints.advice import advise
from geo.ahead.hints.situation import Memory, Situation
from geo.crowd.asks import Asking
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
    given = {name: value for name, value in body.items() if name != "asking"}
    situation = Situation(**{**given, "memory": Memory(**body["memory"])}, as_of=now())
    language = callers_language()
    with database().read() as session:
        advice = advise(session, situation)
        hint = advice.hint
        stops = {"facility": hint.facility, "backup": hint.backup}
        cards = {role: candidate.card for role, candidate in stops.items() if candidate is not None}
        shown = show(session, [*cards.values()], language, situation.mode)
        # A hint and a question at once would be one too many, and nobody answers at the wheel.
        may_ask = not hint.speak and situation.mode == "walk"
        asking = Asking(situation.origin, situation.as_of, **body["asking"])
        about = questions(session, asking, language) if may_ask else NO_QUESTIONS
    features = dict(zip(cards, shown.features, strict=True))
    document = {
        "speak": hint.speak,
        "reason": hint.reason,
        "text": hint_text(hint, shown.names[0], language) if hint.speak else None,
        "language": language.code,
        "facility": features.get("facility"),
        "backup": features.get("backup"),
        "valid_until": hint.valid_until,
        "ask_again": {"after_s": advice.ask_again.after_s, "after_m": advice.ask_again.after_m},
        "ask_about": next(iter(about.asks), None),
        "as_of": situation.as_of,
        "attribution": [*shown.attribution, *about.attribution],
    }
    return spoken(private(document), language)


doors = (door,)
