"""Names as they are compared: without case, accents and punctuation."""

import re
import unicodedata

MAX_CHARACTERS = 255
"""Characters of a normalised name. Some characters become several: of such a name the rest is not compared."""

_APOSTROPHES = re.compile("['`.\N{RIGHT SINGLE QUOTATION MARK}\N{ACUTE ACCENT}\N{MODIFIER LETTER APOSTROPHE}]")
"""Characters that are written or left out: "d'Arcole", "St. Gallen"."""

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

    Apostrophes and full stops join what they separate (``rue d'Arcole``: ``rue darcole``); other punctuation separates
    words. A text without letters and digits becomes empty.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold().translate(_UNDECOMPOSED))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.sub(r"[\W_]+", " ", re.sub(_APOSTROPHES, "", letters)).split())[:MAX_CHARACTERS].strip()


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
