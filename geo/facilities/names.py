"""Compares names of places and of their operators."""

from rapidfuzz import fuzz
from rapidfuzz.utils import default_process


def similarity(text: str | None, other: str | None) -> float | None:
    """Return the similarity of two texts, 0 to 100, whatever their case and the order of their words.

    Words that only one of them has count little: "Café Aurora" is like "Aurora". None if one is missing.
    """
    if not text or not other:
        return None
    if text.casefold() == other.casefold():
        return 100.0  # also where neither has a letter or a digit, which are all that is compared below
    ratio: float = fuzz.token_set_ratio(text, other, processor=default_process)
    return ratio
