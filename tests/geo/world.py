"""Random facilities around cities, the poles and the antimeridian."""

from datetime import timedelta
from random import Random

from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTES
from geo.facilities.hours import compile_hours, multirange
from tests.conftest import NOON
from tests.factories import add_facility, add_rating

HELSINKI = Point(24.9384, 60.1699)

CENTRES = [
    HELSINKI,
    Point(2.3522, 48.8566),
    Point(179.999, -16.8),
    Point(-179.999, -16.8),
    Point(0, 89.999),
    Point(120, -89.99),
    Point(0, 0),
]
"""Cities, both sides of the antimeridian, both poles."""

HOURS = (None, None, "24/7", "Mo-Fr 08:00-18:00", "22:00-02:00", "off", "08:00+")


def hours_columns(opening_hours: str | None, place: Point) -> dict[str, str | None]:
    hours = compile_hours(opening_hours, place, NOON) if opening_hours else None
    if hours is None:
        return {}
    return {
        "opening_hours": opening_hours,
        "open_during": multirange(hours.open_during),
        "unknown_during": multirange(hours.unknown_during),
    }


def add_world(session: Session, random: Random, count: int) -> None:
    """Facilities around the centres, some at the very same place, some rated, with every attribute."""
    place = HELSINKI
    for _ in range(count):
        if random.random() > 0.1:  # else the same place again: a tie
            centre, spread = random.choice(CENTRES), 10 ** random.uniform(-4, 0)
            lon = (centre.lon + random.gauss(0, spread) + 180) % 360 - 180
            place = Point(lon, max(-90.0, min(90.0, centre.lat + random.gauss(0, spread))))
        status = random.choice(("active",) * 8 + ("reported_closed", "closed", "hidden"))
        facility = add_facility(
            session,
            place.lon,
            place.lat,
            kind=random.choice(("toilets", "toilets", "drinking_water", "shower", "baby_care")),
            status=status,
            **{attribute.name: random.choice((None, None, *attribute.words)) for attribute in ATTRIBUTES},
            **hours_columns(random.choice(HOURS), place),
        )
        for _ in range(0 if status == "hidden" else random.choice((0, 0, 1, 3, 8))):
            add_rating(session, facility, random.randint(1, 5), NOON - timedelta(days=random.uniform(0, 500)))
