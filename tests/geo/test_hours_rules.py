"""Each rule of opening hours applies to the days it names: nights, open ends, fallbacks and separators."""

from datetime import UTC, datetime

import pytest

from tests.geo.opening import states

# 23 November 2026 is a Monday.
MIDDAY = {
    "Mo": "2026-11-23T12:00",
    "Tu": "2026-11-24T12:00",
    "We": "2026-11-25T12:00",
    "Th": "2026-11-26T12:00",
    "Fr": "2026-11-27T12:00",
    "Sa": "2026-11-28T12:00",
    "Su": "2026-11-29T12:00",
}


def open_days(text: str) -> list[str]:
    return [day for day, instant in MIDDAY.items() if states(text, instant) == ["open"]]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mo-Sa 08:00-18:00; Su, PH off", ["Mo", "Tu", "We", "Th", "Fr", "Sa"]),
        ("Mo-Fr 14:00-20:00; Sa, Su 10:00-18:00", ["Sa", "Su"]),
        ("Mo, We, Fr 08:00-18:00", ["Mo", "We", "Fr"]),
        ("Mo-We, Sa 11:00-13:00; Tu, Sa off", ["Mo", "We"]),
        ("Mo-Fr 08:00-18:00;", ["Mo", "Tu", "We", "Th", "Fr"]),
        ("Mo-We: 10:00-18:00, Th-Fr: 10:00-20:00", ["Mo", "Tu", "We", "Th", "Fr"]),
        ("Mo-We: 10:00-18:00; Sa: 10:00-13:00", ["Mo", "Tu", "We", "Sa"]),
        ("Fr11:00-13:00", ["Fr"]),
        ("Mo-Th10:00-14:00; Su11:00-12:30", ["Mo", "Tu", "We", "Th", "Su"]),
    ],
)
def test_a_rule_applies_to_the_days_it_names(text: str, days: list[str]) -> None:
    assert open_days(text) == days


@pytest.mark.parametrize(
    ("text", "local", "expected"),
    [
        ("Su-Th 10:00-22:00; Fr-Sa 10:00-02:00", "2026-11-29T01:59", "open"),
        ("Su-Th 10:00-22:00; Fr-Sa 10:00-02:00", "2026-11-29T02:00", "closed"),
        ("Su-Th 10:00-22:00; Fr-Sa 10:00-02:00", "2026-11-27T01:00", "closed"),
        ("Mo-Su 17:00-02:00; Fr,Sa 17:00-04:00", "2026-11-29T03:59", "open"),
        ("Mo-Su 17:00-02:00; Fr,Sa 17:00-04:00", "2026-11-30T03:00", "closed"),
        # Later rules name the day into which the night runs: they replace its end.
        ("Mo-Sa 18:00-04:00; Su 20:00-04:00", "2026-11-29T03:00", "closed"),
        ("Sa 22:00-06:00; Su off", "2026-11-29T03:00", "closed"),
        ("Su off; Sa 22:00-06:00", "2026-11-29T03:00", "open"),
        ("Mo-Fr 20:00-26:00", "2026-11-28T01:59", "open"),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_starts(text: str, local: str, expected: str) -> None:
    assert states(text, local) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # on Tuesday at 09:00 and at 20:00, on Saturday at 20:00
        ("Mo-Su 00:00-24:00; Dec 24 08:00+", ["open", "open", "open"]),
        ("Mo-Th 18:00-24:00; Fr-Su 18:00+", ["closed", "open", "unknown"]),
        ("Mo-Fr 08:00-17:00,17:00+", ["open", "unknown", "closed"]),
        ("Mo-Fr 08:00-24:00; Sa 18:00+", ["open", "open", "unknown"]),
        ("Tu 08:00-10:00,19:00+", ["open", "unknown", "closed"]),
        ("07:00-17:00,17:00+", ["open", "unknown", "unknown"]),
        ("Sa off; Mo-Fr 09:00-24:00, Sa 19:00+", ["open", "open", "unknown"]),
        ("Mo-Sa 08:00-24:00; Sa 08:00-18:00+", ["open", "open", "unknown"]),
    ],
)
def test_an_open_end_leaves_other_closing_times_as_they_are(text: str, expected: list[str]) -> None:
    assert states(text, "2026-11-24T09:00", "2026-11-24T20:00", "2026-11-28T20:00") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # on Tuesday at 09:00, on Saturday at 11:00, on Sunday at 11:00
        ('Mo-Fr 08:00-12:00 || Sa 10:00-12:00 || "by appointment"', ["open", "unknown", "unknown"]),
        ('Mo-Fr 08:00-12:00 || "by appointment"', ["open", "unknown", "unknown"]),
        ("Mo-Fr 08:00-12:00 || Sa 10:00-12:00 || Su 10:00-12:00", ["open", "unknown", "unknown"]),
        ('Tu 19:00+ || "by appointment"', ["unknown", "unknown", "unknown"]),
        ("Mo-Fr 08:00-12:00 || Sa 10:00-12:00", ["open", "unknown", "closed"]),
    ],
)
def test_each_fallback_makes_its_hours_unknown(text: str, expected: list[str]) -> None:
    assert states(text, "2026-11-24T09:00", "2026-11-28T11:00", "2026-11-29T11:00") == expected


FINLAND = {
    "Independence Day": "2026-12-06T12:00",
    "the day after": "2026-12-07T12:00",
    "a Saturday": "2026-12-12T12:00",
    "Boxing Day": "2026-12-26T12:00",
}


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("PH off; Mo-Su", ["Independence Day", "Boxing Day"]),
        ("PH +1 day off; Mo-Su", ["the day after", "Boxing Day"]),  # Christmas Day is a holiday, too
        ("Dec 26 off; Mo-Su open", ["Boxing Day"]),
        ("week 50 off; Mo-Fr, Sa-Su", ["the day after", "a Saturday"]),
        ("Dec Sa[2] off; Mo-Su", ["a Saturday"]),
        ("Mo-Su; PH off", ["Independence Day", "Boxing Day"]),
        # As in opening_hours.js, a later rule with times or without days opens all of its days.
        ("PH off; Mo-Su 00:00-24:00", []),
        ("PH off; 24/7", []),
        ("Mo off; Mo-Su", []),
        ("PH off; Dec 26; Mo-Su", ["Independence Day"]),
    ],
)
def test_days_closed_by_name_stay_closed_where_a_later_rule_opens_weekdays_without_times(
    text: str, closed: list[str]
) -> None:
    assert [day for day, instant in FINLAND.items() if states(text, instant) == ["closed"]] == closed


def test_a_day_closed_before_easter_is_closed_and_the_others_are_open() -> None:
    march = datetime(2027, 3, 22, tzinfo=UTC)
    good_friday, the_day_after = "2027-03-26T12:00", "2027-03-27T12:00"
    assert states("easter -2 days off; Mo-Su", good_friday, the_day_after, as_of=march) == ["closed", "open"]
    assert states("easter -1 day off; Mo-Su", good_friday, the_day_after, as_of=march) == ["open", "closed"]
