"""The nearest named street of a point is exact, also across the antimeridian, and found for many points at once."""

import math
import random
from pathlib import Path

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.gazetteer import nearest, osm, writer
from geo.gazetteer.shape import NamedShape
from geo.imports.formats import OPENSTREETMAP
from tests.conftest import NOON
from tests.geo.gazetteer.extract import write_extract

CORNERS = [(24.94, 60.17), (179.9995, -16.8), (-179.9995, -16.8), (0.0, 89.9), (9.5, 47.1)]
"""A city in the north, both sides of the antimeridian, a pole, and the valley."""


def add_streets(session: Session, *courses: list[tuple[float, float]]) -> None:
    """Streets called Street 0, Street 1 and so on."""
    shapes = [
        NamedShape(f"way/{number}", "street", f"Street {number}", None, shapely.LineString(course))
        for number, course in enumerate(courses)
    ]
    writer.write(session, "streets", OPENSTREETMAP, shapes, NOON)


def names(session: Session, origins: list[Point], within_m: float = nearest.STREET_WITHIN_M) -> list[str | None]:
    return [street and street.name for street in nearest.streets(session, origins, within_m)]


def test_each_point_has_its_street_in_the_order_of_the_points(
    session: Session, tmp_path: Path, statements: list[str]
) -> None:
    writer.write(session, "valley", OPENSTREETMAP, osm.read(write_extract(tmp_path / "valley.osm")), NOON)
    origins = [Point(9.7, 47.3), Point(9.5031, 47.1035), Point(9.501, 47.1012), Point(9.5031, 47.1035)]
    statements.clear()
    assert names(session, origins) == [None, "Gässli", "Hauptstrasse", "Gässli"]
    assert nearest.streets(session, []) == []
    assert len(statements) == 1


def test_a_street_is_near_up_to_the_given_distance(session: Session) -> None:
    add_streets(session, [(9.5, 47.1), (9.6, 47.1)])
    origin = Point(9.55, 47.1 + math.degrees(100 / 6_371_008.77))
    [found] = nearest.streets(session, [origin], 101)
    assert found is not None
    assert found.distance_m == pytest.approx(100, abs=0.2)
    assert names(session, [origin], 99) == [None]


@pytest.mark.parametrize(("lon", "lat"), [(179.9999, -16.8), (-179.9999, -16.8)])
def test_a_street_beyond_the_antimeridian_is_near(session: Session, lon: float, lat: float) -> None:
    add_streets(session, [(-lon, lat), (-lon, lat + 0.001)])
    assert names(session, [Point(lon, lat)]) == ["Street 0"]


def somewhere_around(lon: float, lat: float, chance: random.Random) -> tuple[float, float]:
    return max(-180, min(180, lon + chance.uniform(-0.0005, 0.0005))), lat + chance.uniform(-0.002, 0.002)


def test_the_nearest_of_many_streets_is_exact(session: Session) -> None:
    chance = random.Random(7)
    add_streets(session, *([somewhere_around(*corner, chance) for _ in range(3)] for corner in CORNERS * 40))
    origins = [Point(*somewhere_around(*corner, chance)) for corner in CORNERS * 20]
    for origin, found in zip(origins, nearest.streets(session, origins, 80), strict=True):
        distance_m = session.execute(
            text(
                """SELECT min(ST_Distance(lines::geography, facility_search.point(:lon, :lat)::geography, false))
                   FROM locality"""
            ),
            {"lon": origin.lon, "lat": origin.lat},
        ).scalar_one()
        if found is None:
            assert distance_m > 80 - 0.2
        else:
            assert found.distance_m == pytest.approx(distance_m, abs=0.2)
