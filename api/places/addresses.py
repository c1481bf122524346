"""Addresses in the form in which people say and write them: 8 Rue d'Arcole, Hauptstraße 8."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from unicodedata import normalize

NUMBER_FIRST = frozenset(("AU", "CA", "FR", "GB", "HK", "IE", "IN", "LU", "MC", "MY", "NZ", "PH", "SG", "US", "ZA"))
"""Countries where the house number precedes the street."""


def _words_of(*texts: str) -> frozenset[str]:
    return frozenset(word for text in texts for word in text.split())


FRENCH_STREETS = _words_of(
    "allée allee allées allees avenue bd boulevard chemin cité cite cours esplanade faubourg galerie impasse mail",
    "passage pl place port promenade quai rond-point route rue ruelle sente sentier square villa voie",
)
"""First words of French names of streets."""

ENGLISH_STREETS = _words_of(
    "alley ave avenue blvd boulevard broadway circle close court crescent dr drive expressway highway hwy lane ln mews",
    "parade park parkway pkwy pl place plaza rd road row square st street terrace tce turnpike walk way",
)
"""Last words of English names of streets."""

_PARTICLES = _words_of(
    "and of the",  # English
    "à au aux de des du en et la le les lès sous sur",  # French
    "del el las los y",  # Spanish
    "da das do dos",  # Portuguese
    "degli dei della delle di",  # Italian
    "am an auf dem den der im in und vom von zu zum zur",  # German
)
"""Words within a name that are not capitalised."""

_ENGLISH_PARTICLES = _words_of("and of the")
"""The same in a name that ends with one of ENGLISH_STREETS: North La Brea Avenue."""

_ELIDED = _words_of("all d dall dell l nell sull")
"""Words that lose their vowel before another one; an apostrophe follows them."""

_LEAD_INS = _words_of("angle au aux bis de devant du face la opposé près quater ter à")
"""Words in lower case that may precede capitals: "face au 50 RUE DE RIVOLI", "10 bis RUE DE MOUSSY"."""

_NUMBER_SUFFIXES = _words_of("bis quater ter")
_ORDINAL_ENDINGS = _words_of("eme er ère nd rd st th ème")

_ABBREVIATIONS = _words_of(
    "bd bld blvd ch cl cr crs ct dr fbg frg gd hwy jr ln mgr mr mrs mt pkwy pl plz pt rd sq sr st str tr trl"
)
"""Words without a vowel that are no acronyms."""

_ROMAN = re.compile("(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})")
"""Numbers of sovereigns, popes and centuries."""

_DOTTED_I = "i\N{COMBINING DOT ABOVE}"
"""What Python makes of the Turkish capital letter i in lower case."""

_LETTERS = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+")
_BOUNDARY = re.compile("(?:[(/,;:] ?| [-\N{EN DASH}] )$")
"""What separates two names in one text."""

_APOSTROPHES = ("'", "\N{RIGHT SINGLE QUOTATION MARK}")


CACHED_TEXTS = 4_096
"""Texts whose mended form is kept, about 1 MB: to mend one takes 20 microseconds, as long as all else in a label."""


class _Word(NamedTuple):
    """A run of letters in a text, with what precedes and follows it."""

    letters: str
    before: str
    gap: str
    following: str


def address(street: str | None, house_number: str | None, country: str | None) -> str | None:
    """Return a street with its house number in the order of the country; None without a street.

    Args:
        street: as the source gives it.
        house_number: as the source gives it.
        country: ISO 3166-1 alpha-2; if None, the first or last word of the street decides.
    """
    if not street or not street.strip():
        return None
    mended_street = mended(street)
    if not house_number or not house_number.strip():
        return mended_street
    is_first, words = _is_number_first(mended_street, country), mended_street.split()
    ends = {words[0], words[-1]} if country is None else {words[0] if is_first else words[-1]}
    if house_number.strip() in ends:  # some sources repeat it in the street
        return mended_street
    parts = (mended(house_number.strip()), mended_street)
    return " ".join(parts if is_first else reversed(parts))


@lru_cache(CACHED_TEXTS)
def mended(text: str) -> str:
    """Return an address in capitals with capitals only where people write them, and with lost apostrophes.

    ``RUE D ARCOLE`` becomes ``Rue d'Arcole``. A text with a word in mixed case is returned as it is. No letter is added
    or removed: lost accents stay lost.
    """
    words = text.split()
    if not _is_in_capitals(words):
        return text
    is_english = words[-1].casefold() in ENGLISH_STREETS
    pieces = []
    for word in _words(" ".join(words)):
        is_elided = not is_english and _is_elided(word)
        pieces += [_respelled(word, is_english=is_english, is_elided=is_elided)]
        pieces += ["'" if is_elided and word.gap == " " else word.gap]
    return "".join(pieces)


def _is_number_first(street: str, country: str | None) -> bool:
    if country:
        return country in NUMBER_FIRST
    words = street.casefold().split()
    return words[0] in FRENCH_STREETS or words[-1] in ENGLISH_STREETS


def _is_in_capitals(words: list[str]) -> bool:
    """Return whether there is a word in capitals, and all others are lead-ins or have no lower-case letter."""
    without_sharp_s = [word.replace("ß", "") for word in words]  # it has no capital in common use
    return any(word.isupper() for word in without_sharp_s) and all(
        word == word.upper() or word.casefold() in _LEAD_INS for word in without_sharp_s
    )


def _words(text: str) -> Iterator[_Word]:
    """Yield the text in pieces: first what precedes the first letter, as the gap after a word without letters."""
    runs = [(0, 0), *(run.span() for run in _LETTERS.finditer(text)), (len(text), len(text))]
    for (start, end), (next_start, next_end) in pairwise(runs):
        yield _Word(text[start:end], text[:start], text[end:next_start], text[next_start:next_end])


def _is_elided(word: _Word) -> bool:
    """Return whether an apostrophe follows the word, or has been lost there."""
    if word.letters.casefold() not in _ELIDED or not word.following:
        return False
    begins_with_vowel = normalize("NFD", word.following)[0] in "AEIOUYHŒÆ"
    return word.gap in _APOSTROPHES or (word.gap == " " and begins_with_vowel and len(word.following) > 1)


def _respelled(word: _Word, *, is_english: bool, is_elided: bool) -> str:
    """Return the word in its usual case."""
    letters, before = word.letters, word.before
    folded = letters.casefold()
    follows_digit = before[-1:].isdigit()
    if _is_lower(word, folded, is_english=is_english, is_elided=is_elided):
        return letters.lower()
    if len(letters) < 2 or letters.islower() or follows_digit or word.gap[:1].isdigit():
        return letters
    if _ROMAN.fullmatch(letters) or _is_acronym(folded):
        return letters
    return letters[0] + letters[1:].lower().replace(_DOTTED_I, "i")


def _is_lower(word: _Word, folded: str, *, is_english: bool, is_elided: bool) -> bool:
    """Return whether all letters of a word are in lower case: endings of numbers, and particles within a name."""
    before = word.before
    if folded in _NUMBER_SUFFIXES and before.rstrip()[-1:].isdigit():
        return True
    if before[-1:].isdigit():
        return folded in _ORDINAL_ENDINGS
    if before.endswith(_APOSTROPHES) and folded == "s":
        return True
    is_first = not any(letter.isupper() for letter in before) or _BOUNDARY.search(before) is not None
    particles = _ENGLISH_PARTICLES if is_english else _PARTICLES
    return not is_first and (is_elided or (folded in particles and bool(word.following)))


def _is_acronym(folded: str) -> bool:
    """Return whether a word in Latin letters has no vowel, so that it is spelt."""
    return folded.isascii() and not set(folded) & set("aeiouy") and folded not in _ABBREVIATIONS
