"""Compiled hours agree with opening_hours.js, an independent reading of the same specification."""

import random
from collections.abc import Callable

import pytest

from api.config import PROJECT
from bench.hours_proof.__main__ import AS_OF
from bench.hours_proof.__main__ import main as prove
from bench.hours_proof.comparison import SLOTS, Comparison, Place, agreement, compare, missing
from bench.hours_proof.exceptions import HOLIDAYS_DIFFER, SUN_DIFFERS, reasons_of
from bench.hours_proof.texts import places_of
from geo.coordinates import Point
from geo.facilities.hours import compile_hours
from tests.geo.imports.real_data import REAL_DATA
from tests.geo.opening import HELSINKI, TEXTS

AGREEMENT = 0.995
"""Share of slots. The rest are days off by custom, not by law (24 December in Finland), and minutes of the sun."""

EXPLAINED = {HOLIDAYS_DIFFER, SUN_DIFFERS}

CITY_TEXTS = (
    "Mo-Fr 07:30-17:00; Sa 09:00-14:00",
    "Mo-Sa 08:00-18:00; Su, PH off",
    "Mo-Fr 08:00-20:00; Sa, Su 10:00-18:00",
    "Mo,PH,Fr 09:00-12:00; Dec 24,Dec 31 off",
    "Su-Th 10:00-22:00; Fr-Sa 10:00-02:00",
    "Mo-Su 17:00-02:00; Fr,Sa 17:00-04:00",
    "Mo-Sa 18:00-04:00; Su 20:00-04:00",
    "Sa 22:00-06:00; Su off",
    "Mo-We 10:00-18:00, Th-Fr 10:00-20:00",
    "Mo-We: 10:00-18:00; Sa11:00-14:00;",
    "Mo-Fr 08:00-12:00; 13:30-18:00",
    "Mo[1] 10:00-12:00; Fr[-1] off",
    "Nov-Mar 08:00-16:00; Apr-Oct 08:00-20:00",
    "Dec 24-26 off; Mo-Su 06:00-24:00",
    "week 48-50 Mo-Fr 09:00-12:00",
    "PH 10:00-14:00; Mo-Sa 08:00-20:00",
    "Mo-Su 00:00-24:00; Dec 06 off",
    "2026 Dec 01-2027 Jan 10 Tu 11:00-15:00",
)

RANDOM_TEXTS = 1_000
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DATES = (
    "",
    "",
    "",
    "",
    "Dec ",
    "Nov-Dec ",
    "Nov 24-Dec 3 ",
    "Dec 24-26 ",
    "week 48 ",
    "week 49-51 ",
    "2026 ",
    "easter ",
)
FRANKFURT = Point(8.68, 50.1)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing() is not None, reason=str(missing()))]


def counted(places: list[Place], at_least: int) -> list[Comparison]:
    compared = [one for one in compare(places, AS_OF) if one.left_out is None]
    assert len(compared) >= at_least
    return compared


def unexplained(compared: list[Comparison]) -> list[tuple[str, str]]:
    return [(one.place.text, reason) for one, reason in reasons_of(compared, AS_OF) if reason not in EXPLAINED]


def test_texts_of_each_kind_agree_with_the_reference() -> None:
    texts = dict.fromkeys((*CITY_TEXTS, *(text for text in TEXTS if '"' not in text)))
    places = [Place(text, HELSINKI) for text in texts] + list(places_of(PROJECT / "seed_data" / "helsinki.geojson"))
    compared = counted(places, at_least=25)
    assert agreement(compared) >= AGREEMENT
    assert unexplained(compared) == []


def random_rule(chance: random.Random) -> str:
    """A rule whose hours end on the day on which they start."""
    days = [
        chance.choice([chance.choice(WEEKDAYS), "-".join(chance.sample(WEEKDAYS, 2)), "PH", f"{WEEKDAYS[0]}[1,-1]"])
        for _ in range(chance.randint(0, 3))
    ]
    since = chance.randint(0, 20)
    afternoon = f"08:00-12:30,13:00-{chance.randint(14, 24)}:00"
    hours = chance.choice([f"{since:02}:00-{chance.randint(since + 1, 24):02}:00", afternoon, "off", "sunrise-sunset"])
    return f"{chance.choice(DATES)}{','.join(days)} {hours}".strip()


def test_random_texts_without_nights_agree_with_the_reference() -> None:
    chance = random.Random(6)
    places = {
        Place(chance.choice(["; ", ", "]).join(random_rule(chance) for _ in range(chance.randint(1, 4))), FRANKFURT)
        for _ in range(RANDOM_TEXTS)
    }
    compared = counted(sorted(places, key=lambda place: place.text), at_least=RANDOM_TEXTS // 3)
    assert agreement(compared) >= AGREEMENT
    assert unexplained(compared) == []


@pytest.mark.parametrize(
    ("break_hours", "differing"), [(lambda *_: None, SLOTS), (lambda _, *place: compile_hours("off", *place), 25 * 120)]
)
def test_a_wrong_state_is_noticed(
    monkeypatch: pytest.MonkeyPatch, break_hours: Callable[..., object], differing: int
) -> None:
    weekdays = [Place("Mo-Fr 08:00-18:00", HELSINKI)]
    (right,) = compare(weekdays, AS_OF)
    monkeypatch.setattr("bench.hours_proof.comparison.compile_hours", break_hours)
    (wrong,) = compare(weekdays, AS_OF)
    assert right.differing == ()
    assert len(wrong.differing) == differing
    assert len(unexplained([wrong])) == 1


def test_the_command_lists_each_exception_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    prove([str(PROJECT / "seed_data" / "helsinki.geojson")])
    printed = capsys.readouterr().out
    assert "slots agree" in printed
    assert "slowest to compile" in printed


@pytest.mark.skipif(not REAL_DATA.exists(), reason="the real data is not here")
def test_real_texts_of_cities_agree_with_the_reference() -> None:
    places = {
        place.text: place for path in sorted(REAL_DATA.iterdir()) if path.suffix != ".md" for place in places_of(path)
    }
    compared = counted(list(places.values()), at_least=150)
    assert agreement(compared) >= AGREEMENT
    assert unexplained(compared) == []
