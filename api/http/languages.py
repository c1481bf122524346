"""Selects the language of a response by Accept-Language, and provides its translations.

The gettext catalogues, api/translations/<language>.po, are read on first use; they need no compilation.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit
from flask import Response, request

DEFAULT_LANGUAGE = "en"
"""The language of the message ids."""

LANGUAGES = (DEFAULT_LANGUAGE, "fr", "de", "es", "fi")

ROUNDS_TO_KM_FROM_M = 995
"""Distance that rounds to 1 km, and from which distances are in kilometres."""

ROUNDS_TO_10_KM_FROM_M = 9_950
"""Distance that rounds to 10 km, and from which distances have no decimals."""

CACHED_LENGTHS = 2_000
"""Formatted lengths kept: the rounded distances up to 10 km, in all languages; formatting one takes 20 microseconds."""

TRANSLATIONS = Path(__file__).parent.parent / "translations"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that responses are available in.

    Attributes:
        code: ISO 639-1 code.
        catalogue: the translations.
    """

    code: str
    catalogue: NullTranslations

    def say(self, message: str, **values: object) -> str:
        """Return the translated message with its placeholders filled in."""
        return self.catalogue.gettext(message) % values

    def count(self, one: str, many: str, number: int) -> str:
        """Return the translated message in the plural form for ``number``, which is also its placeholder."""
        return self.catalogue.ngettext(one, many, number) % {"number": self.decimal(number)}

    def decimal(self, number: float) -> str:
        """Return a number formatted for this language."""
        return format_decimal(number, locale=self.code)

    def metres(self, number: float) -> str:
        """Return a length in metres formatted for this language, such as 1,500 m."""
        return _length(number, "length-meter", self.code)

    def kilometres(self, number: float) -> str:
        """Return a length in kilometres formatted for this language, such as 2.4 km."""
        return _length(number, "length-kilometer", self.code)

    def distance(self, metres: float) -> str:
        """Return a rounded distance: 300 m, 2.4 km, 62 km."""
        if metres < ROUNDS_TO_KM_FROM_M:
            return self.metres(round(metres / 10) * 10)
        return self.kilometres(round(metres / 1000, 1 if metres < ROUNDS_TO_10_KM_FROM_M else 0))


@lru_cache(CACHED_LENGTHS)
def _length(number: float, unit: str, code: str) -> str:
    return format_unit(number, unit, length="short", locale=code)


@cache
def language(code: str) -> Language:
    """Return the language with this code, one of LANGUAGES."""
    if code == DEFAULT_LANGUAGE:
        return Language(code, NullTranslations())
    compiled = BytesIO()
    with (TRANSLATIONS / f"{code}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled))


def callers_language() -> Language:
    """Return the available language that the request prefers; English if it accepts none.

    Regions are ignored: a reader of Swiss German prefers German to English.
    """
    for tag, quality in request.accept_languages:  # best first
        code = tag.replace("_", "-").partition("-")[0].lower()
        if quality > 0 and code in LANGUAGES:
            return language(code)
    return language(DEFAULT_LANGUAGE)


def spoken(response: Response, spoken_language: Language) -> Response:
    """Return the response with its Content-Language."""
    response.headers["Content-Language"] = spoken_language.code
    response.vary.add("Accept-Language")
    return response
