"""The caller's language: the one of ours that Accept-Language likes best, and its sentences.

The catalogues are gettext's, api/translations/<language>.po, read at their first use: there is nothing to compile.
"""

from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from flask import Response, request

DEFAULT_LANGUAGE = "en"
"""The messages' own language."""

LANGUAGES = (DEFAULT_LANGUAGE, "fr", "de", "es", "fi")

TRANSLATIONS = Path(__file__).parent / "translations"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that answers can be given in.

    Attributes:
        code: ISO 639-1.
        catalogue: its sentences.
    """

    code: str
    catalogue: NullTranslations

    def say(self, message: str, **values: object) -> str:
        """The sentence, its placeholders filled in."""
        return self.catalogue.gettext(message) % values

    def count(self, one: str, many: str, number: int) -> str:
        """The sentence that goes with so many; its placeholder is ``number``."""
        return self.catalogue.ngettext(one, many, number) % {"number": self.decimal(number)}

    def decimal(self, number: float) -> str:
        """A number as it is written."""
        return format_decimal(number, locale=self.code)


@cache
def language(code: str) -> Language:
    """One of LANGUAGES."""
    if code == DEFAULT_LANGUAGE:
        return Language(code, NullTranslations())
    compiled = BytesIO()
    with (TRANSLATIONS / f"{code}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled))


def callers_language() -> Language:
    """The language of ours that the request likes best; English where it likes none.

    A region does not matter: whoever reads Swiss German would rather have German than the English they like less.
    """
    for tag, quality in request.accept_languages:  # best first
        code = tag.replace("_", "-").partition("-")[0].lower()
        if quality > 0 and code in LANGUAGES:
            return language(code)
    return language(DEFAULT_LANGUAGE)


def spoken(response: Response, spoken_language: Language) -> Response:
    """The response, saying what language it is in."""
    response.headers["Content-Language"] = spoken_language.code
    response.vary.add("Accept-Language")
    return response
