"""Fixtures: the real PostGIS, once per session; each test runs in a transaction that is rolled back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine
from sqlalchemy.orm import Session

from api import Beforehand, create_app
from api.config import PROJECT, Settings
from geo import schema
from geo.database import Database, driver_url
from geo.private_postgres.cluster import PrivatePostgres, default_data_dir
from tests.conforming_client import ConformingClient

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""A Friday."""


Beforehand.test_client_class = ConformingClient

FIRST_WORKER = "gw0"
"""pytest-xdist's name of it."""


class TestClock:
    """A clock that a test moves."""

    __test__ = False

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class OneConnection(Database):
    """A database whose every session works in one outer transaction, so that a test can undo all of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def write(self) -> Iterator[Session]:
        with Session(self._connection, join_transaction_mode="create_savepoint") as session:
            yield session


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """The private cluster of this checkout, running; of parallel workers each has its own.

    ETags hold PostgreSQL's snapshot, which is of the whole cluster: another worker's writes would change them.
    """
    data_dir = os.environ.get("BEFOREHAND_DATA_DIR")
    worker = os.environ.get("PYTEST_XDIST_WORKER", FIRST_WORKER)
    checkout = PROJECT if worker == FIRST_WORKER else PROJECT / worker
    cluster = PrivatePostgres(Path(data_dir) if data_dir else default_data_dir(), checkout)
    cluster.start()
    yield cluster
    if worker != FIRST_WORKER:
        cluster.stop()


@contextmanager
def temporary_database(
    cluster: PrivatePostgres, name: str, template: str = "template1", track_counts: str = "on"
) -> Iterator[str]:
    """A database of its own: its URL."""
    admin = psycopg2.connect(driver_url(cluster.url()).replace("+psycopg2", ""))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            cursor.execute(f'ALTER DATABASE "{name}" SET track_counts = {track_counts}')
            yield cluster.url(name)
        finally:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.close()


@pytest.fixture(scope="session")
def database_url(postgres: PrivatePostgres) -> Iterator[str]:
    """A migrated database that holds nothing; what a test commits to it, it must undo.

    Autovacuum leaves it alone, as nothing is counted in it: its writes would change the snapshots in ETags.
    """
    with temporary_database(postgres, f"test_{os.getpid()}", track_counts="off") as url:
        database = Database(url)
        schema.upgrade(database)
        database.close()
        yield url


@pytest.fixture
def own_database_url(postgres: PrivatePostgres, database_url: str) -> Iterator[str]:  # noqa: ARG001 - its template, made first
    """A migrated, empty database for one test that commits or starts processes."""
    with temporary_database(postgres, f"own_{os.getpid()}", f"test_{os.getpid()}") as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(database_url), connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()
    # Left in the pool, it would keep the database from being a template.
    engine.dispose()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session whose work is undone after the test; its commits are savepoints."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def app(connection: Connection, clock: TestClock) -> Flask:
    settings = Settings("postgresql://not.used", private_postgres=None, port=8000, workers=1, metrics_port=8000)
    return create_app(settings, database=OneConnection(connection), clock=clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def statements(connection: Connection) -> Iterator[list[str]]:
    """Every SQL statement that the test sends, but for savepoints."""
    sent: list[str] = []

    class Recorder(psycopg2.extensions.cursor):
        def execute(self, query: Any, parameters: Any = None) -> None:
            if "SAVEPOINT" not in query:
                sent.append(query)
            super().execute(query, parameters)

    # In the driver, where all that is sent passes, whoever sends it.
    driver_connection: Any = connection.connection.driver_connection
    driver_connection.cursor_factory = Recorder
    yield sent
    driver_connection.cursor_factory = psycopg2.extensions.cursor
