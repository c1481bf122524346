"""Imports that run beside others, or are stopped: real processes, on a database of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from api.config import PROJECT
from geo.coordinates import Point
from geo.crowd import devices, ratings
from geo.database import Database
from geo.errors import DatabaseUnavailable
from geo.imports.edition import EditionRefused, ImportSummary
from geo.imports.record import FacilityRecord, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON

CITY = Dataset("city", Source("CC0-1.0", "nobody"))
PATIENCE_S = 30


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    database = Database(own_database_url)
    yield database
    database.close()


def records(count: int, first: int = 0, **fields: Any) -> Iterator[FacilityRecord]:
    for number in range(first, first + count):
        yield FacilityRecord(f"{number}", "toilets", Point(number / 1000, 50.0), **fields)


def import_all(database: Database, rows: Iterator[FacilityRecord], dataset: Dataset = CITY) -> ImportSummary:
    with database.write() as session:
        summary = write_dataset(session, dataset, rows, NOON)
        session.commit()
    return summary


def count(database: Database, table: str) -> int:
    counted = {"facility": "SELECT count(*) FROM facility", "dataset": "SELECT count(*) FROM dataset"}
    with database.read() as session:
        return int(session.execute(text(counted[table])).scalar_one())


def test_two_concurrent_imports_of_a_dataset_give_one_set_of_facilities(database: Database) -> None:
    both_read = threading.Barrier(2)

    def rows() -> Iterator[FacilityRecord]:
        yield from records(200)
        both_read.wait(PATIENCE_S)  # neither may begin to compare before the other has read its rows

    with ThreadPoolExecutor(2) as pool:
        summaries = [each.result(PATIENCE_S) for each in [pool.submit(import_all, database, rows()) for _ in range(2)]]
    assert sorted((summary.added, summary.unchanged) for summary in summaries) == [(0, 200), (200, 0)]
    assert (count(database, "facility"), count(database, "dataset")) == (200, 1)


def test_an_import_waits_for_a_concurrent_one_and_compares_with_its_result(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            write_dataset(session, CITY, records(200), NOON)
            second = pool.submit(import_all, database, records(50))
            with pytest.raises(TimeoutError):
                second.result(1)  # it waits for the first
            session.commit()
        with pytest.raises(EditionRefused, match="150 of the 200 facilities of this dataset would vanish"):
            second.result(PATIENCE_S)
    assert count(database, "facility") == 200


def test_ratings_and_reads_continue_while_an_import_runs(database: Database) -> None:
    import_all(database, records(10))
    half_way, rated = threading.Event(), threading.Event()

    def rows() -> Iterator[FacilityRecord]:
        yield from records(10_000)
        half_way.set()
        assert rated.wait(PATIENCE_S)
        yield from records(10_000, first=10_000)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(import_all, database, rows())
        assert half_way.wait(PATIENCE_S)
        rate_each(database)
        rated.set()
        summary = running.result(PATIENCE_S)
    assert (summary.added, summary.unchanged) == (19_990, 10)


def test_ratings_and_reads_continue_while_an_import_is_uncommitted(database: Database) -> None:
    import_all(database, records(10))
    with database.write() as session:
        assert write_dataset(session, CITY, records(20_000), NOON).added == 19_990
        rate_each(database)
        assert count(database, "facility") == 10
        session.commit()
    assert count(database, "facility") == 20_000


def rate_each(database: Database) -> None:
    """Rate the ten facilities that were there before; any lock in the way would end in DatabaseUnavailable."""
    with database.write() as session:
        device_id = devices.register(session, NOON).device_id
        for facility_id in session.execute(text("SELECT id FROM facility ORDER BY id")).scalars().all():
            ratings.rate(session, facility_id, device_id, ratings.NewRating(4), NOON)
        session.commit()
    with database.read() as session:
        assert session.execute(text("SELECT sum(rating_count) FROM facility")).scalar_one() == 10


ENDLESS_IMPORT = """
import signal
import sys
from itertools import count
from geo.coordinates import Point
from geo.database import Database
from geo.imports.record import FacilityRecord, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON

# A shell that runs the tests in its background would have Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
rows = (FacilityRecord(str(number), "toilets", Point(1.0, 2.0)) for number in count())
with Database(sys.argv[1]).write() as session:
    city = Dataset("city", Source("CC0-1.0", "nobody"))
    write_dataset(session, city, rows, NOON, lambda read: print(read, flush=True))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_import_leaves_nothing(database: Database, own_database_url: str, sent: int) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", ENDLESS_IMPORT, own_database_url],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    with running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"10000\n"
        running.send_signal(sent)
        assert running.wait(PATIENCE_S) != 0
    assert (count(database, "facility"), count(database, "dataset")) == (0, 0)
    assert import_all(database, records(3)).added == 3


def test_a_database_that_stops_during_an_import_is_reported_unavailable(
    database: Database, own_database_url: str
) -> None:
    def rows(cut_off: Callable[[], None]) -> Iterator[FacilityRecord]:
        yield from records(1_000)
        cut_off()
        yield from records(100_000)

    with pytest.raises(DatabaseUnavailable, match="the database aborted the import: nothing was changed"):
        import_all(database, rows(lambda: end_other_sessions(own_database_url)))
    assert count(database, "facility") == 0


def end_other_sessions(url: str) -> None:
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    finally:
        connection.close()
