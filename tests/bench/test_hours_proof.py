"""Compiled hours agree with opening_hours.js, an independent reading of the same specification."""

from pathlib import Path

import pytest

from bench.hours_proof.__main__ import AS_OF
from bench.hours_proof.comparison import SLOTS, Place, compare, is_installed
from bench.hours_proof.texts import places_of
from tests.geo.opening import HELSINKI, TEXTS

ROOT = Path(__file__).parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"

AGREEMENT = 0.995
"""Share of slots. The rest are days off by custom, not by law (24 December in Finland), and minutes of the sun."""

CITY_TEXTS = (
    "Mo-Fr 07:30-17:00; Sa 09:00-14:00",
    "Mo-Sa 08:00-18:00; Su, PH off",
    "Mo-Fr 08:00-20:00; Sa, Su 10:00-18:00",
    "Su-Th 10:00-22:00; Fr-Sa 10:00-02:00",
    "Mo-Su 17:00-02:00; Fr,Sa 17:00-04:00",
    "Mo-Sa 18:00-04:00; Su 20:00-04:00",
    "Sa 22:00-06:00; Su off",
    "Mo-We 10:00-18:00, Th-Fr 10:00-20:00",
    "Mo-Fr 08:00-12:00; 13:30-18:00",
    "Mo[1] 10:00-12:00; Fr[-1] off",
    "Nov-Mar 08:00-16:00; Apr-Oct 08:00-20:00",
    "Dec 24-26 off; Mo-Su 06:00-24:00",
    "week 48-50 Mo-Fr 09:00-12:00",
    "PH 10:00-14:00; Mo-Sa 08:00-20:00",
    "Mo-Su 00:00-24:00; Dec 06 off",
    "2026 Dec 01-2027 Jan 10 Tu 11:00-15:00",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="opening_hours.js is missing: make .node/node_modules/opening_hours"),
]


def agreement_of(places: list[Place], at_least: int) -> float:
    compared = [one for one in compare(places, AS_OF) if one.left_out is None]
    assert len(compared) >= at_least
    return sum(one.agreeing for one in compared) / (len(compared) * SLOTS)


def test_texts_of_each_kind_agree_with_the_reference() -> None:
    texts = dict.fromkeys((*CITY_TEXTS, *(text for text in TEXTS if '"' not in text)))
    places = [Place(text, HELSINKI) for text in texts] + list(places_of(ROOT / "seed_data" / "helsinki.geojson"))
    assert agreement_of(places, at_least=20) >= AGREEMENT


def test_a_wrong_state_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = compare([Place("Mo-Fr 08:00-18:00", HELSINKI)], AS_OF)
    monkeypatch.setattr("bench.hours_proof.comparison.compile_hours", lambda *_: None)
    broken = compare([Place("Mo-Fr 08:00-18:00", HELSINKI)], AS_OF)
    assert (real[0].agreeing, real[0].first) == (SLOTS, None)
    assert broken[0].agreeing == 0


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="the real data is not here")
def test_real_texts_of_cities_agree_with_the_reference() -> None:
    places = {
        place.text: place for path in sorted(SHARED_DATA.iterdir()) if path.suffix != ".md" for place in places_of(path)
    }
    assert agreement_of(list(places.values()), at_least=150) >= AGREEMENT
