"""Names as they are compared: without case, accents and punctuation."""

import re
import unicodedata

MAX_CHARACTERS = 255
"""Characters of a normalised name. Some characters become several: of such a name the rest is not compared."""

_APOSTROPHES = re.compile(
    "['`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{ACUTE ACCENT}\N{PRIME}"
    "\N{MODIFIER LETTER APOSTROPHE}\N{MODIFIER LETTER TURNED COMMA}\N{MODIFIER LETTER PRIME}]"
)
"""Characters that are written or left out: "d'Arcole"."""

_LAST_CLASS_OF_LETTERS = 9
"""Canonical combining classes up to 9 are nuktas, voicing marks and viramas."""

_UNDECOMPOSED = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
"""Letters that Unicode does not decompose into a base letter and an accent."""


def normalised(name: str) -> str:
    """Return a name in the form that searches compare: casefolded words without accents, separated by single spaces.

    Apostrophes join what they separate (``rue d'Arcole``: ``rue darcole``); other punctuation separates words. A text
    without letters and digits becomes empty.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(character for character in decomposed if not _is_accent(character)).translate(_UNDECOMPOSED)
    plain = "".join(character if _is_part_of_word(character) else " " for character in _APOSTROPHES.sub("", letters))
    return " ".join(plain.split())[:MAX_CHARACTERS].strip()


def _is_accent(character: str) -> bool:
    """Return whether a character is an accent; the marks of Indian scripts and of kana are parts of letters."""
    return unicodedata.combining(character) > _LAST_CLASS_OF_LETTERS


def _is_part_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def is_one_edit_apart(one: str, other: str) -> bool:
    """Return whether one text becomes the other by one typing error.

    A typing error inserts, deletes or replaces one character, or swaps two neighbouring ones (Damerau 1964).
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    return (
        left[1:] == right
        or left == right[1:]
        or left[1:] == right[1:]
        or (left[:2] == right[:2][::-1] and left[2:] == right[2:])
    )
