"""Random facilities around cities, the poles and the antimeridian."""

from datetime import timedelta
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.conflation.conflate import conflate
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
            # Some at the ends of what a prior may be, where the bound of the search is tight.
            prior_stars=random.choice((3.6, 1.0, 5.0, random.uniform(1, 5))),
            record_credibility=random.choice((5.0, 1.0, 20.0, random.uniform(1, 20))),
            out_of_order_until=random.choice((*(None,) * 10, NOON, NOON + timedelta(seconds=1))),
            present_credibility=random.choice((5.0, 2.0, 30.0, random.uniform(2, 30))),
            **{attribute.name: random.choice((None, None, *attribute.words)) for attribute in ATTRIBUTES},
            **hours_columns(random.choice(HOURS), place),
        )
        for _ in range(0 if status == "hidden" else random.choice((0, 0, 1, 3, 8))):
            add_rating(session, facility, random.randint(1, 5), NOON - timedelta(days=random.uniform(0, 500)))


def merge_neighbours(session: Session) -> int:
    """List each facility in one of two datasets, and merge those that are one place. Returns the number of merges."""
    session.execute(
        text("INSERT INTO dataset (name, licence, attribution) VALUES ('map', 'l', 'm'), ('town', 'l', 't')")
    )
    session.execute(
        text(
            """INSERT INTO facility_source (facility_id, dataset_id, external_id, digest)
               SELECT facility.id, dataset.id, facility.id, '\\x00112233445566778899aabbccddeeff'
               FROM facility
               JOIN (SELECT id, row_number() OVER (ORDER BY name) AS number FROM dataset) AS dataset
                 ON dataset.number = 1 + facility.id % 2"""
        )
    )
    return conflate(session, NOON, max_m=500).merged
