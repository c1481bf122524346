"""Texts of geofences: one short sentence in the caller's language."""

from api.http.languages import Language
from geo.ahead.fences.thinning import WATCHED_TO_M
from geo.facilities.cards import Card


def fence_text(card: Card, place: str, language: Language) -> str:
    """Return the text to show to a person who stays near a facility, which is called place."""
    if card.mean_stars is None:
        return language.say("Close by: %(place)s.", place=place)
    stars = language.decimal(round(card.quality, 1))
    return language.say("Close by: %(place)s, rated %(stars)s of 5.", place=place, stars=stars)


def empty_note(language: Language) -> str:
    """Return a sentence that explains why there is no region."""
    return language.say(
        "Nothing within %(radius)s meets these needs; ask again outside the refresh region.",
        radius=language.kilometres(WATCHED_TO_M / 1000),
    )
