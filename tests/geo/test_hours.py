import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from geo.coordinates import Point
from geo.facilities.hours import COMPILED_AHEAD, CompiledHours, compile_hours, multirange
from tests.geo.imports.real_data import real_file
from tests.geo.opening import (
    ALWAYS,
    HELSINKI,
    LORD_HOWE,
    MONDAY,
    NEW_YORK,
    TEXTS,
    WINDOW_END,
    WINDOW_START,
    ZONES,
    compiled,
    contains,
    state,
    state_at,
    states,
)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "24/7",
            "Mo-Su",
            "00:00-24:00",
            " 24/7 ",
            "Mo-Su 00:00-24:00",
            "Mo-Su 00:00-00:00",
            "Mo-Fr 0:00-24:00; Sa,Su",
        ),
        *("Mo-Su,PH 00:00-24:00", "PH,Mo-Su", "Jan-Dec 00:00-24:00", "Mo-Su 00:00-24:00; PH 00:00-24:00"),
        "; ".join(f"{day} 00:00-24:00" for day in ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")),
    ],
)
def test_hours_that_are_always_open_have_no_bounds(text: str) -> None:
    assert compiled(text) == CompiledHours(ALWAYS, ())


@pytest.mark.parametrize("text", ["off", "closed", "24/7 off", "PH off"])
def test_hours_that_never_open_are_closed_without_bounds(text: str) -> None:
    assert compiled(text) == CompiledHours((), ())


