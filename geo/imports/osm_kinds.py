"""Determines by OSM tags which kinds of facility an object is or contains, by the definitions in the OSM wiki.

There are two forms. A *facility of its own* is an object such as ``amenity=toilets``. A *hosted* one is a property of
the place around it (``toilets=yes`` on a café).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

Tags = Mapping[str, str]

AMENITY_KINDS: Tags = {
    "toilets": "toilets",
    "drinking_water": "drinking_water",
    "water_point": "drinking_water",  # for large amounts of it
    "shower": "shower",
    "nursing_room": "baby_care",  # rare (about a hundred in the world) but unambiguous
}
"""Values of ``amenity`` that are facilities of their own. If a place has several (``shower;toilets``), the first in
this order is its kind, and it offers the others, too."""

WATER_SOURCES: Mapping[str, frozenset[str]] = {
    "amenity": frozenset(("fountain", "watering_place")),
    "man_made": frozenset(("water_tap", "water_well", "drinking_fountain")),
    "natural": frozenset(("spring",)),
    "waterway": frozenset(("water_point",)),
}
"""Objects that are drinking water of their own if their tags say that the water is drinkable."""

WATER_HOST_KEYS = (
    *("amenity", "shop", "tourism", "leisure", "railway", "aeroway", "public_transport", "highway", "office", "craft"),
    *("healthcare", "club", "historic"),
)
"""Keys of places for people, where drinkable water is offered (a camp site). Elsewhere it describes the water (a
reservoir, a water tower)."""

HOST_KEYS = (*WATER_HOST_KEYS, "man_made", "natural", "landuse", "building")
"""Keys for the word for a host: first its purpose, last its structure (a supermarket is also ``building=retail``, a
station ``public_transport=station``)."""

STRUCTURE_KEYS = ("landuse", "building")
"""Host keys that remain when the host has closed: ``building=retail`` with ``disused:shop=supermarket``."""

VACANT = frozenset(("vacant", "disused", "abandoned", "closed"))
"""Values of host keys for a host that has closed."""

FORMER_PREFIXES = ("disused", "abandoned", "closed", "was", "removed", "demolished", "razed", "destroyed")
"""Lifecycle prefixes of former objects: ``disused:amenity=toilets`` closes a facility."""

OUT_OF_USE = (
    *((prefix, "yes") for prefix in FORMER_PREFIXES),
    *(("operational_status", status) for status in ("closed", "out_of_order", "broken")),
)

ACCESS_WORDS: Tags = {
    **dict.fromkeys(("yes", "public", "permissive", "designated", "official"), "public"),
    **dict.fromkeys(("customers", "customer"), "customers"),
    **dict.fromkeys(("private", "no", "permit", "employees", "staff", "members", "residents"), "private"),
    "key": "key",
}
TOILETS_ACCESS: Tags = {value: word for value, word in ACCESS_WORDS.items() if value not in {"yes", "no"}}
"""Values of ``toilets`` that say who may enter: ``toilets=customers``."""

WITHOUT_TOILETS = frozenset(("no", "none", "separate"))
"""Values of ``toilets`` on a host without toilets. ``separate`` ones are objects of their own."""

WHEELCHAIR_TOILETS = frozenset(("yes", "designated", "official", "limited"))
"""Values of ``toilets:wheelchair`` that say that there are toilets. ``no`` does not say whether there are any."""

CHANGING_TABLE_KEYS = ("changing_table", "toilets:changing_table", "diaper")
"""Keys for a changing table; ``diaper`` is the older name."""
CHANGING_TABLE_WORDS: Tags = {"yes": "yes", "no": "no", "room": "yes", "bench": "yes"}
"""``limited`` means a surface not designed for it, which is neither yes nor no."""
LOCATION_KEYS = ("changing_table:location", "toilets:changing_table:location")
OUTSIDE_TOILETS = ("dedicated_room", "room", "sales_area")
"""Values of ``changing_table:location`` for a table that is not in toilets."""

WATER_KEYS = ("drinking_water", "drinkable", "potable")
"""The key for whether water is drinkable, and its older names."""
NOT_FOR_DRINKING = frozenset(
    (
        *("no", "unsafe", "untreated", "boil", "contaminated", "polluted", "undrinkable"),
        *("nonpotable", "notpotable", "nondrinkable", "notdrinkable"),
    )
)
"""Words of these keys that deny it, without what joins their parts (``non-potable``, ``not potable``). ``conditional``
is unknown: it looks drinkable and nobody is sure."""

KEYS = (
    *("amenity", "toilets", "toilets:wheelchair", "toilets:access", "baby_feeding"),
    *(*WATER_KEYS, *CHANGING_TABLE_KEYS, *LOCATION_KEYS),
    *(f"{prefix}:amenity" for prefix in FORMER_PREFIXES),
)
"""An object with none of these keys is not a facility; readers may skip it."""

_JOINTS = re.compile(r"[\s_-]+")


class Reading(NamedTuple):
    """How to interpret an object's tags.

    Attributes:
        kind: its kind.
        other_kinds: the other kinds that it offers.
        hosted: whether it is a property of the place around it.
        prefixes: prefixes of keys that describe the facility, the strongest first.
        former: whether it no longer exists.
    """

    kind: str
    other_kinds: frozenset[str]
    hosted: bool
    prefixes: tuple[str, ...]
    former: bool = False


def reading_of(tags: Tags) -> Reading | None:
    """Return how to interpret an object's tags; None if it is not a facility."""
    own, hosted = _own_kinds(tags), _hosted_kinds(tags)
    if own or hosted:
        return _reading(own, hosted)
    for prefix in FORMER_PREFIXES:
        former = _amenity_kinds(tags.get(f"{prefix}:amenity"))
        if former:
            return _reading(former, [])._replace(former=True)
    return None


