"""Writes the questions of an answer: which places nearby to ask about, in the caller's language."""

from typing import Any, NamedTuple

from api.asks.texts import question
from api.http.languages import Language
from api.places.geojson import show
from geo.crowd import asks
from geo.crowd.asks import Asking, Silence
from geo.database import Session
from geo.facilities import search


class Questions(NamedTuple):
    """The questions of an answer.

    Attributes:
        asks: each as in schemas.Ask.
        silent: why there are none; None if there are.
        attribution: the terms of every dataset that the places come from, each once.
    """

    asks: list[dict[str, Any]]
    silent: Silence | None
    attribution: list[dict[str, str | None]]


NO_QUESTIONS = Questions([], None, [])


def questions(session: Session, asking: Asking, language: Language, at_most: int = 1) -> Questions:
    """Return the questions that a phone may ask, the most valuable first."""
    silent = asks.silence(asking)
    if silent is not None:
        return Questions([], silent, [])
    chosen = asks.worth_asking(session, asking, at_most)
    if not chosen:
        return Questions([], "nothing_to_ask", [])
    cards = [card for ask in chosen for card in search.one(session, ask.facility_id, asking.as_of).facilities]
    shown = show(session, cards, language)
    written = [
        {
            "facility_id": ask.facility_id,
            "label": name,
            "question": question(name, ask.last_rated_at, asking.as_of, language),
            "distance_m": round(ask.distance_m, 1),
            "worth_stars": round(ask.worth_stars, 4),
        }
        for ask, name in zip(chosen, shown.names, strict=True)
    ]
    return Questions(written, None, shown.attribution)
