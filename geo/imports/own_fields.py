"""Parses the fields of this project's CSV columns and GeoJSON properties."""

import re
from collections.abc import Mapping
from dataclasses import fields

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTE_NAMES, KINDS, WORDS, YES_NO
from geo.imports.record import FacilityRecord, Rejection

ALLOWED_WORDS: Mapping[str, tuple[str, ...]] = {"kind": KINDS, "closed": YES_NO, **WORDS}
"""The allowed words of fields; other fields are free text."""

COUNTRY_CODE = re.compile("[A-Z]{2}")

FIELDS = frozenset({*(field.name for field in fields(FacilityRecord)), *ATTRIBUTE_NAMES}) - {
    *("external_id", "location", "tags", "attributes")
}
"""The fields of a row in addition to its id, position and tags."""

FREE_TEXTS = FIELDS - set(ALLOWED_WORDS) - {"country"}


def facility_of(
    external_id: str, location: Point, said: Mapping[str, object], tags: dict[str, str]
) -> FacilityRecord | Rejection:
    """Return a row as a facility; an empty or missing field is unknown.

    Args:
        external_id: the row's id in its dataset.
        location: its position.
        said: texts by field name; None and empty text mean unknown.
        tags: all other data of the row.
    """
    words: dict[str, str] = {}
    for name, value in said.items():
        if value is None or value == "":
            continue
        if isinstance(value, str) and (name in FREE_TEXTS or value in ALLOWED_WORDS.get(name, ())):
            words[name] = value
        elif (fault := field_fault(name, value)) is not None:
            return Rejection(external_id, fault)
        else:
            words[name] = str(value)
    if "kind" not in words:
        return Rejection(external_id, "kind is empty")
    closed = words.pop("closed", "no") == "yes"
    attributes = {name: words.pop(name) for name in ATTRIBUTE_NAMES if name in words}
    kind = words.pop("kind")
    return FacilityRecord(external_id, kind, location, closed=closed, attributes=attributes, tags=tags, **words)


def field_fault(name: str, value: object) -> str | None:
    """Return why a field cannot have a value, in words that name the field; None if it can."""
    if name not in FIELDS:
        return f"{name} is an unknown field"
    allowed = ALLOWED_WORDS.get(name)
    if allowed is not None and value not in allowed:
        return f"{name} must be one of {', '.join(allowed)}, not {value!r}"
    # In JSON, postcodes, house numbers and levels may be numbers.
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"{name} must be text"
    if name == "country" and not COUNTRY_CODE.fullmatch(str(value)):
        return f"country must be two capital letters (ISO 3166-1), not {value!r}"
    return None