def listed(value: str) -> list[str]:
    """Return the values of a tag with several (``toilets;shower``)."""
    return [part.strip() for part in value.split(";")]


def venue_of(tags: Tags) -> str | None:
    """Return the word for a host, such as ``cafe``; None if the object has no host key."""
    for key in HOST_KEYS:
        value = tags.get(key)
        if value and value != "no":
            return key if value == "yes" else value
    return None


def is_closed(tags: Tags, reading: Reading) -> bool:
    """Return whether a facility no longer exists, is out of use, or is in a host that has closed."""
    if reading.former or any(tags.get(key) == value for key, value in OUT_OF_USE):
        return True
    if not reading.hosted:
        return False
    purposes = {tags.get(key, "no") for key in HOST_KEYS if key not in STRUCTURE_KEYS} - {"no"}
    if purposes:
        return venue_of(tags) in VACANT
    return any(tags.get(f"{prefix}:{key}", "no") != "no" for prefix in FORMER_PREFIXES for key in HOST_KEYS)


def toilets_of(tags: Tags) -> str | None:
    """Return whether an object has toilets, by ``toilets`` and the keys that describe them."""
    toilets = tags.get("toilets")
    if toilets in WITHOUT_TOILETS:
        return "no" if toilets != "separate" else None
    has_toilets = (
        toilets == "yes"
        or toilets in TOILETS_ACCESS
        or tags.get("toilets:wheelchair") in WHEELCHAIR_TOILETS
        or tags.get("toilets:access", "unknown") != "unknown"
    )
    return "yes" if has_toilets else None


def changing_table_of(tags: Tags) -> str | None:
    """Return whether there is a changing table. A tag for its location says so if no other does."""
    for key in CHANGING_TABLE_KEYS:
        word = CHANGING_TABLE_WORDS.get(tags.get(key, ""))
        if word is not None:
            return word
    return "yes" if changing_table_location_of(tags) else None


def changing_table_location_of(tags: Tags) -> str | None:
    """Return where the changing table is; of several places the one that most people can enter."""
    places = {place for key in LOCATION_KEYS for place in listed(tags.get(key, ""))}
    for place in ("unisex_toilet", *OUTSIDE_TOILETS, "wheelchair_toilet"):
        if place in places:
            return place
    if places >= {"female_toilet", "male_toilet"}:
        return "male_and_female_toilet"
    return next((place for place in ("female_toilet", "male_toilet") if place in places), None)


def drinking_water_of(tags: Tags) -> str | None:
    """Return whether the water is drinkable. One negative value outweighs all others, because health depends on it.

    ``drinking_water:legal=no`` means that the water is not tested. It counts only if no other key says that the water
    is drinkable: https://wiki.openstreetmap.org/wiki/Key:drinking_water
    """
    words = {_JOINTS.sub("", word).lower() for key in WATER_KEYS for word in listed(tags.get(key, ""))}
    if words & NOT_FOR_DRINKING:
        return "no"
    if "yes" in words:
        return "yes"
    return "no" if tags.get("drinking_water:legal", "").strip().lower() == "no" else None


def _reading(own: list[str], hosted: list[str]) -> Reading:
    kind, *others = own + hosted
    if own:
        prefixes: tuple[str, ...] = ("", "toilets:") if "toilets" in (kind, *others) else ("",)
    else:
        prefixes = ("toilets:",) if kind == "toilets" else ("baby_feeding:",) if kind == "baby_care" else ()
    return Reading(kind, frozenset(others) - {kind}, not own, prefixes)


def _own_kinds(tags: Tags) -> list[str]:
    kinds = _amenity_kinds(tags.get("amenity"))
    is_source = any(sources.intersection(listed(tags.get(key, ""))) for key, sources in WATER_SOURCES.items())
    if is_source and "drinking_water" not in kinds and drinking_water_of(tags) == "yes":
        kinds.append("drinking_water")
    return kinds


def _amenity_kinds(amenity: str | None) -> list[str]:
    if amenity is None:
        return []
    values = listed(amenity)
    return [kind for value, kind in AMENITY_KINDS.items() if value in values]


def _hosted_kinds(tags: Tags) -> list[str]:
    """Return the kinds that an object contains, the kind of the facility first.

    A changing table of a shop or a café is in its toilets, unless the tags say otherwise.
    """
    kinds = []
    venue = venue_of(tags)
    is_amenity = bool(_amenity_kinds(tags.get("amenity")))
    has_table = venue is not None and not is_amenity and changing_table_of(tags) == "yes"
    toilets = toilets_of(tags)
    is_outside = toilets == "no" or changing_table_location_of(tags) in OUTSIDE_TOILETS
    if toilets == "yes" or (has_table and not is_outside and "toilets" not in tags):
        kinds.append("toilets")
    if tags.get("baby_feeding") == "room" or (has_table and is_outside):
        kinds.append("baby_care")
    is_water_host = any(tags.get(key, "no") != "no" for key in WATER_HOST_KEYS)
    if is_water_host and not is_amenity and drinking_water_of(tags) == "yes":
        kinds.append("drinking_water")
    return kinds
