from datetime import UTC, datetime, timedelta
from math import acos, asin, atan2, cos, radians, remainder, sin, tau

import pytest

from geo.coordinates import Point
from tests.geo.opening import HELSINKI, LORD_HOWE, NEW_YORK, compiled, state_at


def sun_above_horizon(date: datetime, location: Point) -> tuple[datetime, datetime]:
    """Sunrise and sunset by the low-accuracy formulas of the US Naval Observatory, good to a minute."""
    noon = datetime(date.year, date.month, date.day, 12, tzinfo=UTC) - timedelta(hours=location.lon / 15)
    days = (noon - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    anomaly = radians(357.529 + 0.98560028 * days)
    mean_longitude = radians(280.459 + 0.98564736 * days)
    longitude = mean_longitude + radians(1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    obliquity = radians(23.439 - 0.00000036 * days)
    declination = asin(sin(obliquity) * sin(longitude))
    ascension = atan2(cos(obliquity) * sin(longitude), cos(longitude))
    equation_of_time = remainder(mean_longitude - ascension, tau)
    lat, refraction_and_radius = radians(location.lat), radians(-0.833)
    half_day = acos((sin(refraction_and_radius) - sin(lat) * sin(declination)) / (cos(lat) * cos(declination)))
    transit = noon - timedelta(days=equation_of_time / tau)
    return transit - timedelta(days=half_day / tau), transit + timedelta(days=half_day / tau)


@pytest.mark.parametrize("location", [HELSINKI, NEW_YORK, LORD_HOWE])
@pytest.mark.parametrize("month", [3, 6, 9, 12])
def test_sunrise_and_sunset_match_the_almanac(location: Point, month: int) -> None:
    day = datetime(2026, month, 21, tzinfo=UTC)
    hours = compiled("sunrise-sunset", location, day - timedelta(days=2))
    sunrise, sunset = sun_above_horizon(day, location)
    two_minutes = timedelta(minutes=2)
    assert any(
        start is not None
        and end is not None
        and abs(start - sunrise) <= two_minutes
        and abs(end - sunset) <= two_minutes
        for start, end in hours.open_during
    )


def test_the_almanac_matches_a_published_day() -> None:
    # Helsinki on 21 December 2008: 9:24 to 15:13, as the almanac had it.
    sunrise, sunset = sun_above_horizon(datetime(2008, 12, 21, tzinfo=UTC), HELSINKI)
    assert abs(sunrise - datetime(2008, 12, 21, 7, 24, tzinfo=UTC)) <= timedelta(minutes=1)
    assert abs(sunset - datetime(2008, 12, 21, 13, 13, tzinfo=UTC)) <= timedelta(minutes=1)


def test_sunrise_depends_on_the_place_and_not_on_its_time_zone() -> None:
    west, east = compiled("sunrise-sunset", Point(-6, 37)), compiled("sunrise-sunset", Point(3, 41))
    assert west.open_during != east.open_during


def test_a_place_under_the_midnight_sun_is_open_at_midnight() -> None:
    midsummer = datetime(2026, 6, 20, tzinfo=UTC)
    svalbard = compiled("sunrise-sunset", Point(15.6, 78.2), midsummer)
    assert state_at(svalbard, midsummer) == "open"
