"""The question about a place, one line in the caller's language."""

from datetime import datetime, timedelta

from api.http.languages import Language

MONTH = timedelta(days=30)

LONG_UNRATED = 2 * MONTH
"""Time without a rating from which the question mentions it: two half-lives of the present state."""


def question(place: str, last_rated_at: datetime | None, as_of: datetime, language: Language) -> str:
    """Return the question about a place.

    Args:
        place: what to call it.
        last_rated_at: when it was last rated; None if never.
        as_of: now.
        language: of the question.
    """
    if last_rated_at is None:
        return language.say("%(place)s: nobody has rated it yet. How clean was it?", place=place)
    unrated_for = as_of - last_rated_at
    if unrated_for < LONG_UNRATED:
        return language.say("%(place)s: how clean was it?", place=place)
    return language.say(
        "%(place)s: nobody has rated it for %(months)s. How clean was it?",
        place=place,
        months=language.count("%(number)s month", "%(number)s months", unrated_for // MONTH),
    )
