"""What a text may cost to compile: 50 ms of CPU, ten times as much here, for machines that are busy or slow."""

from collections.abc import Callable
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities import hours as hours_module
from geo.facilities import recompile
from geo.facilities.hours import CompiledHours, compile_hours
from geo.facilities.hours_calendar import Calendar
from geo.facilities.hours_syntax import normalised
from geo.imports.record import FacilityRecord, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON

HELSINKI = Point(24.94, 60.17)
MAX_CPU_S = 0.5
MAX_CHARACTERS = 1_000
TEN_COUNTRIES = [
    *(Point(10.75, 59.91), Point(18.07, 59.33), Point(21.01, 52.23), Point(16.37, 48.21), Point(4.35, 50.85)),
    *(Point(-9.14, 38.72), Point(23.73, 37.98), Point(-79.38, 43.65), Point(-58.38, -34.6), Point(126.98, 37.57)),
]


def repeated(rule: str, separator: str = "; ", end: str = "; Mo-Su") -> str:
    """As many repetitions of a rule as the longest text holds."""
    count = (MAX_CHARACTERS - len(end) + len(separator)) // (len(rule) + len(separator))
    return separator.join([rule] * count) + end


def spans(end: str, most: int) -> str:
    """As many short time spans a day as a text of a length holds."""
    written = [f"{hour}:{minute:02}-{hour}:{minute + 1:02}{end}" for hour in range(10) for minute in range(0, 59, 2)]
    return ",".join(written)[:most].rpartition(",")[0]


WORST = [
    *("Mo-Su 00:00-24:00", "PH off", "PH +1 day off; Mo-Su", "easter off; Mo-Su", "easter -2 days off; Mo-Su"),
    *(repeated("Feb 29 Mo[-1] +1 days off"), repeated("easter +300 days off"), repeated("PH +1 day off")),
    *(repeated("week 53 off"), repeated("2030-9999/7 off"), repeated("1900-9999/98 Feb 29 Su[5] -9999 days off")),
    *(repeated("Mo-Su (sunrise+01:00)-(sunset-01:00)", end=""), repeated("Mo-Su", " || ", "")),
    *(spans("", MAX_CHARACTERS), spans("+", MAX_CHARACTERS)),
    f"{spans('', 490)} || {spans('', 490)}",
    f"{spans('+', 490)} || {spans('+', 490)}",
    *(text * (MAX_CHARACTERS // len(text)) for text in ('"', '"a" || ', "||", "(", "Mo[", " ,", ";", "Mo,", ":00,")),
]


def cpu_s(function: Callable[[], object]) -> float:
    """Seconds of CPU with nothing kept of earlier texts."""
    for kept in (hours_module._first_places, hours_module._compile_at, hours_module._clock, normalised):
        kept.cache_clear()  # type: ignore[attr-defined]
    before = process_time()
    function()
    return process_time() - before


@pytest.fixture(autouse=True, scope="module")
def _maps() -> None:
    """Have the library load its maps of zones and countries, which it does once in a process."""
    compile_hours("Mo-Fr 08:00-18:00; PH off", HELSINKI, NOON)


@pytest.mark.parametrize("place", [HELSINKI, Point(-140, -40)])  # the latter in no country, hence without holidays
@pytest.mark.parametrize("text", WORST)
def test_the_worst_texts_compile_within_their_budget(text: str, place: Point) -> None:
    assert len(text) <= MAX_CHARACTERS
    assert cpu_s(lambda: compile_hours(text, place, NOON)) < MAX_CPU_S


def test_a_text_beyond_the_limit_is_a_note() -> None:
    rules = "; ".join(["Mo-Fr 08:00-18:00"] * 60)
    assert isinstance(compile_hours(rules[: rules.rindex(";", 0, MAX_CHARACTERS)], HELSINKI, NOON), CompiledHours)
    assert compile_hours(rules, HELSINKI, NOON) is None
    assert compile_hours("24/7" + " " * MAX_CHARACTERS, HELSINKI, NOON) is None


OFFSETS = st.just("") | st.integers(-9_999, 9_999).map(" {:+} days".format)
DATES = st.builds(
    "{}{}".format, st.sampled_from(["Feb 29", "Dec 25", "easter", "Feb 29 Mo[-1]", "2027 Jul 31", "Jan 1"]), OFFSETS
)
YEARS = st.builds("{}-9999/{}".format, st.integers(1900, 2100), st.integers(1, 99))
WEEKS = st.builds("week {}-53/{}".format, st.integers(1, 52), st.integers(1, 53))
DAYS = st.sampled_from(["Mo", "We-Mo", "Mo-Su", "Su[1,3]"]) | st.builds(
    "{}{}".format, st.sampled_from(["PH", "Su[-1]"]), OFFSETS
)
CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
LATE = st.builds("{}:{:02}".format, st.integers(24, 47), st.integers(0, 59))
SUN = st.builds("({}{}{})".format, st.sampled_from(["sunrise", "sunset", "dawn", "dusk"]), st.sampled_from("+-"), CLOCK)
SPANS = st.builds("{}-{}{}".format, CLOCK | SUN, CLOCK | SUN | LATE, st.sampled_from(["", "", "+"]))
RULES = st.builds(
    "{} {} {} {} {} {}".format,
    *(st.just("") | choice for choice in (YEARS, st.lists(DATES, min_size=1, max_size=9).map(",".join), WEEKS, DAYS)),
    st.lists(SPANS, min_size=1, max_size=40).map(",".join),
    st.sampled_from(["", "", "off", "unknown", '"ask"']),
)
TEXTS = st.builds(
    lambda separator, rules, repeats: (
        separator.join(rules * repeats)[:MAX_CHARACTERS].rpartition(separator)[0] or rules[0]
    ),
    st.sampled_from(["; ", ", ", " || "]),
    st.lists(RULES, min_size=1, max_size=6),
    st.integers(1, 60),
)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
@example("Mo-Su (dusk+17:22)-30:52")
@example("(sunrise+22:43)-24:14; 24/7")
def test_every_text_of_the_grammar_compiles_or_is_a_note_within_the_budget(text: str) -> None:
    assert cpu_s(lambda: compile_hours(text, HELSINKI, NOON)) < MAX_CPU_S


def test_a_text_on_which_the_library_panics_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})  # that of the library's Rust binding, which has no module

    def fail(*_args: object) -> bytes:
        raise panic

    monkeypatch.setattr(Calendar, "on", fail)
    assert compile_hours("Mo-Fr 09:00-17:01", HELSINKI, NOON) is None


def test_hours_of_ten_countries_are_imported_and_recompiled_within_two_seconds(session: Session) -> None:
    # The target is for 20 rows; it takes some 30 ms of CPU.
    dataset = Dataset("city", Source("CC0-1.0", "nobody"))
    records = [
        FacilityRecord(f"{number} {text}", "toilets", place, opening_hours=text)
        for number, place in enumerate(TEN_COUNTRIES)
        for text in ("Mo-Su,PH 00:00-24:00", "Mo-Su; PH -1 day off")
    ]
    assert cpu_s(lambda: write_dataset(session, dataset, records, NOON)) < 2
    facilities = recompile.next_batch(session, 0)
    assert len(facilities) == len(records)
    assert cpu_s(lambda: recompile.recompile(session, facilities, NOON)) < 2
