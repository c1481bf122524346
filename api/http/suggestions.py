"""The error message for an unknown parameter, which suggests the known one that was probably meant."""

from collections.abc import Collection
from difflib import get_close_matches

UNKNOWN_PARAMETER = "unknown parameter"

MAX_SUGGESTIONS = 20
"""Names per object that get a suggestion. A problem document lists no more errors, and comparing names costs time."""

_MAX_CHARACTERS = 40
"""Longer names get no suggestion: no known name is as long, and comparing takes time and memory."""

_MIN_SIMILARITY = 0.7
"""difflib's ratio from which names count as similar: ``limt`` and ``limit`` have 0.89, ``lng`` and ``lon`` 0.67."""

_SYNONYMS = {"lng": "lon", "longitude": "lon", "latitude": "lat", "type": "kind", "sort": "rank"}
"""Names that other APIs use and whose spelling is not similar enough to ours."""


def unknown_parameter(name: str, known: Collection[str]) -> str:
    """Return the error message for a parameter that does not exist.

    Args:
        name: the parameter's name as the caller wrote it.
        known: the names that the route accepts in the same place.
    """
    if len(name) > _MAX_CHARACTERS:
        return UNKNOWN_PARAMETER
    synonym = _SYNONYMS.get(name.lower())
    similar = [synonym] if synonym in known else get_close_matches(name.lower(), known, 1, _MIN_SIMILARITY)
    return f"{UNKNOWN_PARAMETER}; did you mean {similar[0]}?" if similar else UNKNOWN_PARAMETER
