"""What a hint says of distances, gaps and closing times: rounded for the ear, never promising too much."""

from typing import Any

import pytest

from api.fences.texts import fence_text
from api.hints.texts import hint_text
from api.http.languages import language
from geo.ahead.hints.rules import Candidate, Hint, Reason
from tests.factories import card


def candidate(away_m: float = 420.0) -> Candidate:
    return Candidate(card(), away_m, 3.5, 4.0)


DISTANCES = [
    (49.9, "right here"),
    (50, "50 metres away"),
    (74, "50 metres away"),
    (76, "100 metres away"),
    (949, "950 metres away"),
    (950, "1 kilometre away"),
    (1499, "1 kilometre away"),
    (1501, "2 kilometres away"),
    (62_400, "62 kilometres away"),
]


@pytest.mark.parametrize(("distance_m", "away"), DISTANCES)
def test_a_spoken_distance_is_rounded(distance_m: float, away: str) -> None:
    hint = Hint("comfort_running_out", candidate(distance_m))
    assert hint_text(hint, "Shell", language("en")) == f"Shell, {away}: a good moment for a stop."


def test_a_hint_on_a_route_gives_the_distance_along_it() -> None:
    hint = Hint("best_for_a_while", candidate(2600.0))
    assert hint_text(hint, "Shell", language("en")) == "Shell, 3 kilometres away: the best stop for a while."


GAP: dict[str, float] = {"gap_m": 62_900}
CLOSES: dict[str, float] = {"closes_in_s": 1199}

SENTENCES: list[tuple[Reason, dict[str, float], str, str]] = [
    ("long_gap_ahead", GAP, "en", "400 metres away: a good stop before 62 kilometres without one."),
    ("long_gap_ahead", {"gap_m": 1_000}, "en", "400 metres away: a good stop before 1 kilometre without one."),
    ("long_gap_ahead", GAP, "fr", "à 400 mètres\N{NO-BREAK SPACE}: un bon arrêt avant 62 kilomètres sans autre."),
    ("long_gap_ahead", GAP, "de", "400 Meter entfernt: ein guter Halt, danach 62 Kilometer lang keiner."),
    ("long_gap_ahead", GAP, "es", "a 400 metros: una buena parada antes de 62 kilómetros sin otra."),
    ("long_gap_ahead", GAP, "fi", "400 metrin päässä: hyvä pysähdyspaikka, seuraavaan on yli 62 kilometriä."),
    ("closing_soon", {"closes_in_s": 119}, "en", "400 metres away: it closes in 1 minute."),
    ("closing_soon", CLOSES, "en", "400 metres away: it closes in 19 minutes."),
    ("closing_soon", CLOSES, "de", "400 Meter entfernt: schließt in 19 Minuten."),
    ("closing_soon", CLOSES, "fi", "400 metrin päässä: sulkeutuu 19 minuutin kuluttua."),
]


@pytest.mark.parametrize(("reason", "terms", "code", "text"), SENTENCES)
def test_a_gap_and_a_closing_time_are_never_overstated(
    reason: Reason, terms: dict[str, Any], code: str, text: str
) -> None:
    assert hint_text(Hint(reason, candidate(), **terms), "Shell", language(code)) == f"Shell, {text}"


@pytest.mark.parametrize(
    ("code", "text"),
    [("en", "Close by: Shell."), ("fr", "Shell\N{NO-BREAK SPACE}: tout près."), ("de", "Shell: ganz in der Nähe.")],
)
def test_the_text_of_a_region_names_the_place(code: str, text: str) -> None:
    assert fence_text(card(), "Shell", language(code)) == text
