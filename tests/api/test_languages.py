"""Every sentence in every language, with its plurals, its placeholders and nothing left over."""

import re

import pytest

from api.http.languages import TRANSLATIONS, language
from tests.api.catalogues import TRANSLATED, catalogue, forms, in_code, in_template, messages


def placeholders(sentence: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", sentence))


def test_every_catalogue_belongs_to_a_supported_language() -> None:
    assert sorted(file.stem for file in TRANSLATIONS.iterdir()) == sorted(TRANSLATED)


def test_messages_are_found_in_code_and_templates_and_must_be_literals() -> None:
    code = 'f.say("a"); f().g.say("b %(x)s" " c", x=say); f.count("d", "e", 2); "text".count("t")'
    assert in_code(code) == {"a", "b %(x)s c", ("d", "e")}
    with pytest.raises(AssertionError, match="not a literal"):
        in_code("language.say(text)")
    assert in_template("<p title=\"{{ f.say('a') }}\">{% if x %}{{ f.say('b') }}{% endif %}") == {"a", "b"}


def test_french_has_no_break_spaces_before_its_punctuation_and_typographic_apostrophes() -> None:
    wrong = [
        form
        for message in catalogue("fr")
        for form in forms(message.string)
        if message.id and re.search(r"(?<![\u00a0\u202f])[:;!?]|'", form)
    ]
    assert wrong == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated_and_no_translation_is_unused(code: str) -> None:
    translated = {message.id for message in catalogue(code) if message.id}
    assert len(messages()) >= 60
    assert translated == messages()


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_translation_has_all_its_forms_and_placeholders(code: str) -> None:
    known = catalogue(code)
    for message in known:
        if not message.id:
            continue
        assert not message.fuzzy
        translated = forms(message.string)
        assert len(translated) == (known.num_plurals if message.pluralizable else 1)
        source = forms(message.id)[-1]
        assert [placeholders(form) for form in translated] == [placeholders(source)] * len(translated)
        assert all(translated)


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
def test_plurals_follow_the_rules_of_the_language(code: str, none: str, one: str, two: str) -> None:
    phrases = [language(code).count("%(number)s kilometre", "%(number)s kilometres", number) for number in (0, 1, 2)]
    assert phrases == [none, one, two]


def test_numbers_follow_the_format_of_the_language() -> None:
    assert [language(code).decimal(1234.5) for code in ("en", "de")] == ["1,234.5", "1.234,5"]


@pytest.mark.parametrize(
    ("code", "metres", "kilometres"),
    [
        ("en", "1,500 m", "2.4 km"),
        ("fr", "1\u202f500\u202fm", "2,4\u202fkm"),
        ("de", "1.500 m", "2,4 km"),
        ("es", "1.500 m", "2,4 km"),
        ("fi", "1\u00a0500 m", "2,4 km"),
    ],
)
def test_lengths_are_written_as_the_language_writes_them(code: str, metres: str, kilometres: str) -> None:
    assert (language(code).metres(1500.0), language(code).kilometres(2.4)) == (metres, kilometres)
