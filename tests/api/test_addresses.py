"""Addresses of sources that write capitals only, as people write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.places.addresses import address, mended

WORDS = (
    "RUE",
    "D",
    "L",
    "DE",
    "LA",
    "ARCOLE",
    "HOTEL",
    "42ND",
    "bis",
    "face au",
    "V",
    "é",
    "ÉCOLE",
    "ST",
    "'",
    "\N{RIGHT SINGLE QUOTATION MARK}",
    "-",
)
ANY_TEXT = st.text() | st.lists(st.sampled_from(WORDS) | st.text(max_size=3)).map(" ".join)


@pytest.mark.parametrize(
    ("capitals", "text"),
    [
        ("RUE D ARCOLE", "Rue d'Arcole"),
        ("PL DE L HOTEL DE VILLE", "Pl de l'Hotel de Ville"),
        ("8 RUE SAINT-JACQUES", "8 Rue Saint-Jacques"),
        ("AVENUE DE L'OPERA", "Avenue de l'Opera"),
        ("PLACE DE L\N{RIGHT SINGLE QUOTATION MARK}ÉTOILE", "Place de l\N{RIGHT SINGLE QUOTATION MARK}Étoile"),
        ("101  BOULEVARD DE MONTMORENCY", "101 Boulevard de Montmorency"),
        ("face au 50 RUE DE RIVOLI", "face au 50 Rue de Rivoli"),
        ("135 BIS BOULEVARD DU MONTPARNASSE", "135 bis Boulevard du Montparnasse"),
        ("JARDIN D'EOLE - LA PLACE (ANC. RUE DE FECAMP)", "Jardin d'Eole - La Place (Anc. Rue de Fecamp)"),
        ("AVENUE GEORGE V", "Avenue George V"),
        ("AVENUE FRANKLIN D ROOSEVELT", "Avenue Franklin D Roosevelt"),
        ("RUE DE LA SNCF", "Rue de la SNCF"),
        ("VIA DELL ARTE", "Via dell'Arte"),
        ("CALLE DE ORTEGA Y GASSET", "Calle de Ortega y Gasset"),
        ("AN DER HAUPTSTRAßE", "An der Hauptstraße"),
        ("WEST 42 STREET", "West 42 Street"),
        ("EAST 42ND ST", "East 42nd St"),
        ("NORTH LA BREA AVENUE", "North La Brea Avenue"),
        ("JOHN D ADAMS STREET", "John D Adams Street"),
        ("AVENUE OF THE AMERICAS", "Avenue of the Americas"),
        ("O'CONNELL STREET", "O'Connell Street"),
        ("ST JOHN'S ROAD", "St John's Road"),
        ("УЛИЦА ЛЕНИНА", "Улица Ленина"),
    ],
)
def test_capitals_become_the_usual_case(capitals: str, text: str) -> None:
    assert mended(capitals) == text


@pytest.mark.parametrize(
    "text", ["Rue d'Arcole", "rue du RER", "Avenue JEAN Jaurès", "N7", "A 4", "東京駅", "Boulevard  Arago", "", " "]
)
def test_a_text_that_is_not_in_capitals_stays_as_it_is(text: str) -> None:
    assert mended(text) == text


@given(ANY_TEXT)
def test_what_is_mended_needs_no_mending(text: str) -> None:
    assert mended(mended(text)) == mended(text)


@given(ANY_TEXT)
def test_no_letter_is_lost(text: str) -> None:
    assert _letters(mended(text)) == _letters(text)


@pytest.mark.parametrize(
    ("street", "number", "country", "text"),
    [
        ("RUE D ARCOLE", "8", "FR", "8 Rue d'Arcole"),
        ("Rue d'Arcole", "8", None, "8 Rue d'Arcole"),
        ("Main Street", "1", None, "1 Main Street"),
        ("Broadway", "1500", "US", "1500 Broadway"),
        ("Mannerheimintie", "12 A", None, "Mannerheimintie 12 A"),
        ("Avenue Louise", "12", "BE", "Avenue Louise 12"),
        ("8 RUE D ARCOLE", "8", "FR", "8 Rue d'Arcole"),
        ("RUE D ARCOLE", "12 BIS", "FR", "12 bis Rue d'Arcole"),
        ("RUE D ARCOLE", None, "FR", "Rue d'Arcole"),
        (None, "8", "FR", None),
        (" ", "8", "FR", None),
    ],
)
def test_the_house_number_stands_where_the_country_writes_it(
    street: str | None, number: str | None, country: str | None, text: str | None
) -> None:
    assert address(street, number, country) == text


def _letters(text: str) -> str:
    """The letters without case and accents."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


@pytest.mark.parametrize(
    ("street", "number", "country", "expected"),
    [
        ("Rue du 8 mai 1945", "8", "FR", "8 Rue du 8 mai 1945"),
        ("Rue du 11 Novembre 1918", "11", "FR", "11 Rue du 11 Novembre 1918"),
        ("8 Rue X", "8", "FR", "8 Rue X"),
        ("Hauptstrasse 8", "8", "DE", "Hauptstrasse 8"),
        ("Rue X", " ", "FR", "Rue X"),
        ("İSTİKLAL CADDESİ", None, "TR", "İstiklal Caddesi"),
    ],
)
def test_a_number_within_the_name_of_a_street_is_not_its_house_number(
    street: str, number: str | None, country: str, expected: str
) -> None:
    assert address(street, number, country) == expected
