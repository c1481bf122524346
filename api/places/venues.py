"""Words for venues in the caller's language."""

from collections.abc import Mapping
from functools import cache

from api.http.languages import Language


def venue_word(venue: str | None, language: Language) -> str | None:
    """Return the word for an OSM value such as ``fuel``; None for a value without a word, and for None."""
    if venue is None:
        return None
    return _words(language).get(venue.partition(";")[0])


@cache
def _words(language: Language) -> Mapping[str, str]:
    return {
        "aerodrome": language.say("airport"),
        "alpine_hut": language.say("mountain hut"),
        "bakery": language.say("bakery"),
        "bar": language.say("bar"),
        "bus_station": language.say("bus station"),
        "cafe": language.say("café"),
        "camp_site": language.say("camp site"),
        "cinema": language.say("cinema"),
        "community_centre": language.say("community centre"),
        "convenience": language.say("convenience store"),
        "department_store": language.say("department store"),
        "fast_food": language.say("fast-food restaurant"),
        "ferry_terminal": language.say("ferry terminal"),
        "fuel": language.say("petrol station"),
        "hospital": language.say("hospital"),
        "hostel": language.say("hostel"),
        "hotel": language.say("hotel"),
        "ice_cream": language.say("ice-cream parlour"),
        "kiosk": language.say("kiosk"),
        "library": language.say("library"),
        "mall": language.say("shopping centre"),
        "marketplace": language.say("market"),
        "museum": language.say("museum"),
        "park": language.say("park"),
        "parking": language.say("car park"),
        "pharmacy": language.say("pharmacy"),
        "place_of_worship": language.say("place of worship"),
        "pub": language.say("pub"),
        "rest_area": language.say("rest area"),
        "restaurant": language.say("restaurant"),
        "services": language.say("motorway services"),
        "sports_centre": language.say("sports centre"),
        "station": language.say("station"),
        "supermarket": language.say("supermarket"),
        "swimming_pool": language.say("swimming pool"),
        "theatre": language.say("theatre"),
        "townhall": language.say("town hall"),
        "university": language.say("university"),
    }
