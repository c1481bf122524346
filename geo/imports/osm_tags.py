"""Converts OpenStreetMap tags to a facility, by their definitions in the OSM wiki. Everything else stays unknown.

``wheelchair``, ``fee`` and ``access`` of a host describe the host: only their ``toilets:`` forms describe its toilets.
The exception is a host that is private: so are its toilets.
"""

import re
from collections.abc import Callable, Mapping

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTE_OF_KIND, ATTRIBUTES, KINDS, Attribute
from geo.imports.osm_kinds import (
    ACCESS_WORDS,
    TOILETS_ACCESS,
    Reading,
    Tags,
    changing_table_location_of,
    changing_table_of,
    drinking_water_of,
    is_closed,
    listed,
    reading_of,
    toilets_of,
    venue_of,
)
from geo.imports.osm_seasons import seasonal_hours
from geo.imports.record import FacilityRecord, Rejection

YES_NO_WORDS: Tags = {"yes": "yes", "no": "no"}
SHOWER_WORDS: Tags = {**YES_NO_WORDS, "hot": "yes", "cold": "yes", "indoor": "yes", "outdoor": "yes"}
KEY_SCHEMES: Tags = {"radar": "radar", "nks": "radar", "eurokey": "eurokey", "mlak": "mlak"}
"""Values of ``centralkey``. The British National Key Scheme is known by its publisher, RADAR."""

AMOUNT = re.compile(r"[^\d\s]{0,8}\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*[^\d\s:]{0,16}")
"""One amount of money with its currency before or after (``0,50 EUR``, ``$1``, ``0.20``); not hours, not a sentence."""


def is_facility(tags: Tags) -> bool:
    """Return whether the tags are those of a present or former facility."""
    return reading_of(tags) is not None


def facility_of(external_id: str, location: Point, tags: dict[str, str]) -> FacilityRecord | Rejection | None:
    """Return an OSM object as a facility; None if it is not one.

    An object with several kinds (a shower with ``toilets=yes``) is one record; its attributes contain the others.
    """
    reading = reading_of(tags)
    if reading is None:
        return None
    if "/-" in external_id:
        return Rejection(external_id, "it has not been uploaded to OpenStreetMap: its negative id will change")
    return FacilityRecord(
        external_id=external_id,
        kind=reading.kind,
        location=location,
        name=tags.get("name"),
        venue=venue_of(tags) if reading.hosted else None,
        closed=is_closed(tags, reading),
        attributes=_attributes_of(tags, reading),
        operator=tags.get("operator"),
        street=tags.get("addr:street") or tags.get("addr:place"),
        house_number=tags.get("addr:housenumber"),
        postcode=tags.get("addr:postcode"),
        city=tags.get("addr:city"),
        region=tags.get("addr:state") or tags.get("addr:province"),
        country=_country_of(tags),
        level=tags.get("toilets:level") or tags.get("level"),
        opening_hours=_opening_hours_of(tags, reading.hosted, location),
        tags=tags,
    )


def _word(tags: Tags, words: Tags, prefixes: tuple[str, ...], key: str) -> str | None:
    """Return our word for the first known value of the key with its prefixes."""
    for prefix in prefixes:
        word = words.get(tags.get(prefix + key, ""))
        if word is not None:
            return word
    return None


def _attributes_of(tags: Tags, reading: Reading) -> dict[str, str]:
    attributes = {}
    for attribute in ATTRIBUTES:
        read = _READ.get(attribute.name)
        word = read(tags, reading) if read else _listed_word(tags, attribute, reading.prefixes)
        if word is not None:
            attributes[attribute.name] = word
    for kind in KINDS:
        if kind in reading.other_kinds:
            attributes.setdefault(ATTRIBUTE_OF_KIND[kind], "yes")
    return attributes


def _listed_word(tags: Tags, attribute: Attribute, prefixes: tuple[str, ...]) -> str | None:
    found = (_word(tags, words, prefixes, key) for key, words in attribute.osm.items())
    return next((word for word in found if word is not None), None)


def _access_of(tags: Tags, reading: Reading) -> str | None:
    """Return who may enter; for a facility of its own also whether it requires a key.

    ``locked=yes`` describes the door. ``centralkey`` (Eurokey, RADAR) often describes only the wheelchair cabin, so it
    counts only without other information. Where the public may enter at certain times only, access is unknown.
    """
    access = _word(tags, ACCESS_WORDS, reading.prefixes, "access")
    if access == "private" and any(f"{prefix}access:conditional" in tags for prefix in reading.prefixes):
        return None
    if reading.hosted:
        return access or TOILETS_ACCESS.get(tags.get("toilets", "")) or _access_of_private_host(tags)
    if tags.get("locked") == "yes" and access != "private":
        return "key"
    if access is None and tags.get("centralkey", "no") != "no":
        return "key"
    return access


def _access_of_private_host(tags: Tags) -> str | None:
    is_private = ACCESS_WORDS.get(tags.get("access", "")) == "private" and "access:conditional" not in tags
    return "private" if is_private else None


def _fee_of(tags: Tags, reading: Reading) -> str | None:
    for prefix in reading.prefixes:
        fee = _costs(tags.get(prefix + "fee")) or _charges(tags.get(prefix + "charge", ""))
        if fee is not None:
            # ``fee:conditional=yes @ (Jun-Aug)`` beside ``fee=no``: free at certain times only.
            return None if fee == "no" and f"{prefix}fee:conditional" in tags else fee
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


def _shower_of(tags: Tags, _reading: Reading) -> str | None:
    return SHOWER_WORDS.get(tags.get("shower", ""))


def _key_scheme_of(tags: Tags, _reading: Reading) -> str | None:
    """Return the scheme of the central key, also of a host, where few doors but those of toilets have one."""
    values = (value.lower() for key in ("toilets:centralkey", "centralkey") for value in listed(tags.get(key, "")))
    return next((KEY_SCHEMES[value] for value in values if value in KEY_SCHEMES), None)


_READ: Mapping[str, Callable[[Tags, Reading], str | None]] = {
    "access": _access_of,
    "fee": _fee_of,
    "toilets": lambda tags, reading: None if reading.kind == "toilets" else toilets_of(tags),
    "changing_table": lambda tags, _reading: changing_table_of(tags),
    "changing_table_location": lambda tags, _reading: changing_table_location_of(tags),
    "shower": _shower_of,
    "drinking_water": lambda tags, _reading: drinking_water_of(tags),
    "key_scheme": _key_scheme_of,
}
"""Attributes that need more than a table of words."""


def _country_of(tags: Tags) -> str | None:
    country = tags.get("addr:country", "")
    return country.upper() if len(country) == 2 and country.isascii() and country.isalpha() else None


def _opening_hours_of(tags: Tags, hosted: bool, location: Point) -> str | None:
    toilets_hours = tags.get("toilets:opening_hours") or tags.get("opening_hours:toilets")
    hours = tags.get("opening_hours")
    written = (toilets_hours or hours) if hosted else (hours or toilets_hours)
    return seasonal_hours(written, tags.get("seasonal"), is_north=location.lat >= 0) if written else None
