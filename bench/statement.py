"""The ranked search against PostGIS's bare nearest-neighbour query, statement by statement, one client."""

from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from time import perf_counter

from sqlalchemy import text

from bench.row import Row
from bench.world import AS_OF
from geo.coordinates import SRID_WGS84, Point
from geo.database import Database, Session
from geo.facilities import search

QUERIES = 300
WARM_UP = 50
"""Queries not counted: pages are read and plans are made."""

OFFSET_DEG = 0.005
"""Standard deviation of how far an asker stands from a facility: some hundred metres, as in a city."""

K = 20

# Prepared, so that it is planned once, as ours is.
_PREPARE_KNN = f"""
    PREPARE knn (float8, float8) AS
    SELECT id FROM facility
    WHERE status IN ('active', 'reported_closed')
    ORDER BY location <-> ST_SetSRID(ST_MakePoint($1, $2), {SRID_WGS84}) LIMIT {K}
"""  # noqa: S608 - joined from constants of this file

NEEDS = search.Needs(wheelchair=("yes",), fee=("no",), open_states=("open",))


def rows(database: Database) -> list[Row]:
    """Medians over the same askers, each question of an asker right after the other."""
    with database.read() as session:
        askers = _askers(session)
        session.execute(text(_PREPARE_KNN))
        knn = text("EXECUTE knn (:lon, :lat)")
        plain, balanced, filtered = _medians_ms(
            askers,
            [
                lambda asker: session.execute(knn, {"lon": asker.lon, "lat": asker.lat}).all(),
                lambda asker: search.nearby(session, search.NearbyQuery(asker, AS_OF, limit=K)),
                lambda asker: search.nearby(session, search.NearbyQuery(asker, AS_OF, limit=K, needs=NEEDS)),
            ],
        )
    against = f"geometry <-> KNN, k = {K}, ids only"
    return [
        Row("statement, ranked, whole answer", balanced, plain, "ms", against, "≤ 2.5"),
        Row("statement, ranked, wheelchair + free + open now", filtered, plain, "ms", against, "≤ 5"),
    ]


def _askers(session: Session) -> list[Point]:
    random = Random(1)  # noqa: S311 - a measurement, not a secret
    # By id: the same places on every machine, whatever order the table has on disk.
    places = session.execute(
        text("SELECT ST_X(location), ST_Y(location) FROM facility WHERE id % 97 = 0 ORDER BY id")
    ).all()
    return [
        Point(lon + random.gauss(0, OFFSET_DEG) if abs(lon) < 179 else lon, lat + random.gauss(0, OFFSET_DEG))
        for lon, lat in random.sample(places, WARM_UP + QUERIES)
    ]


def _medians_ms(askers: Sequence[Point], questions: Sequence[Callable[[Point], object]]) -> list[float]:
    times_ms: list[list[float]] = [[] for _ in questions]
    for asker in askers:
        for times, question in zip(times_ms, questions, strict=True):
            started_s = perf_counter()
            question(asker)
            times.append((perf_counter() - started_s) * 1000)
    return [median(times[WARM_UP:]) for times in times_ms]
