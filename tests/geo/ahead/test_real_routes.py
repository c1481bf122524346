"""Routes through the published extracts of Paris and Australia, each stop against pyproj and shapely."""

from dataclasses import replace

import numpy as np
import pytest
from shapely import LineString, STRtree, points
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.ahead.route.journey import Journey, StopsQuery
from geo.ahead.route.stops import along
from geo.ahead.timed_route import Route, lay, lon_lat
from geo.facilities.search import Needs
from tests.conftest import NOON
from tests.geo.ahead.test_passes import independently
from tests.geo.imports.test_writer_real_data import import_file

SEINE = [
    (2.2757, 48.8466),
    (2.2886, 48.8576),
    (2.3205, 48.8635),
    (2.3412, 48.8573),
    (2.3572, 48.8517),
    (2.3761, 48.8370),
]
"""Through Paris along the river."""

HUME_HIGHWAY = [
    (151.21, -33.87), (150.81, -34.07), (150.45, -34.45), (149.72, -34.75), (148.91, -34.84), (148.11, -35.07),
    (146.92, -36.08), (146.31, -36.36), (145.14, -37.02), (144.96, -37.81),
]  # fmt: skip
"""From Sydney to Melbourne."""


def assert_independently_so(session: Session, query: StopsQuery, journey: Journey) -> int:
    """Hold every stop's place along the route against an independent computation. Returns how many were held."""
    rows = session.execute(
        text(
            """SELECT id, ST_X(location) AS lon, ST_Y(location) AS lat FROM facility
               WHERE status = 'active' AND access IS DISTINCT FROM 'private'"""
        )
    ).all()
    route: Route = query.route
    lon, lat = lon_lat(route.cut(1000).positions)
    near_deg = query.max_offset_m / 60_000  # a degree of longitude is longer, up to 57 degrees of latitude
    tree = STRtree(points([(row.lon, row.lat) for row in rows]))
    near = tree.query(LineString(np.column_stack((lon, lat))), predicate="dwithin", distance=near_deg)
    found: dict[int, list[float]] = {}
    for stop in journey.stops:
        found.setdefault(stop.facility_id, []).append(stop.along_m)
    compared = 0
    for row in (rows[place] for place in near):
        seen = independently(route, row.lon, row.lat, query.max_offset_m)
        if seen is not None:
            assert found.get(row.id, []) == pytest.approx([other.along_m for other in seen], abs=1), row
            compared += bool(seen)
    assert set(found) <= {rows[place].id for place in near}
    return compared


@pytest.mark.slow
def test_through_paris_every_toilet_by_the_river_is_found(session: Session) -> None:
    import_file(session, "paris_osm_toilets_2021.geojson")
    query = StopsQuery(lay(SEINE, speed_kmh=5), NOON, NOON, mode="walk", comfort_s=1200, max_offset_m=300)
    query_any_hours = replace(query, needs=Needs(open_states=None))
    journey = along(session, query_any_hours)
    compared = assert_independently_so(session, query_any_hours, journey)
    print(f"Paris: {len(journey.stops)} stops in {query.route.length_m / 1000:.1f} km, {compared} held against shapely")  # noqa: T201 - a figure to see
    assert compared > 40
    offered = along(session, query)
    assert {stop.facility_id for stop in offered.stops} <= {stop.facility_id for stop in journey.stops}
    assert offered.plan.worst_gap_s <= 1200
    assert "closed" not in {stop.open_state for stop in offered.stops}


@pytest.mark.slow
def test_from_sydney_to_melbourne_the_plan_keeps_two_hours_or_says_where_not(session: Session) -> None:
    import_file(session, "australia_nptm_2016.csv")
    route = lay(HUME_HIGHWAY, speed_kmh=90)
    query = StopsQuery(route, NOON, NOON, max_offset_m=5000, needs=Needs(open_states=None))
    journey = along(session, query)
    to_yass = replace(query, route=lay(HUME_HIGHWAY[:5], speed_kmh=90), max_offset_m=2000)
    compared = assert_independently_so(session, to_yass, along(session, to_yass))
    print(f"Australia: {len(journey.stops)} stops in {route.length_m / 1000:.0f} km, {compared} held against shapely")  # noqa: T201 - a figure to see
    assert compared > 50
    times_s = [0, *(journey.stops[place].arrive_s for place in journey.plan.stops), round(route.duration_s)]
    assert max(np.diff(times_s)) == journey.plan.worst_gap_s
    assert journey.plan.worst_gap_s <= query.comfort_s
    assert len(journey.plan.stops) == route.duration_s // query.comfort_s
