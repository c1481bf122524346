"""Hours compiled for one place are reused for another only where both have the same calendar and clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.synthetic import synthetic_facilities
from geo.coordinates import Point
from geo.facilities import hours as hours_module
from geo.facilities.hours import CompiledHours, compile_hours
from geo.facilities.hours_syntax import normalised
from tests.geo.opening import HELSINKI, LORD_HOWE, MONDAY, NEW_YORK, TEXTS

SYNTHETIC_TEXTS = sorted({record.opening_hours for record in synthetic_facilities(5_000) if record.opening_hours})

NEIGHBOURS = [
    *(Point(13.4, 52.52), Point(2.35, 48.85), Point(-3.7, 40.42), Point(12.5, 41.9)),  # one clock, four calendars
    *(Point(7.59, 47.56), Point(7.62, 47.59), Point(3.06, 36.75)),  # over a border; the same hour without summer time
    *(NEW_YORK, Point(-73.57, 45.5), Point(-112.07, 33.45), Point(-104.99, 39.74)),
    *(HELSINKI, LORD_HOWE, Point(77.2, 28.6), Point(80.0, 23.2), Point(-140, -40), Point(166.4, -77.8)),
]


@pytest.mark.parametrize("as_of", [MONDAY, datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)])
@pytest.mark.parametrize(
    "text", sorted({*SYNTHETIC_TEXTS, *TEXTS, "PH 10:00-12:00", "Mo-Fr 08:00-18:00; PH +1 day off"})
)
def test_a_place_similar_to_an_earlier_one_has_the_hours_compiled_for_it_alone(text: str, as_of: datetime) -> None:
    hours_module._first_places.cache_clear()
    after_others = [compile_hours(text, place, as_of) for place in NEIGHBOURS]
    for place, hours in zip(NEIGHBOURS, after_others, strict=True):
        assert hours == alone(text, place, as_of)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([*SYNTHETIC_TEXTS, *TEXTS]),
    st.lists(st.builds(Point, st.floats(-180, 180), st.floats(-90, 90)), min_size=2, max_size=4),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - as hypothesis asks
)
def test_random_places_compiled_in_sequence_have_their_own_hours(
    text: str, places: list[Point], as_of: datetime
) -> None:
    after_others = [compile_hours(text, place, as_of) for place in places]
    assert after_others == [alone(text, place, as_of) for place in places]


def alone(text: str, place: Point, as_of: datetime) -> CompiledHours | None:
    """Compile with nothing kept, and all that is known of the place."""
    start = datetime(as_of.year, as_of.month, as_of.day, tzinfo=ZoneInfo("UTC"))
    lon, lat = max(-179.999, min(place.lon, 179.999)), max(-89.9, min(place.lat, 89.9))
    zone = ZoneInfo(hours_module._zone_key(lon, lat, start))
    return hours_module._compile(normalised(text), start, zone, lon, lat)


@pytest.mark.parametrize("key", ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"])
@pytest.mark.parametrize("month", range(1, 13))
def test_the_clock_of_a_zone_has_each_utc_offset_of_its_weeks(key: str, month: int) -> None:
    zone, start = ZoneInfo(key), datetime(2026, month, 1, tzinfo=ZoneInfo("UTC"))
    clock = hours_module._clock(zone, start)
    for quarter in range(-96, (35 + 1) * 96):
        instant = start + quarter * timedelta(minutes=15)
        utc_offset = [offset for since, offset in clock if since <= instant][-1]
        assert utc_offset == instant.astimezone(zone).utcoffset()
