"""Opening hours in English become OSM's where they are exact; everything else stays a note."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.facilities.hours import compile_hours
from geo.imports.english_hours import opening_hours
from tests.geo.opening import MONDAY, NEW_YORK

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def week(*hours: str) -> str:
    """Seven lines, as a city prints them."""
    return "\n".join(f"{day}: {text}" for day, text in zip(DAYS, hours, strict=True))


@pytest.mark.parametrize(
    ("text", "osm"),
    [
        (week(*["10:00 am - 6:00 pm"] * 7), "10:00-18:00"),
        (week(*["9:00 am - 5:00 pm"] * 5, "10:00 am - 2:00 pm", "Closed"), "Mo-Fr 09:00-17:00; Sa 10:00-14:00; Su off"),
        (week(*["11:00 am - 7:00 pm"] * 4, *["11:00 am - 1:00 am"] * 3), "Mo-Th 11:00-19:00, Fr-Su 11:00-01:00"),
        (week(*["Open 24 hours"] * 7), "24/7"),
        ("6am-1am", "06:00-01:00"),
        ("8am-4pm daily", "08:00-16:00"),
        ("6:30 a.m. to midnight", "06:30-24:00"),
        ("7 AM \N{EN DASH} 10 PM", "07:00-22:00"),
        ("Monday to Friday: 8am - noon and 1pm - 5pm", "Mo-Fr 08:00-12:00,13:00-17:00"),
        ("Weekdays 9am-5pm; weekends & holidays 10am-4pm", "Mo-Fr 09:00-17:00; Sa,Su,PH 10:00-16:00"),
        ("Everyday 5 pm - 2 am", "17:00-02:00"),
        ("7am - dusk", "07:00-sunset"),
        ("Dawn to dusk", "sunrise-sunset"),
        ("Sat-Mon 10am-2pm", "Mo,Sa,Su 10:00-14:00"),
        ("24 hours", "24/7"),
        ("Mon-Fri 8pm-2am; Sat 10am-noon", "Mo-Fr 20:00-02:00, Sa 10:00-12:00"),
        ("Mon 10pm-6am; Tue closed", "Mo 22:00-06:00"),
        ("Closed", "off"),
    ],
)
def test_exact_hours_become_those_of_osm(text: str, osm: str) -> None:
    assert opening_hours(text) == osm
    assert compile_hours(osm, NEW_YORK, MONDAY) is not None


@pytest.mark.parametrize(
    "text",
    [
        "10:00 pm - 7:00 pm",
        week(*["10:00 pm - 7:00 pm"] * 7),
        "1 pm - 11 am",
        "8am-4pm, Open later seasonally",
        "8-4",
        "8am-4",
        "Monday: 8am-4pm; Monday: 9am-5pm",
        "Mon-Fri 8am-4pm, Fri 9am-5pm",
        "8am-2pm, 1pm-5pm",
        "13 pm - 2 pm",
        "8am-8am",
        "by appointment",
        "Monday: ",
        "",
        "   ",
        "closed for renovation",
        "Sunday closed",
        "Holidays closed",
        "Holidays 10am-4pm",
        "weather permitting, 8am-4pm",
    ],
)
def test_a_text_that_is_not_exact_or_contradicts_itself_stays_a_note(text: str) -> None:
    assert opening_hours(text) is None


@settings(deadline=None)
@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from([*DAYS, "8am", "-", "to", "5 pm", ":", ",", ";", "closed"])).map(" ".join)
)
def test_what_is_read_compiles(text: str) -> None:
    osm = opening_hours(text)
    assert osm is None or compile_hours(osm, NEW_YORK, MONDAY) is not None
