"""The words of a text, however they are spelled."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crowd.comments import plain_words

WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=40)
INVISIBLE = st.sampled_from("\u00ad\u200b\u200d\u200f\u202e\u2060\u2066\ufe0f\ufeff\u034f\u3164\U000e0041")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_plain_words_is_idempotent(text: str) -> None:
    assert plain_words(plain_words(text)) == plain_words(text)


@given(WORDS, INVISIBLE, st.integers(0, 40))
def test_an_invisible_character_does_not_change_the_words(text: str, invisible: str, at: int) -> None:
    assert plain_words(text[:at] + invisible + text[at:]) == plain_words(text)


@given(WORDS, st.sampled_from(("NFC", "NFD", "NFKC", "NFKD")))
def test_the_unicode_normal_form_does_not_change_the_words(text: str, form: str) -> None:
    assert plain_words(unicodedata.normalize(form, text)) == plain_words(text)  # type: ignore[arg-type]  # of these forms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  Rude \n\t Words ", "rude words"),
        ("Straße", "strasse"),
        ("ｆｕｌｌ", "full"),  # noqa: RUF001 - fullwidth letters, on purpose
        ("cafe\u200d\u0301", "caf\u00e9"),
        ("\u200b", ""),
        ("Rude words!", "rude words!"),
    ],
)
def test_texts_have_the_expected_plain_words(text: str, words: str) -> None:
    assert plain_words(text) == words
