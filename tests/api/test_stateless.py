"""After any call with a position, nothing stored or logged contains it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.ahead.fences import cells
from geo.coordinates import Point
from geo.database import Database
from geo.private_postgres.cluster import PrivatePostgres
from tests.api.serving import PATIENCE_S, Server, serving
from tests.conftest import NOON
from tests.factories import add_facility, add_rating

LAT, LON = 60.17345192, 24.94172638
TRACES = ("17345", "94172")
"""Digits that no other number around here has; a coordinate cut to a metre still holds them."""

CELL = cells.cell_at(Point(LON, LAT), 10)
LINE = {"type": "LineString", "coordinates": [[LON, LAT], [LON, LAT + 0.05]]}
POLYLINE = "sn`nJq_cwCoy@oy@"

HINT = {"lat": LAT, "lon": LON, "since_last_stop_s": 7000, "heading_deg": 10}
STOPS = {"depart_at": "2026-11-21T14:00:00Z", "speed_kmh": 50, "line": LINE}


@pytest.fixture(scope="module")
def database(served_url: str) -> Iterator[Database]:
    database = Database(served_url)
    with database.write() as session:
        add_rating(session, add_facility(session, 24.94, 60.17), 5, NOON)
        session.commit()
    yield database
    database.close()


@pytest.fixture(scope="module")
def server(served_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(served_url, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


def ask_everything(server: Server) -> list[int]:
    """Good questions and bad ones, of every kind that says where somebody is; their statuses."""
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("hints", HINT),
        ("hints", {**HINT, "route": {"line": LINE}}),
        ("hints", {**HINT, "route": {"polyline": POLYLINE}}),
        ("hints", {**HINT, "colour": "red"}),
        ("hints", {**HINT, "lat": f"{LAT}"}),
        ("route/stops", STOPS),
        ("route/stops", {**STOPS, "colour": "red"}),
    ]
    queries = [f"lat={LAT}&lon={LON}", f"lat={LAT}&lon={LON}&limit=0", f"lat={LAT}x&lon={LON}", f"cell={CELL}"]
    answers = [requests.post(f"{server.url}/v1/{path}", json=body, timeout=PATIENCE_S) for path, body in bodies]
    answers += [requests.get(f"{server.url}/v1/fences?{query}", timeout=PATIENCE_S) for query in queries]
    answers += [requests.get(f"{server.url}/v1/facilities?{queries[0]}", timeout=PATIENCE_S)]
    answers += [requests.get(f"{server.url}/v1/elsewhere?{queries[0]}", timeout=PATIENCE_S)]
    return [answer.status_code for answer in answers]


def every_table(session: Session) -> dict[str, list[str]]:
    """Every row of every table that is no part of PostgreSQL or PostGIS, as text."""
    tables = session.execute(
        text(
            """SELECT format('%I.%I', n.nspname, c.relname)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                 AND c.relname <> 'spatial_ref_sys'"""
        )
    ).scalars()
    return {
        table: sorted(session.execute(text(f"SELECT t::text FROM {table} AS t")).scalars())  # noqa: S608 - names from the catalogue
        for table in tables
    }


def traces_in(written: str) -> list[str]:
    # Request ids and timestamps contain any digits by chance.
    written = re.sub(r'"(request_id|timestamp)":"[^"]*"', "", written)
    return [trace for trace in (*TRACES, CELL, POLYLINE) if trace in written]


def test_nothing_stored_or_logged_contains_a_location(
    server: Server, database: Database, postgres: PrivatePostgres
) -> None:
    postgres_log = postgres._log
    logged_before = postgres_log.stat().st_size
    with database.read() as session:
        before = every_table(session)
    assert ask_everything(server) == [200, 200, 200, 422, 422, 200, 422, 200, 422, 422, 200, 200, 404]
    with database.read() as session:
        after = every_table(session)
    assert "public.facility" in after
    assert after == before
    assert not traces_in(str(after))
    log = server.log.read_text()
    assert log.count("/v1/hints") == 5  # it does contain the route
    assert not traces_in(log)
    assert not traces_in(postgres_log.read_bytes()[logged_before:].decode())


def test_the_scan_detects_a_location() -> None:
    assert traces_in(f'{{"route": "/v1/fences", "query": "lat={LAT:.6f}"}}') == [TRACES[0]]
    assert traces_in(f"cell={CELL}") == [CELL]
