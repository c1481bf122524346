"""A route leaves no trace: neither in any table nor in the server's log nor in PostgreSQL's."""

import struct
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from geo.database import Database, Session
from geo.private_postgres.cluster import PrivatePostgres
from tests.api.serving import PATIENCE_S, serving
from tests.factories import add_facility

LON, LAT = 24.654321, 60.123456
BODY = {
    "line": {"type": "LineString", "coordinates": [[LON, LAT], [24.754321, 60.223456]]},
    "depart_at": "2026-11-20T14:00:00+02:00",
    "speed_kmh": 67.654321,
}


def traces() -> list[str]:
    """How a coordinate of the caller may look: in decimals, and in PostGIS's binary."""
    numbers = (LON, LAT, 24.754321, 60.223456, 67.654321)
    return [f"{number}" for number in numbers] + [struct.pack("<d", number).hex().upper() for number in numbers]


def all_that_is_stored(session: Session) -> str:
    """Every row of every table, those of no model too."""
    tables = session.execute(
        text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^pg_|^information'")
    )
    names = [name for (name,) in tables]
    assert "public.facility" in names
    return "\n".join(
        row
        for name in names
        for (row,) in session.execute(text(f"SELECT whole::text FROM {name} AS whole"))  # noqa: S608 - names from the catalogue
    )


def test_no_table_and_no_log_contains_a_coordinate_of_a_route(
    served_url: str, tmp_path: Path, postgres: PrivatePostgres
) -> None:
    database, log = Database(served_url), tmp_path / "log"
    with database.write() as session:
        add_facility(session, 24.7, 60.17)
        session.commit()
    with serving(served_url, log, workers=1) as server:

        def ask(**changes: object) -> int:
            return requests.post(f"{server.url}/v1/route/stops", json=BODY | changes, timeout=PATIENCE_S).status_code

        assert ask() == 200
        assert ask(limit=0) == 422
        with database.write() as session:
            session.execute(text("ALTER SCHEMA facility_search RENAME TO gone"))
            session.commit()
        assert ask() == 503
        with database.write() as session:
            stored = all_that_is_stored(session)
            session.execute(text("ALTER SCHEMA gone RENAME TO facility_search"))
            session.commit()
    database.close()
    written = {"the tables": stored, "the log": log.read_text(), "PostgreSQL's log": postgres._log.read_text()}
    assert '"/v1/route/stops"' in written["the log"]
    for place, content in written.items():
        assert content, place
        assert not [trace for trace in traces() if trace in content], place


def test_the_scan_detects_a_coordinate(served_url: str) -> None:
    database = Database(served_url)
    with database.write() as session:
        add_facility(session, LON, 1.0, name=f"at {LAT}")
        stored = all_that_is_stored(session)
    database.close()
    assert len([trace for trace in traces() if trace in stored]) == 2


@pytest.mark.parametrize("setting", ["log_min_error_statement", "log_error_verbosity"])
def test_the_private_cluster_keeps_failing_statements_out_of_its_log(served_url: str, setting: str) -> None:
    database = Database(served_url)
    with database.read() as session:
        value = session.execute(text(f"SHOW {setting}")).scalar_one()
    database.close()
    assert value in {"panic", "terse"}