@pytest.mark.parametrize(
    ("text", "state_within"),
    [
        ("24/7; 2028 Jan 1 off", "open"),
        ("Mo-Su 00:00-24:00; Feb 29 off", "open"),
        ("Mo-Su 00:00-24:00; week 53 off", "open"),
        ("Mo-Su; easter off", "open"),
        ("Mo-Su; Mo[5] off", "open"),
        ("Mo-Su; PH off", "open"),
        ("PH off; Mo-Su", "open"),
        ("easter -2 days off; Mo-Su", "open"),
        ("Mo-Su; PH +1 day off", "open"),
        ("Jan-Dec; Dec 25 off", "open"),
        ("Jan-Feb", "closed"),
        ("2025 Mo-Fr 08:00-18:00", "closed"),
        ("PH 10:00-12:00", "closed"),
        ('Feb "in winter"', "closed"),
    ],
)
def test_a_constant_state_is_unknown_beyond_the_compiled_weeks_if_it_may_change(text: str, state_within: str) -> None:
    # In July New York has Independence Day on the 3rd and 4th; its next holiday is in September.
    start = datetime(2026, 7, 6, tzinfo=UTC)
    hours = compiled(text, NEW_YORK, start)
    known = {state_at(hours, start + timedelta(hours=n)) for n in range(COMPILED_AHEAD // timedelta(hours=1))}
    assert known == {state_within}
    assert state_at(hours, start + COMPILED_AHEAD) == "unknown"


@pytest.mark.parametrize("text", ['"by appointment"', '24/7 "ask at the bar"', "unknown", "24/7 unknown"])
def test_a_permanent_condition_is_unknown_without_bounds(text: str) -> None:
    assert compiled(text) == CompiledHours((), ALWAYS)


@pytest.mark.parametrize(
    "text", ["", "  ", "by appointment", "8am-4pm, Open later seasonally", "24 hours", "||", "08:00-18:00 ||"]
)
def test_text_without_osm_syntax_is_a_note(text: str) -> None:
    assert compile_hours(text, HELSINKI, MONDAY) is None


def test_hours_begin_at_their_first_minute_and_end_before_their_last() -> None:
    assert states(
        "Mo-Fr 08:00-18:00", "2026-11-24T07:59", "2026-11-24T08:00", "2026-11-24T17:59", "2026-11-24T18:00"
    ) == ["closed", "open", "open", "closed"]
    assert state("Mo-Fr 08:00-18:00", "2026-11-28T12:00") == "closed"


def test_the_state_is_known_from_the_day_of_compilation_to_the_end_of_the_window() -> None:
    hours = compiled("Mo-Fr 08:00-18:00")
    just_before = timedelta(microseconds=1)
    assert state_at(hours, WINDOW_START - just_before) == "unknown"
    assert state_at(hours, WINDOW_START) == "closed"
    assert state_at(hours, WINDOW_END - just_before) == "closed"
    assert state_at(hours, WINDOW_END) == "unknown"


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    assert states(
        "Mo 22:00-02:00",
        "2026-11-23T21:59",
        "2026-11-23T23:59",
        "2026-11-24T01:59",
        "2026-11-24T02:00",
        "2026-11-24T22:30",
    ) == ["closed", "open", "open", "closed", "closed"]


def test_public_holidays_of_the_country_apply() -> None:
    independence_day, the_day_before = "2026-12-06T12:00", "2026-12-05T12:00"
    assert states("Mo-Su 08:00-18:00; PH off", the_day_before, independence_day) == ["open", "closed"]
    new_york = compiled("Mo-Su 08:00-18:00; PH off", NEW_YORK)
    assert state_at(new_york, datetime(2026, 12, 6, 17, tzinfo=UTC)) == "open"


@pytest.mark.parametrize(
    ("text", "morning", "noon", "night", "saturday_noon"),
    [
        ("Mo-Fr 08:00-18:00; SH off", "unknown", "unknown", "closed", "closed"),
        ("Mo-Fr 08:00-18:00; SH 11:00-13:00", "unknown", "open", "closed", "unknown"),
        ("SH 11:00-13:00", "closed", "unknown", "closed", "unknown"),
        ("24/7; SH off", "unknown", "unknown", "unknown", "unknown"),
        ('Mo-Fr 08:00-18:00 off "SH"', "closed", "closed", "closed", "closed"),
    ],
)
def test_school_holidays_make_only_the_hours_unknown_that_depend_on_them(
    text: str, morning: str, noon: str, night: str, saturday_noon: str
) -> None:
    assert states(text, "2026-11-24T09:00", "2026-11-24T12:00", "2026-11-24T22:00", "2026-11-28T12:00") == [
        *(morning, noon, night, saturday_noon)
    ]


@pytest.mark.parametrize(
    "days", ["SH,PH +1 day", "SH,Mo[1] +1 day", "PH +1 day,SH", "Mo,SH,PH -2 days", "week 2 SH,Su[1] +2 days"]
)
def test_school_holidays_in_a_list_with_counted_days_compile(days: str) -> None:
    assert states(f"Mo-Su 08:00-18:00; {days} off", "2026-11-24T07:00") == ["closed"]
    assert states(f"Mo-Su 08:00-18:00; {days} 07:00-08:00", "2026-11-24T22:00") == ["closed"]


def test_open_under_a_comment_is_unknown_and_closed_under_a_comment_is_closed() -> None:
    text = 'Mo-Fr 08:00-12:00, Mo-Fr 12:00-18:00 "ask at the bar"; Sa off "cleaning"'
    assert states(text, "2026-11-24T09:00", "2026-11-24T13:00", "2026-11-28T13:00") == [
        "open",
        "unknown",
        "closed",
    ]


def test_hours_marked_unknown_are_unknown_within_and_closed_outside() -> None:
    assert states("Mo-Fr 08:00-18:00 unknown", "2026-11-24T07:00", "2026-11-24T09:00") == [
        "closed",
        "unknown",
    ]


@pytest.mark.parametrize("as_of", [MONDAY, MONDAY + timedelta(days=5)])
def test_a_fallback_turns_closed_into_unknown(as_of: datetime) -> None:
    # On a weekend the library alone would call the whole window open.
    text = 'Mo-Fr 10:00-12:00 || "by appointment"'
    assert states(text, "2026-11-30T09:00", "2026-11-30T11:00", "2026-12-05T11:00", as_of=as_of) == [
        "unknown",
        "open",
        "unknown",
    ]


def test_each_fallback_turns_what_earlier_rules_leave_closed_into_unknown() -> None:
    text = 'Mo-Fr 08:00-12:00 || Sa 10:00-12:00 || "by appointment"'
    assert states(text, "2026-11-24T09:00", "2026-11-24T13:00", "2026-11-28T11:00", "2026-11-29T11:00") == [
        "open",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert states('Mo 19:00-21:00+ || "by appointment"', "2026-11-24T20:00", "2026-11-30T20:00") == ["unknown", "open"]


def test_an_open_end_is_unknown_from_its_start_until_the_latest_closing() -> None:
    assert states("05:00+", "2026-11-24T04:59", "2026-11-24T05:00", "2026-11-24T23:59") == [
        "closed",
        "unknown",
        "unknown",
    ]
    assert states("17:00+", "2026-11-24T16:59", "2026-11-24T17:00", "2026-11-25T02:59", "2026-11-25T03:00") == [
        "closed",
        "unknown",
        "unknown",
        "closed",
    ]


def test_an_open_end_after_hours_leaves_the_hours_open() -> None:
    assert states("14:00-17:00+", "2026-11-24T13:59", "2026-11-24T14:00", "2026-11-24T17:00", "2026-11-25T03:00") == [
        "closed",
        "open",
        "unknown",
        "closed",
    ]


def test_an_open_end_of_the_night_before_reaches_into_the_window() -> None:
    assert state("Su 22:00+", "2026-11-23T05:59") == "unknown"
    assert state("Su 22:00+", "2026-11-23T06:00") == "closed"


def test_a_year_limits_hours_to_it() -> None:
    text = "2026 Mo-Su 08:00-18:00"
    assert states(text, "2026-12-24T12:00") == ["open"]
    december = datetime(2026, 12, 20, tzinfo=UTC)
    assert states(text, "2026-12-31T12:00", "2027-01-01T12:00", as_of=december) == ["open", "closed"]


@pytest.mark.parametrize("location", [HELSINKI, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("as_of", [datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)])
def test_hours_follow_local_time_across_clock_changes(location: Point, as_of: datetime) -> None:
    day_hours, night_hours = (
        compiled("08:00-18:00", location, as_of),
        compiled("22:00-05:00", location, as_of),
    )
    offsets = set()
    quarter = timedelta(minutes=15)
    for step in range(COMPILED_AHEAD // quarter):
        instant = as_of + step * quarter
        wall = instant.astimezone(ZONES[location])
        offsets.add(wall.utcoffset())
        assert contains(day_hours.open_during, instant) == (8 <= wall.hour < 18), wall
        assert contains(night_hours.open_during, instant) == (wall.hour >= 22 or wall.hour < 5), wall
    assert len(offsets) == 2, "no change of the clock in the window"


@pytest.mark.parametrize("location", [Point(0, 90), Point(0, -90), Point(180, 0), Point(-180, 51.9), Point(-140, -40)])
@pytest.mark.parametrize("text", ["Mo-Su 08:00-18:00", "Mo-Su 08:00-18:00; PH off", "sunrise-sunset"])
def test_hours_compile_at_the_poles_the_antimeridian_and_sea(
    location: Point, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert compile_hours(text, location, MONDAY) is not None
    assert capfd.readouterr().err == ""


def test_a_multirange_is_written_as_postgresql_reads_it() -> None:
    eight = datetime(2026, 11, 21, 8, tzinfo=UTC)
    ranges = ((None, eight), (eight + timedelta(hours=1), eight + timedelta(hours=2)))
    assert multirange(()) == "{}"
    assert multirange(ALWAYS) == "{[,)}"
    assert multirange(ranges) == (
        "{[,2026-11-21T08:00:00+00:00),[2026-11-21T09:00:00+00:00,2026-11-21T10:00:00+00:00)}"
    )


@settings(deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.sampled_from(sorted(ZONES, key=lambda point: point.lon)),
    st.integers(0, COMPILED_AHEAD // timedelta(minutes=1) - 1),
)
def test_every_instant_has_the_state_given_by_the_library(text: str, location: Point, minute: int) -> None:
    instant = WINDOW_START + timedelta(minutes=minute)
    library = OpeningHours(text, coords=(location.lat, location.lon))
    expected, comment = library.state(instant.astimezone(ZoneInfo("UTC")))
    if expected == State.OPEN and comment:
        expected = State.UNKNOWN
    assert state_at(compiled(text, location), instant) == str(expected)


@pytest.mark.parametrize("text", [*TEXTS, "17:00+", 'Mo-Fr 10:00-12:00,18:00+ || "by appointment"'])
@pytest.mark.parametrize("location", [HELSINKI, NEW_YORK, LORD_HOWE])
def test_ranges_are_sorted_disjoint_in_utc_and_no_instant_is_both_open_and_unknown(text: str, location: Point) -> None:
    hours = compiled(text, location)
    both = sorted(
        [*hours.open_during, *hours.unknown_during],
        key=lambda bounds: bounds[0] or datetime.min.replace(tzinfo=UTC),
    )
    for (start, end), (next_start, _) in pairwise(both):
        assert end is not None
        assert next_start is not None
        assert start is None or start < end
        assert end <= next_start
    for ranges in (hours.open_during, hours.unknown_during):
        assert all(end != next_start for (_, end), (next_start, _) in pairwise(ranges))
        assert all(bound is None or bound.tzinfo is UTC for bounds in ranges for bound in bounds)


def test_every_text_of_paris_but_one_in_plain_french_compiles() -> None:
    texts: set[str] = set()
    for name in ("paris_osm_toilets_2021.geojson", "paris_osm_drinking_water_2021.geojson"):
        features = json.loads(real_file(name).read_text())["features"]
        texts |= {f["properties"]["opening_hours"] for f in features if "opening_hours" in f["properties"]}
    notes = {text for text in texts if compile_hours(text, Point(2.35, 48.85), MONDAY) is None}
    assert len(texts) == 17
    assert notes == {"heures du marché (mercredi, vendredi, dimanche matin"}
