"""Every sentence in every language, with its plurals, its placeholders and nothing left over."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from api.config import PROJECT
from api.http.languages import LANGUAGES, TRANSLATIONS, language

TRANSLATED = [code for code in LANGUAGES if code != "en"]

Message = str | tuple[str, ...]


def spoken_in(file: Path) -> set[Message]:
    """What the code says: the literal arguments of say() and count()."""
    found: set[Message] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"say", "count"}:
            words = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if node.func.attr == "say":
                found.add(words[0])
            elif len(words) == 2:  # another count() has fewer arguments
                found.add(tuple(words))
    return found


def spoken_in_template(file: Path) -> set[Message]:
    """The arguments of say() in a template."""
    return {match[1] for match in re.findall(r"""language\.say\((["'])(.*?)\1""", file.read_text(encoding="utf-8"))}


def messages() -> set[Message]:
    code = (spoken_in(file) for file in (PROJECT / "api").rglob("*.py"))
    templates = (spoken_in_template(file) for file in (PROJECT / "api").rglob("*.html"))
    return set(chain(*code, *templates))


def catalogue(code: str) -> Catalog:
    with (TRANSLATIONS / f"{code}.po").open("rb") as source:
        return read_po(source, locale=code, abort_invalid=True)


def placeholders(sentence: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", sentence))


def test_no_language_has_a_catalogue_that_nobody_may_ask_for() -> None:
    assert sorted(file.stem for file in TRANSLATIONS.iterdir()) == sorted(TRANSLATED)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(code: str) -> None:
    translated = {message.id for message in catalogue(code) if message.id}
    assert len(messages()) >= 14
    assert translated == messages()


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_translation_has_all_its_forms_and_placeholders(code: str) -> None:
    known = catalogue(code)
    for message in known:
        if not message.id:
            continue
        assert not message.fuzzy
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(forms) == (known.num_plurals if message.pluralizable else 1)
        source = message.id[-1] if isinstance(message.id, tuple) else message.id
        assert [placeholders(form) for form in forms] == [placeholders(source)] * len(forms)
        assert all(forms)


@pytest.mark.parametrize(
    ("code", "none", "one", "two"),
    [
        ("en", "0 kilometres", "1 kilometre", "2 kilometres"),
        ("fr", "0 kilomètre", "1 kilomètre", "2 kilomètres"),
        ("de", "0 Kilometer", "1 Kilometer", "2 Kilometer"),
        ("es", "0 kilómetros", "1 kilómetro", "2 kilómetros"),
        ("fi", "0 kilometriä", "1 kilometri", "2 kilometriä"),
    ],
)
def test_plurals_are_those_of_the_language(code: str, none: str, one: str, two: str) -> None:
    said = [language(code).count("%(number)s kilometre", "%(number)s kilometres", number) for number in (0, 1, 2)]
    assert said == [none, one, two]


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert [language(code).decimal(1234.5) for code in ("en", "de")] == ["1,234.5", "1.234,5"]
