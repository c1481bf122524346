"""The ranked search against PostGIS's bare nearest-neighbour query, statement by statement, one client."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import text

from bench.askers import ANY_KIND, Asker, K
from bench.row import Row
from bench.run import Run
from geo.database import Session
from geo.facilities import search
from geo.rows import driver_rows, driver_text

WARM_UP = 100
"""Askers not counted: pages are read and plans are made."""

# Prepared, so that it is planned once, as ours is. The limit is a literal: as a parameter, it would have the statement
# planned each time.
_PREPARE_KNN = """
    PREPARE knn (float8, float8) AS
    SELECT id FROM facility
    WHERE facility_search.is_listed(status)
    ORDER BY location <-> facility_search.point($1, $2) LIMIT :k
"""

_KNN = driver_text("EXECUTE knn (:lon, :lat)")

# Prepared too; PL/pgSQL caches the inner plans. Returns ids and the ranking's figures, as much as the other query.
_PREPARE_RANKED = """
    PREPARE ranked (float8, float8, facility_search.needs, facility_search.ranking, timestamptz, float8) AS
    SELECT best.facility_id, best.utility
    FROM facility_search.nearby(facility_search.point($1, $2), $6, $3, $4, $5, :k) AS nearby,
        unnest(nearby.best) AS best
"""

_RANKED = driver_text(
    """EXECUTE ranked (:lon, :lat, CAST(:needs AS facility_search.needs), CAST(:ranking AS facility_search.ranking),
                       :as_of, :radius_m)"""
)


class _Id(NamedTuple):
    facility_id: int


class _Ranked(NamedTuple):
    facility_id: int
    utility: float


NEEDS = replace(ANY_KIND, accepted={"wheelchair": ("yes",), "fee": ("no",)}, open_states=("open",))


def rows(run: Run) -> list[Row]:
    """Medians over the same askers, each question of an asker right after the other."""
    with run.database.read() as session:
        prepare(session)
        plain, ranked, filtered, answered, answered_filtered = medians_ms(session, run.askers)
    against = f"geometry <-> KNN, k = {K}, ids only"
    return [
        Row("statement, ranked", ranked, plain, "ms", against, "≤ 2.5"),
        Row("statement, ranked, wheelchair + free + open now", filtered, plain, "ms", against, "≤ 5"),
        Row("statement, ranked, with all that the answer says", answered, plain, "ms", against),
        Row("statement, the same with the three needs", answered_filtered, plain, "ms", against),
    ]


def prepare(session: Session) -> None:
    """Have the statements planned, once for a session."""
    for statement in (_PREPARE_KNN, _PREPARE_RANKED):
        session.execute(text(statement), {"k": K})


def medians_ms(session: Session, askers: Sequence[Asker]) -> list[float]:
    """Plain; ranked, and with needs; the API's own statement, and with needs."""
    questions: Sequence[Callable[[Asker], object]] = (
        lambda asker: driver_rows(session, _KNN, {"lon": asker.origin.lon, "lat": asker.origin.lat}, _Id),
        partial(_ranked, session, ANY_KIND),
        partial(_ranked, session, NEEDS),
        lambda asker: search.nearby(session, asker.query),
        lambda asker: search.nearby(session, replace(asker.query, needs=NEEDS)),
    )
    times_ms: list[list[float]] = [[] for _ in questions]
    for asker in askers:
        for times, question in zip(times_ms, questions, strict=True):
            started_s = perf_counter()
            question(asker)
            times.append((perf_counter() - started_s) * 1000)
    return [median(times[WARM_UP:]) for times in times_ms]


def _ranked(session: Session, needs: search.Needs, asker: Asker) -> Sequence[Any]:
    query = asker.query
    parameters = {
        "lon": query.origin.lon,
        "lat": query.origin.lat,
        "radius_m": query.radius_m,
        "as_of": query.as_of,
        "needs": search.needs_parameter(needs),
        "ranking": search.ranking_parameter(query.rank, query.mode),
    }
    return driver_rows(session, _RANKED, parameters, _Ranked)
