"""Converts OpenStreetMap tags to a facility, by their definitions in the OSM wiki. Everything else stays unknown.

There are two forms. A *facility of its own* is an amenity (``amenity=toilets``). A *hosted* one is a property of the
place around it (``toilets=yes`` on a café), where ``wheelchair``, ``fee`` and ``access`` describe the host: only their
``toilets:`` forms describe its toilets.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTES, Attribute
from geo.imports.record import FacilityRecord, Rejection

Tags = Mapping[str, str]

AMENITY_KINDS: Tags = {
    "toilets": "toilets",
    "drinking_water": "drinking_water",
    "shower": "shower",
    "nursing_room": "baby_care",  # rare (about a hundred in the world) but unambiguous
}
"""Values of ``amenity`` that are facilities of their own. If a place has several (``shower;toilets``), the first in
this order is its kind."""

HOSTED_KINDS = (("toilets", "yes", "toilets"), ("baby_feeding", "room", "baby_care"))
"""Key and value on a host, and the kind that they mean. ``toilets=separate`` is mapped as its own object;
``baby_feeding=yes`` means a chair, not a room."""

FORMER_PREFIXES = ("disused", "abandoned", "closed", "was", "removed", "demolished", "razed", "destroyed")
"""Lifecycle prefixes of former objects: ``disused:amenity=toilets`` closes a facility."""

KEYS = ("amenity", *(key for key, _, _ in HOSTED_KINDS), *(f"{prefix}:amenity" for prefix in FORMER_PREFIXES))
"""An object with none of these keys is not a facility; readers may skip it."""

HOST_KEYS = (
    *(
        "amenity",
        "shop",
        "tourism",
        "leisure",
        "railway",
        "aeroway",
        "public_transport",
        "highway",
        "office",
        "craft",
    ),
    *("healthcare", "club", "historic", "man_made", "natural", "landuse", "building"),
)
"""Keys for the word for a host: first its purpose, last its structure (a supermarket is also ``building=retail``, a
station ``public_transport=station``)."""

OUT_OF_USE = (
    *(("disused", "yes"), ("abandoned", "yes"), ("closed", "yes")),
    *(("operational_status", status) for status in ("closed", "out_of_order", "broken")),
)

ACCESS_WORDS: Tags = {
    **dict.fromkeys(("yes", "public", "permissive", "designated", "official"), "public"),
    **dict.fromkeys(("customers", "customer"), "customers"),
    **dict.fromkeys(("private", "no", "permit"), "private"),
    "key": "key",
}
YES_NO_WORDS: Tags = {"yes": "yes", "no": "no"}
SHOWER_WORDS: Tags = {**YES_NO_WORDS, "hot": "yes", "cold": "yes", "indoor": "yes", "outdoor": "yes"}
CHANGING_TABLE_WORDS: Tags = {**YES_NO_WORDS, "room": "yes", "bench": "yes"}
"""``limited`` means a surface not designed for it, which is neither yes nor no."""
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

_JOINTS = re.compile(r"[\s_-]+")

AMOUNT = re.compile(r"[^\d\s]{0,8}\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*[^\d\s:]{0,16}")
"""One amount of money with its currency before or after (``0,50 EUR``, ``$1``, ``0.20``); not hours, not a sentence."""


class _Reading(NamedTuple):
    """How to interpret an object's tags.

    Attributes:
        kind: its kind.
        hosted: whether it is a property of the place around it.
        prefixes: prefixes of keys that describe the facility, the strongest first.
        former: whether it no longer exists.
    """

    kind: str
    hosted: bool
    prefixes: tuple[str, ...]
    former: bool = False


def is_facility(tags: Tags) -> bool:
    """Return whether the tags are those of a present or former facility."""
    return _reading_of(tags) is not None


def facility_of(external_id: str, location: Point, tags: dict[str, str]) -> FacilityRecord | Rejection | None:
    """Return an OSM object as a facility; None if it is not one.

    An object of both forms (a fountain with ``toilets=yes``) is one record with its amenity's kind.
    """
    reading = _reading_of(tags)
    if reading is None:
        return None
    if "/-" in external_id:
        return Rejection(external_id, "it has not been uploaded to OpenStreetMap: its negative id will change")
    venue = _venue_of(tags) if reading.hosted else None
    return FacilityRecord(
        external_id=external_id,
        kind=reading.kind,
        location=location,
        name=tags.get("name"),
        venue=venue,
        closed=_is_closed(tags, reading, venue),
        attributes=_attributes_of(tags, reading),
        operator=tags.get("operator"),
        street=tags.get("addr:street") or tags.get("addr:place"),
        house_number=tags.get("addr:housenumber"),
        postcode=tags.get("addr:postcode"),
        city=tags.get("addr:city"),
        region=tags.get("addr:state") or tags.get("addr:province"),
        country=_country_of(tags),
        level=tags.get("toilets:level") or tags.get("level"),
        opening_hours=_opening_hours_of(tags, reading.hosted),
        tags=tags,
    )


def _reading_of(tags: Tags) -> _Reading | None:
    kind = _amenity_kind(tags.get("amenity"))
    if kind is not None:
        return _own_reading(kind)
    for key, value, hosted_kind in HOSTED_KINDS:
        if tags.get(key) == value:
            return _Reading(hosted_kind, hosted=True, prefixes=(f"{key}:",))
    for prefix in FORMER_PREFIXES:
        kind = _amenity_kind(tags.get(f"{prefix}:amenity"))
        if kind is not None:
            return _own_reading(kind)._replace(former=True)
    return None


def _own_reading(kind: str) -> _Reading:
    return _Reading(kind, hosted=False, prefixes=("", "toilets:") if kind == "toilets" else ("",))


def _amenity_kind(amenity: str | None) -> str | None:
    if amenity is None:
        return None
    if ";" not in amenity:
        return AMENITY_KINDS.get(amenity)
    listed = {value.strip() for value in amenity.split(";")}
    return next((kind for value, kind in AMENITY_KINDS.items() if value in listed), None)


def _word(tags: Tags, words: Tags, prefixes: tuple[str, ...], key: str) -> str | None:
    """Return our word for the first known value of the key with its prefixes."""
    for prefix in prefixes:
        word = words.get(tags.get(prefix + key, ""))
        if word is not None:
            return word
    return None


def _attributes_of(tags: Tags, reading: _Reading) -> dict[str, str]:
    attributes = {}
    for attribute in ATTRIBUTES:
        read = _READ.get(attribute.name)
        word = read(tags, reading) if read else _listed_word(tags, attribute, reading.prefixes)
        if word is not None:
            attributes[attribute.name] = word
    return attributes


def _listed_word(tags: Tags, attribute: Attribute, prefixes: tuple[str, ...]) -> str | None:
    found = (_word(tags, words, prefixes, key) for key, words in attribute.osm.items())
    return next((word for word in found if word is not None), None)


def _venue_of(tags: Tags) -> str | None:
    for key in HOST_KEYS:
        value = tags.get(key)
        if value and value != "no":
            return key if value == "yes" else value
    return None


def _is_closed(tags: Tags, reading: _Reading, venue: str | None) -> bool:
    if reading.former or any(tags.get(key) == value for key, value in OUT_OF_USE):
        return True
    # If the host exists only as disused:shop=…, its toilets are closed, too.
    return (
        reading.hosted
        and venue is None
        and any(f"{prefix}:{key}" in tags for prefix in FORMER_PREFIXES for key in HOST_KEYS)
    )


def _access_of(tags: Tags, reading: _Reading) -> str | None:
    """Return who may enter; for a facility of its own also whether it requires a key.

    ``locked=yes`` describes the door. ``centralkey`` (Eurokey, RADAR) often describes only the wheelchair cabin, so it
    counts only without other information.
    """
    access = _word(tags, ACCESS_WORDS, reading.prefixes, "access")
    if reading.hosted:
        return access
    if tags.get("locked") == "yes" and access != "private":
        return "key"
    if access is None and tags.get("centralkey", "no") != "no":
        return "key"
    return access


def _fee_of(tags: Tags, reading: _Reading) -> str | None:
    for prefix in reading.prefixes:
        fee = _costs(tags.get(prefix + "fee")) or _charges(tags.get(prefix + "charge", ""))
        if fee is not None:
            return fee
    return None


def _costs(text: str | None) -> str | None:
    """Return yes or no for ``yes``, ``no`` or an amount (any but 0 is ``yes``); None for any other text."""
    if text is None or text in YES_NO_WORDS:
        return text
    amount = AMOUNT.fullmatch(text.strip())
    if amount is None:
        return None
    return "yes" if amount[1].strip("0.,") else "no"


def _charges(text: str) -> str | None:
    """Return yes or no for the amounts of a price list; several amounts, or one per hour, are a charge as well."""
    if re.search("[1-9]", text):
        return "yes"
    return "no" if text == "no" or "0" in text else None


def _shower_of(tags: Tags, _reading: _Reading) -> str | None:
    return SHOWER_WORDS.get(tags.get("shower", ""))


def _changing_table_of(tags: Tags, _reading: _Reading) -> str | None:
    # diaper=* is the older name of the same key.
    for key in ("changing_table", "toilets:changing_table", "diaper"):
        word = CHANGING_TABLE_WORDS.get(tags.get(key, ""))
        if word is not None:
            return word
    return None


def _drinking_water_of(tags: Tags, _reading: _Reading) -> str | None:
    """Return whether the water is drinkable. One negative value outweighs all others, because health depends on it.

    ``drinking_water:legal=no`` means that the water is not tested. It counts only if no other key says that the water
    is drinkable: https://wiki.openstreetmap.org/wiki/Key:drinking_water
    """
    words = {_JOINTS.sub("", word).lower() for key in WATER_KEYS for word in tags.get(key, "").split(";")}
    if words & NOT_FOR_DRINKING:
        return "no"
    if "yes" in words:
        return "yes"
    return "no" if tags.get("drinking_water:legal", "").strip().lower() == "no" else None


_READ: Mapping[str, Callable[[Tags, _Reading], str | None]] = {
    "access": _access_of,
    "fee": _fee_of,
    "changing_table": _changing_table_of,
    "shower": _shower_of,
    "drinking_water": _drinking_water_of,
}
"""Attributes that need more than a table of words."""


def _country_of(tags: Tags) -> str | None:
    country = tags.get("addr:country", "")
    return country.upper() if len(country) == 2 and country.isascii() and country.isalpha() else None


def _opening_hours_of(tags: Tags, hosted: bool) -> str | None:
    toilets_hours = tags.get("toilets:opening_hours") or tags.get("opening_hours:toilets")
    hours = tags.get("opening_hours")
    return (toilets_hours or hours) if hosted else (hours or toilets_hours)
