"""Texts of hints: one short sentence in the caller's language."""

from api.http.languages import Language
from geo.ahead.hints.rules import Hint

HERE_M = 50
"""Distance below which the text says "right here": the door is in sight."""

SPOKEN_TO_M = 1_000
"""Distance from which texts use kilometres."""


def hint_text(hint: Hint, place: str, spoken: Language) -> str:
    """Return the text of a hint, which says why and where to stop.

    Args:
        hint: it must have a facility.
        place: what to call the facility.
        spoken: the caller's language.
    """
    candidate = hint.facility
    assert candidate is not None  # noqa: S101 - for mypy
    where = {"place": place, "away": _away(candidate.away_m, spoken)}
    if hint.reason == "long_gap_ahead":
        return spoken.say(
            "%(place)s, %(away)s: a good stop before %(gap)s without one.", **where, gap=_gap(hint, spoken)
        )
    if hint.reason == "closing_soon":
        return spoken.say("%(place)s, %(away)s: %(closes)s.", **where, closes=_closes(hint, spoken))
    if hint.reason == "best_for_a_while":
        return spoken.say("%(place)s, %(away)s: the best stop for a while.", **where)
    return spoken.say("%(place)s, %(away)s: a good moment for a stop.", **where)


def _away(metres: float, spoken: Language) -> str:
    if metres < HERE_M:
        return spoken.say("right here")
    if metres < SPOKEN_TO_M - 50:
        return spoken.count("%(number)s metre away", "%(number)s metres away", round(metres / 50) * 50)
    return spoken.count("%(number)s kilometre away", "%(number)s kilometres away", max(1, round(metres / 1000)))


def _gap(hint: Hint, spoken: Language) -> str:
    """Return the length of a gap, rounded down."""
    kilometres = max(1, int((hint.gap_m or 0) / 1000))
    return spoken.count("%(number)s kilometre", "%(number)s kilometres", kilometres)


def _closes(hint: Hint, spoken: Language) -> str:
    minutes = max(1, int((hint.closes_in_s or 0) / 60))
    return spoken.count("it closes in %(number)s minute", "it closes in %(number)s minutes", minutes)
