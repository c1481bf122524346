"""The search against the plainest possible one: every facility, its utility by the formulas, sorted."""

from tests.factories import add_facility, add_rating
from geo.facilities import search
from geo.coordinates import Point
from tests.conftest import NOON


def test_a_clean_place_a_little_farther_comes_before_a_dirty_one(session):
    dirty = add_facility(session, lon=24.94, lat=60.17)
    clean = add_facility(session, lon=24.941, lat=60.17)
    for _ in range(5):
        add_rating(session, dirty, 1, NOON)
        add_rating(session, clean, 5, NOON)
    found = search.nearby(session, search.NearbyQuery(Point(24.94, 60.17), NOON))
    assert [row["id"] for row in found.facilities] == [clean, dirty]
