"""Texts of searches: why a list is widened or empty, and what a status means, in the caller's language."""

from api.http.languages import Language
from geo.facilities.ranking import WIDEST_M
from geo.facilities.search import BoxQuery, Found, NearbyQuery


def list_note(query: NearbyQuery | BoxQuery, found: Found, language: Language) -> str | None:
    """Return a sentence that explains why the list is widened or empty; None if it is neither."""
    if isinstance(query, NearbyQuery) and found.nearest_m is not None:
        return language.say(
            "Nothing within %(radius)s meets these needs. The nearest that does is %(distance)s away; these are the"
            " best within twice that distance.",
            radius=language.metres(query.radius_m),
            distance=language.metres(round(found.nearest_m)),
        )
    if found.facilities:
        return None
    if isinstance(query, BoxQuery):
        return language.say("No facility in this box meets these needs.")
    return language.say("Nothing within %(radius)s meets these needs.", radius=language.kilometres(WIDEST_M / 1000))


def status_note(status: str, ranked_last: str | None, language: Language) -> str | None:
    """Return a sentence about a facility's status; None if it is active and in order.

    Args:
        status: the status.
        ranked_last: why the facility is ranked after all others.
        language: of the sentence.
    """
    if status == "reported_closed":
        return language.say("Visitors reported it closed; nobody has confirmed that yet.")
    if status == "closed":
        return language.say("It is closed for good, or its source no longer lists it.")
    if ranked_last == "out_of_order":
        return language.say("Visitors reported it out of order; nobody has confirmed that yet.")
    return None


def rating_note(code: str | None, language: Language) -> str | None:
    """Return a sentence about a facility's rating; None without a code, for which the only one is ``rush``."""
    return None if code is None else language.say("Many ratings at once, being looked at.")
