"""Checks records against the limits of the tables, so that a bad row is rejected instead of the whole import."""

import re
from operator import attrgetter

from geo.facilities.models import EXTERNAL_ID_MAX_CHARACTERS, MAX_CHARACTERS
from geo.imports.record import FacilityRecord

_MAX_CHARACTERS = {
    "external_id": EXTERNAL_ID_MAX_CHARACTERS,
    **{text: limit for text, limit in MAX_CHARACTERS.items() if not text.startswith("opening_hours")},
}
"""Maximum lengths of a record's free texts; opening hours that are too long become a note."""

_LEAST_LIMIT = min(_MAX_CHARACTERS.values())

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

_free_texts = attrgetter(*_MAX_CHARACTERS)


def fault_in(record: FacilityRecord) -> str | None:
    """Return why the tables cannot store a record, in one sentence; None if they can."""
    texts = _free_texts(record)
    if not record.external_id:
        return "it has no id"
    if max(map(len, filter(None, texts))) > _LEAST_LIMIT:  # few rows have a long text
        for text, (name, limit) in zip(texts, _MAX_CHARACTERS.items(), strict=True):
            if text is not None and len(text) > limit:
                return f"its {name} has {len(text)} characters; the maximum is {limit}"
    whole = "".join(filter(None, (*texts, record.opening_hours, *record.tags, *record.tags.values())))
    if "\0" in whole:
        return "its text contains a NUL character"
    if not whole.isascii() and _HALF_CHARACTER.search(whole):
        return "its text contains half a character (a lone surrogate)"
    return None


def fit_to_print(text: str) -> str:
    """Return a text with characters that can be stored."""
    return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", "\N{REPLACEMENT CHARACTER}"))
