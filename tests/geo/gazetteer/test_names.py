"""Names are compared without case, accents and punctuation, and one typing error apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.gazetteer.names import is_one_edit_apart, normalised

LETTERS = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Rue d'Arcole", "rue darcole"),
        ("Place de l\N{RIGHT SINGLE QUOTATION MARK}Hôtel-de-Ville", "place de lhotel de ville"),
        ("St. Gallen", "st gallen"),
        ("Łódź", "lodz"),
        ("Töölö", "toolo"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("  A   B ", "a b"),
        ("!?", ""),
        ("東京駅", "東京駅"),
    ],
)
def test_a_name_is_normalised(name: str, expected: str) -> None:
    assert normalised(name) == expected


@given(st.text(max_size=100))
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalised(name)
    assert normalised(once) == once
    assert len(once) <= 255


def edits(text: str) -> set[str]:
    """Every text that one typing error makes of a text, by the definition."""
    cuts = range(len(text) + 1)
    deleted = {text[:i] + text[i + 1 :] for i in cuts[:-1]}
    inserted = {text[:i] + letter + text[i:] for i in cuts for letter in "abc"}
    replaced = {text[:i] + letter + text[i + 1 :] for i in cuts[:-1] for letter in "abc"}
    swapped = {text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in cuts[:-2]}
    return (deleted | inserted | replaced | swapped) - {text}


@given(LETTERS, LETTERS)
def test_one_edit_is_an_insertion_a_deletion_a_replacement_or_a_swap(one: str, other: str) -> None:
    assert is_one_edit_apart(one, other) == (other in edits(one))
