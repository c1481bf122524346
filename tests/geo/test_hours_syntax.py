"""Spellings outside the strict grammar; what each means was compared with opening_hours.js 3.15."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coordinates import Point
from geo.facilities.hours import CompiledHours, compile_hours

FRANKFURT = Point(8.68, 50.1)
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def compiled(text: str) -> CompiledHours | None:
    return compile_hours(text, FRANKFURT, MONDAY)


@pytest.mark.parametrize(
    ("written", "strict"),
    [
        ("Mo-Sa 08:00-18:00; Su, PH off", "Mo-Sa 08:00-18:00; Su,PH off"),
        ("Mo-Fr 08:00-20:00; Sa, Su 10:00-18:00", "Mo-Fr 08:00-20:00; Sa,Su 10:00-18:00"),
        ("Mo-Fr, Su 08:00-18:00", "Mo-Fr,Su 08:00-18:00"),
        ("Mo, We, Fr 08:00-18:00", "Mo,We,Fr 08:00-18:00"),
        ("mo-we, fr 08:00-18:00", "Mo-We,Fr 08:00-18:00"),
        ("Mo,   We 08:00-18:00", "Mo,We 08:00-18:00"),
        ("Mo ,We 08:00-18:00", "Mo,We 08:00-18:00"),
        ("Mo\t,\N{NO-BREAK SPACE}We\N{NO-BREAK SPACE}08:00-18:00", "Mo,We 08:00-18:00"),
        ("PH, Mo-Fr 08:00-18:00", "PH,Mo-Fr 08:00-18:00"),
        ("Mo, PH, Fr 08:00-18:00", "PH,Mo,Fr 08:00-18:00"),
        ("Mo-We,PH +1 day,Fr 08:00-18:00", "PH +1 day,Mo-We,Fr 08:00-18:00"),
        ("Mo[1,3],PH,Su[-1] 08:00-18:00", "PH,Mo[1,3],Su[-1] 08:00-18:00"),
        ("PH,Sa,PH 08:00-18:00", "PH,Sa 08:00-18:00"),
        ("We-Fr, SH, Su 08:00-18:00", "SH,We-Fr,Su 08:00-18:00"),
        ("PH +1 day, We 08:00-18:00", "PH +1 day,We 08:00-18:00"),
        ("Su[1], Mo[-1] 08:00-18:00", "Su[1],Mo[-1] 08:00-18:00"),
        ("Mo[1, 3] 08:00-18:00", "Mo[1,3] 08:00-18:00"),
        ("Mo[1] +1 day, We 08:00-18:00", "Mo[1] +1 day,We 08:00-18:00"),
        ("Nov, Dec 08:00-18:00", "Nov,Dec 08:00-18:00"),
        ("Nov, Dec Mo, We 08:00-18:00", "Nov,Dec Mo,We 08:00-18:00"),
        ("Mo-Fr 08:00-18:00; Dec 24, Dec 31 off", "Mo-Fr 08:00-18:00; Dec 24,Dec 31 off"),
        ("Nov 24-26, Dec 1-3 08:00-18:00", "Nov 24-26,Dec 1-3 08:00-18:00"),
        ("easter, Dec 25 off, 08:00-18:00", "easter,Dec 25 off, 08:00-18:00"),
        ("2026, 2027 Mo 08:00-18:00", "2026,2027 Mo 08:00-18:00"),
        ("week 48, 50-52 Mo 08:00-18:00", "week 48,50-52 Mo 08:00-18:00"),
        ("Mo-Fr 08:00-12:00,  14:00-18:00", "Mo-Fr 08:00-12:00,14:00-18:00"),
        ("Mo-Fr 08:00-12:00 , 14:00-18:00", "Mo-Fr 08:00-12:00,14:00-18:00"),
        ("Mo-Fr 08:00-12:00, (sunset-02:00)-sunset", "Mo-Fr 08:00-12:00,(sunset-02:00)-sunset"),
        ('Mo 08:00-18:00 "not Sa, Su; || +", Sa, Su', 'Mo 08:00-18:00 "by appointment", Sa,Su'),
        ('Mo, We 08:00-18:00 || "ask, Mo"', 'Mo,We 08:00-18:00 || "ask"'),
        ('Mo 08:00-18:00||"ask"', 'Mo 08:00-18:00 || "ask"'),
    ],
)
def test_a_list_may_have_any_order_and_spaces_around_its_commas(written: str, strict: str) -> None:
    assert compiled(written) is not None
    assert compiled(written) == compiled(strict)


@pytest.mark.parametrize(
    ("written", "as_two_rules"),
    [
        ("Mo-Fr 08:00-12:00, We 14:00-18:00", "Mo,Tu,Th,Fr 08:00-12:00; We 08:00-12:00,14:00-18:00"),
        ("Mo-Fr 08:00-12:00 ,We 14:00-18:00", "Mo,Tu,Th,Fr 08:00-12:00; We 08:00-12:00,14:00-18:00"),
        ("Mo-Fr 08:00-12:00,We 14:00-18:00", "Mo,Tu,Th,Fr 08:00-12:00; We 08:00-12:00,14:00-18:00"),
        ("Mo-Fr 08:00-12:00, Sa, Su 14:00-18:00", "Mo-Fr 08:00-12:00; Sa,Su 14:00-18:00"),
        ("Mo-Fr 08:00-12:00 open, Sa, Su 14:00-18:00", "Mo-Fr 08:00-12:00; Sa,Su 14:00-18:00"),
        ("Mo-Fr 08:00-12:00, Sa off", "Mo-Fr 08:00-12:00"),
        ("Mo-Fr 08:00-12:00, 2026 Dec 5 14:00-18:00", "Mo-Fr 08:00-12:00; Dec 5 14:00-18:00"),
        ("Mo-Fr sunrise-sunset, Sa, Su 10:00-12:00", "Mo-Fr sunrise-sunset; Sa,Su 10:00-12:00"),
        ('Mo-Fr 08:00-12:00 "ask", Sa, Su', 'Mo-Fr 08:00-12:00 "ask"; Sa,Su'),
    ],
)
def test_a_comma_after_times_a_state_or_a_comment_starts_a_rule(written: str, as_two_rules: str) -> None:
    assert compiled(written) is not None
    assert compiled(written) == compiled(as_two_rules)


@pytest.mark.parametrize(
    "text",
    [
        *("Mo-Fr, 08:00-18:00", "Dec 25, 10:00-12:00", "Su, Dec 24 off", "Dec 24, Su off", "Mo-Su, Dec 25 off"),
        *("Dec, Mo 08:00-18:00", "2027+, Mo 08:00-18:00", "Mo-Fr 08:00-18:00,", ", Mo", "Mo-Fr,", "Mo,,We"),
    ],
)
def test_a_comma_that_makes_neither_a_list_nor_a_rule_makes_a_note(text: str) -> None:
    assert compiled(text) is None


@pytest.mark.parametrize("end", [";", " ;", "; ", ";;", " ; ; "])
def test_a_trailing_semicolon_is_ignored(end: str) -> None:
    week = "Mo-Fr 08:00-18:00; Sa 08:00-12:00"
    assert compiled(week) is not None
    assert compiled(week + end) == compiled(week)
    assert compiled(f'{week}{end}|| "ask"{end}') == compiled(f'{week} || "ask"')
    assert compiled(f'{week} "ask{end}"') == compiled(f'{week} "ask"')


def test_semicolons_alone_are_a_note() -> None:
    assert compiled(";") is compiled("; || ;") is None


DAYS = st.sampled_from(["Mo", "Sa", "Su", "Tu-Th", "Fr[1]", "Su[-1]"])
TIMES = st.sampled_from(["08:00-10:00", "09:30-17:00", "14:00-26:00", "sunrise-12:00", "(sunset-01:00)-22:00"])
COMMAS = st.sampled_from([",", ", ", " ,", " , ", ",  ", "\t,\t", ",\N{NO-BREAK SPACE}"])


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str]:
    """Rules in the strict grammar, and the same with any spaces at their commas."""
    strict = written = ""
    for number in range(draw(st.integers(1, 3))):
        days, times = draw(st.lists(DAYS, min_size=1, max_size=3)), draw(st.lists(TIMES, max_size=2))
        days += draw(st.sampled_from([[], ["PH"]]))
        separator = draw(st.sampled_from(["; ", ", "])) if number and strict[-1].isdigit() else "; " if number else ""
        strict += f"{separator}{','.join(days)} {','.join(times)}".rstrip()
        written += (draw(COMMAS) if separator == ", " else separator) + draw(COMMAS).join(days)
        written += f" {draw(COMMAS).join(times)}".rstrip()
    return strict, written


@settings(deadline=None)
@given(spellings())
def test_spaces_around_any_comma_do_not_change_the_hours(spelling: tuple[str, str]) -> None:
    strict, written = spelling
    assert compiled(strict) is not None
    assert compiled(written) == compiled(strict)
