"""GET /v1/asks: which place nearby to ask a visitor about."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.asks import examples, schemas
from api.asks.questions import questions
from api.http.conditional import answer, not_modified, this_minute
from api.http.declarations import EVERYBODY
from api.http.door import Door
from api.http.languages import callers_language, spoken
from api.http.services import database, now
from geo.crowd.asks import Asking
from geo.rows import data_version

JSON = "application/json"

door = Door("asks", __name__, url_prefix="/v1/asks", description="Ask where an answer is worth most.")


@door.route("", caller=EVERYBODY)
@door.arguments(schemas.AsksQuery, location="query")
@door.response(200, schemas.AskReply, example=examples.ASKS)
@door.alt_response(304, description="The answer has not changed.", success=True)
def list_asks(parameters: Mapping[str, Any]) -> Response:
    """Return the facilities nearby whose next rating is worth most to those who choose after it.

    Ask a person about one of them, at most once a day: the phone remembers when it asked and sends it as
    last_asked_at. Nobody is asked at night. docs/asks.md explains how the facilities are chosen.
    """
    as_of, language = this_minute(now()), callers_language()
    with database().read() as session:
        if unchanged := not_modified(session, as_of, language.code):
            return spoken(unchanged, language)
        version = data_version(session)
        found = questions(session, Asking(**parameters["asking"], as_of=as_of), language, parameters["limit"])
    document = {**found._asdict(), "language": language.code, "as_of": as_of}
    return spoken(answer(document, JSON, as_of, version, language.code), language)


doors = (door,)
