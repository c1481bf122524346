"""Outside its season the hours of an OSM object are unknown; what is closed stays closed."""

from datetime import UTC, datetime

import pytest

from geo.coordinates import Point
from geo.facilities.hours import compile_hours
from geo.imports import osm_tags
from tests.geo.opening import state_at

NORTH, SOUTH = Point(8.5, 47.4), Point(151.2, -33.9)
JANUARY, JULY = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def states(tags: dict[str, str], location: Point, day: datetime) -> list[str]:
    """The states at noon and at 23:00 by the clock of the place."""
    record = osm_tags.facility_of("node/1", location, {"amenity": "drinking_water", **tags})
    assert record is not None
    assert record.opening_hours is not None
    hours = compile_hours(record.opening_hours, location, day)
    if hours is None:
        return ["note", "note"]
    noon = 11 if location is NORTH else 2
    return [state_at(hours, day.replace(hour=hour)) for hour in (noon, (noon + 11) % 24)]


@pytest.mark.parametrize(
    ("seasonal", "hours", "january", "july"),
    [
        ("summer", "24/7", ["unknown", "unknown"], ["open", "open"]),
        ("summer", "Mo-Su 08:00-20:00", ["unknown", "closed"], ["open", "closed"]),
        ("winter", "08:00-20:00", ["open", "closed"], ["unknown", "closed"]),
        ("yes", "08:00-20:00", ["unknown", "closed"], ["unknown", "closed"]),
        ("wet_season", "24/7", ["unknown", "unknown"], ["unknown", "unknown"]),
        ("summer", "08:00-20:00; We,Th off", ["closed", "closed"], ["closed", "closed"]),
        ("no", "24/7", ["open", "open"], ["open", "open"]),
        ("summer", "Jan-Dec 08:00-20:00", ["open", "closed"], ["open", "closed"]),
        ("summer", 'Mo-Fr 08:00-20:00 || "ask"', ["note", "note"], ["note", "note"]),
        ("summer", "ask the warden", ["note", "note"], ["note", "note"]),
    ],
)
def test_a_season_limits_what_is_known(seasonal: str, hours: str, january: list[str], july: list[str]) -> None:
    tags = {"seasonal": seasonal, "opening_hours": hours}
    assert (states(tags, NORTH, JANUARY), states(tags, NORTH, JULY)) == (january, july)


def test_seasons_are_opposite_south_of_the_equator() -> None:
    tags = {"seasonal": "summer", "opening_hours": "24/7"}
    assert states(tags, SOUTH, JANUARY) == ["open", "open"]
    assert states(tags, SOUTH, JULY) == ["unknown", "unknown"]
