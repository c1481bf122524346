"""Texts of hints and geofences: one short sentence in the caller's language."""

from typing import Any

from api.http.languages import Language
from geo.ahead.hints import Hint
from geo.database import Row

HERE_M = 50
"""Distance below which the text says "right here": the door is in sight."""

SPOKEN_TO_M = 1_000
"""Distance from which texts use kilometres."""


def hint_text(hint: Hint, spoken: Language) -> str:
    """Return the text of a hint, which says why and where to stop. The hint must have a facility."""
    row = hint.facility
    assert row is not None  # noqa: S101 - for mypy
    where = {"place": place_name(row, spoken), "away": _away(row, spoken)}
    if hint.reason == "long_gap_ahead":
        return spoken.say(
            "%(place)s, %(away)s: a good stop before %(gap)s without one.", **where, gap=_gap(hint, spoken)
        )
    if hint.reason == "closing_soon":
        return spoken.say("%(place)s, %(away)s: %(closes)s.", **where, closes=_closes(hint, spoken))
    if hint.reason == "best_for_a_while":
        return spoken.say("%(place)s, %(away)s: the best stop for a while.", **where)
    return spoken.say("%(place)s, %(away)s: a good moment for a stop.", **where)


def fence_text(row: Row, spoken: Language) -> str:
    """Return the text to show to a person who stays near a facility."""
    place = place_name(row, spoken)
    if row["mean_stars"] is None:
        return spoken.say("Close by: %(place)s.", place=place)
    return spoken.say("Close by: %(place)s, rated %(stars)s of 5.", place=place, stars=_stars(row, spoken))


def place_name(row: Row, spoken: Language) -> str:
    """Return a facility's name, or else the first thing that it offers."""
    if row["name"]:
        return str(row["name"])
    return {
        "toilets": spoken.say("Toilets"),
        "drinking_water": spoken.say("Drinking water"),
        "shower": spoken.say("A shower"),
        "baby_care": spoken.say("A baby-care room"),
    }[row["offers"][0]]


def _stars(row: Any, spoken: Language) -> str:
    return spoken.decimal(round(row["quality"], 1))


def _away(row: Row, spoken: Language) -> str:
    metres = row.get("along_m") or row["distance_m"]
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
