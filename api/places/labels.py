"""Labels: what to call each facility of an answer, in the caller's language."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from unicodedata import normalize

from api.http.languages import Language
from api.places.addresses import address
from api.places.venues import venue_word

HERE_M = 10
"""Distance below which a direction means nothing: the error of a good position."""

_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters without width and those that change the direction of what follows; not joiners, which letters need."""

_SECTOR_DEG = 45
"""Width of one of the eight directions."""


class Label(NamedTuple):
    """What to call a facility.

    Attributes:
        text: its name, or else its kind with its venue, address, street or whereabouts.
        detail: what distinguishes it from those of the same answer with the same text; None if there are none.
    """

    text: str
    detail: str | None


class Place(NamedTuple):
    """What a label is made of, best first.

    Attributes:
        name: its name.
        kind: the word for what it offers.
        venue: the word for the venue that it is in.
        address: its street, with its house number.
        street: the nearest named street.
    """

    name: str | None
    kind: str
    venue: str | None
    address: str | None
    street: str | None = None


def place_of(properties: Mapping[str, Any], language: Language) -> Place:
    """Return what a facility's label is made of, without the nearest street.

    Args:
        properties: those of its Feature.
        language: of the words.
    """
    parts = properties["address"]
    return Place(
        _visible(properties["name"]),
        _kind_words(language)[(properties["offers"] or [properties["kind"]])[0]],
        venue_word(properties["venue"], language),
        address(parts["street"], parts["house_number"], parts["country"]),
    )


def may_need_street(places: Sequence[Place]) -> list[int]:
    """Return the indexes of the places whose label or detail contains the nearest street, if there is one.

    They have no address, and no name either or the same one as another place.
    """
    names = [place_name(place) for place in places]
    times = Counter(names)
    return [
        index
        for index, place in enumerate(places)
        if place.address is None and (names[index] == place.kind or times[names[index]] > 1)
    ]


def place_name(place: Place) -> str:
    """Return what to call a place wherever the reader is; if nothing about it is known, its kind."""
    if place.name and place.name.casefold() != place.kind.casefold():
        return place.name
    return _joined(place.kind, place.venue or place.address or place.street)


def labels(places: Sequence[Place], whereabouts: Callable[[int], str | None], language: Language) -> list[Label]:
    """Return the label of each place of one answer. Text and detail together differ for all.

    Args:
        places: the places.
        whereabouts: returns where a place is from where the answer was asked for, by its index; None if unknown.
        language: of the labels.
    """
    texts = [
        _joined(place.kind, whereabouts(index)) if place_name(place) == place.kind else place_name(place)
        for index, place in enumerate(places)
    ]
    groups = defaultdict(list)
    for index, text in enumerate(texts):
        groups[_alike(text)].append(index)
    details: dict[int, str] = {}
    for group in groups.values():
        if len(group) > 1:
            details |= _details(group, places, texts, whereabouts, language)
    return [Label(text, details.get(index)) for index, text in enumerate(texts)]


def whereabouts_from_origin(distance_m: float | None, bearing_deg: float | None, language: Language) -> str | None:
    """Return how far and in which direction a place is, such as "120 m to the north-east"; None without an origin."""
    if distance_m is None:
        return None
    if distance_m < HERE_M or bearing_deg is None:
        return language.say("right here")
    winds = _winds(language)
    return winds[round(bearing_deg / _SECTOR_DEG) % len(winds)] % {"distance": language.distance(distance_m)}


def _details(
    group: Sequence[int],
    places: Sequence[Place],
    texts: Sequence[str],
    whereabouts: Callable[[int], str | None],
    language: Language,
) -> dict[int, str]:
    """Return a detail for each place of a group that reads alike: the first that no other of the group has."""
    details: dict[int, str] = {}
    used: set[str] = set()
    for describe in (
        lambda index: places[index].kind,
        lambda index: places[index].address or places[index].street,
        whereabouts,
    ):
        described = {index: text for index in group if (text := describe(index))}
        times = Counter(described.values())
        for index, text in described.items():
            is_in_label = text.casefold() in texts[index].casefold()
            if index not in details and times[text] == 1 and text not in used and not is_in_label:
                details[index] = text
                used.add(text)
        if len(details) == len(group):
            break
    for number, index in enumerate(group, start=1):
        if index not in details:
            details[index] = _numbered(number, len(group), details.values(), language)
    return details


def _numbered(number: int, count: int, taken: Collection[str], language: Language) -> str:
    """Return "2 of 3", or a later number if an address has this text."""
    while True:
        values = {"number": language.decimal(number), "count": language.decimal(count)}
        text = language.say("%(number)s of %(count)s", **values)
        if text not in taken:
            return text
        number += count


def _visible(name: str | None) -> str | None:
    """Return a name without white space around it and characters that change the direction of text; None if blank."""
    return _INVISIBLE.sub("", name).strip() or None if name else None


def _alike(text: str) -> str:
    """Return a text in the form in which texts that look alike are equal."""
    return normalize("NFC", " ".join(text.split())).casefold()


def _joined(kind: str, where: str | None) -> str:
    return f"{kind}, {where}" if where else kind


@cache
def _kind_words(language: Language) -> Mapping[str, str]:
    return {
        "toilets": language.say("Toilets"),
        "drinking_water": language.say("Drinking water"),
        "shower": language.say("Shower"),
        "baby_care": language.say("Baby-care room"),
    }


@cache
def _winds(language: Language) -> Sequence[str]:
    """Return the texts of the eight directions, clockwise from north, with a placeholder for the distance."""
    placeholder = {"distance": "%(distance)s"}
    return (
        language.say("%(distance)s to the north", **placeholder),
        language.say("%(distance)s to the north-east", **placeholder),
        language.say("%(distance)s to the east", **placeholder),
        language.say("%(distance)s to the south-east", **placeholder),
        language.say("%(distance)s to the south", **placeholder),
        language.say("%(distance)s to the south-west", **placeholder),
        language.say("%(distance)s to the west", **placeholder),
        language.say("%(distance)s to the north-west", **placeholder),
    )
