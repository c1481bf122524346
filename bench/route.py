"""Stops along routes of 500 km, plan and all, against PostGIS's plain ST_DWithin of the same line, one client."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import cos, radians, sin
from statistics import median
from time import perf_counter

from sqlalchemy import text

from bench.row import Row
from bench.world import AS_OF
from geo.ahead.route.journey import OFFERED, StopsQuery
from geo.ahead.route.stops import along
from geo.ahead.timed_route import Route, lay
from geo.coordinates import SRID_WGS84
from geo.database import Database, Session

LENGTH_KM = 500
VERTICES = 2_000
OFFSET_M = 500
SPEED_KMH = 90
ROUNDS = 5
WARM_UP_ROUNDS = 1
"""Rounds not counted: pages are read and plans are made."""

NEEDS = replace(OFFERED, kinds=None)
"""Any kind: all of the world, as the plain query."""

WAYS: Mapping[str, Sequence[tuple[float, float]]] = {
    "Paris to Amsterdam": [(2.35, 48.86), (4.03, 49.25), (3.06, 50.63), (4.35, 50.85), (4.9, 52.37)],
    "Tokyo to Okayama": [(139.69, 35.69), (138.38, 34.98), (136.91, 35.18), (135.5, 34.69), (133.9, 34.66)],
    "London to Glasgow": [(-0.13, 51.51), (-1.9, 52.48), (-2.24, 53.48), (-1.55, 53.8), (-4.25, 55.86)],
    "Washington to Boston": [(-77.04, 38.9), (-75.16, 39.95), (-74.0, 40.71), (-71.06, 42.36)],
    "Delhi to Varanasi": [(77.21, 28.61), (78.02, 27.18), (80.33, 26.45), (80.95, 26.85), (83.0, 25.32)],
}
"""Corridors with a city each hundred kilometres; cut where they are LENGTH_KM long."""

WINDING_M = 150.0
WINDING_VERTICES = 7
"""How far a road sways to either side of the straight way, and after how many vertices it sways back."""

# The index that the plain query needs; ours has no use for it.
_INDEX = "CREATE INDEX bench_geography ON facility USING gist (CAST(location AS geography))"

_PLAIN = text(
    """
    SELECT id FROM facility
    WHERE facility_search.is_listed(status)
      AND ST_DWithin(CAST(location AS geography), CAST(:line AS geography), :offset_m)
    """
)


def rows(database: Database) -> list[Row]:
    """The median over the ways, each question of a way right after the other."""
    with database.write() as session:
        session.execute(text(_INDEX))
        session.execute(text("ANALYZE facility"))
        session.commit()
    try:
        with database.read() as session:
            ours_ms, plain_ms = _medians_ms(session)
    finally:
        with database.write() as session:
            session.execute(text("DROP INDEX bench_geography"))
            session.commit()
    against = f"ST_DWithin(geography, line, {OFFSET_M} m), ids only"
    return [
        Row(f"route of {LENGTH_KM} km, {VERTICES:,} vertices, with its plan", ours_ms, plain_ms, "ms", against, "≤ 3")
    ]


def _medians_ms(session: Session) -> tuple[float, float]:
    """Ours, from the vertices to the cards, and the plain query."""
    ours_ms, plain_ms = [], []
    for turn in range(WARM_UP_ROUNDS + ROUNDS):
        for corners in WAYS.values():
            vertices = _road(corners)
            started_s = perf_counter()
            along(
                session,
                StopsQuery(lay(vertices, speed_kmh=SPEED_KMH), AS_OF, AS_OF, max_offset_m=OFFSET_M, needs=NEEDS),
            )
            ended_s = perf_counter()
            line = f"SRID={SRID_WGS84};LINESTRING({','.join(f'{lon} {lat}' for lon, lat in vertices)})"
            session.execute(_PLAIN, {"line": line, "offset_m": OFFSET_M}).all()
            if turn >= WARM_UP_ROUNDS:
                ours_ms.append((ended_s - started_s) * 1000)
                plain_ms.append((perf_counter() - ended_s) * 1000)
    return median(ours_ms), median(plain_ms)


def _road(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A winding road by way of the corners."""
    straight: Route = lay(corners, speed_kmh=SPEED_KMH)
    vertices = []
    for n in range(VERTICES):
        place, _ = straight.at(min(n * LENGTH_KM * 1000 / (VERTICES - 1), straight.length_m))
        sway_deg = WINDING_M / 111_195 * sin(n / WINDING_VERTICES)
        vertices.append((place.lon + sway_deg / cos(radians(place.lat)), place.lat + sway_deg))
    return vertices
