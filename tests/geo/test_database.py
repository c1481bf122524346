"""Reads and writes each have their kind of session; a connection whose server has gone is never handed out."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from psycopg2.errors import DivisionByZero
from sqlalchemy import text
from sqlalchemy.exc import InternalError, ProgrammingError

from api.http import problems
from geo import database as module
from geo.database import Database
from geo.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
    RaceLost,
    SchemaMismatch,
    TooExpensive,
)
from geo.rows import data_version, driver_pairs, driver_rows

LAST_STATEMENT = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
BACKEND = "SELECT pg_backend_pid()"


class One(NamedTuple):
    number: int


class Named(NamedTuple):
    number: int
    name: str | None


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    setting = Database(own_database_url)
    with setting.connection() as connection:  # the private server does not show statements; these tests look at them
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET track_activities = on"))
        connection.commit()
    setting.close()
    database = Database(own_database_url, pool_size=2)
    yield database
    database.close()


def backend(database: Database) -> int:
    """The process of the server that answers the pooled connection for reads."""
    with database.read() as session:
        return session.execute(text(BACKEND)).scalar_one()


def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(InternalError, match="read-only transaction"), database.read() as session:
        session.execute(text("DELETE FROM facility"))


def test_a_read_sends_only_its_statement(database: Database) -> None:
    for _ in range(2):
        pid = backend(database)
        with database.write() as session:
            assert session.execute(LAST_STATEMENT, {"pid": pid}).scalar_one() == BACKEND


def test_an_uncommitted_write_is_rolled_back(database: Database) -> None:
    with database.write() as session:
        session.execute(text("INSERT INTO dataset (name, licence, attribution) VALUES ('a', 'b', 'c')"))
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM dataset")).scalar_one() == 0


def test_a_commit_changes_the_data_version_and_a_read_does_not(database: Database) -> None:
    def version() -> str:
        with database.read() as session:
            return data_version(session)

    before = version()
    assert version() == before
    with database.write() as session:
        session.execute(text("INSERT INTO dataset (name, licence, attribution) VALUES ('a', 'b', 'c')"))
        session.commit()
    assert version() != before


def test_a_connection_closed_by_the_server_is_replaced_silently(database: Database) -> None:
    pid = backend(database)
    with database.write() as session:
        assert session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()
    assert backend(database) != pid


def test_a_connection_lost_during_a_statement_is_an_outage_and_the_next_one_is_new(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for way in (database.read, database.write):
        with pytest.raises(DatabaseUnavailable), way() as session:
            driver_rows(session, "SELECT pg_terminate_backend(pg_backend_pid())", {}, One)
        with way() as session:
            assert driver_rows(session, "SELECT 1", {}, One) == [One(1)]
    assert caplog.text == ""


def test_an_error_in_a_statement_is_not_an_outage(database: Database) -> None:
    with pytest.raises(DivisionByZero), database.read() as session:
        driver_rows(session, "SELECT 1 / 0", {}, One)
    with database.read() as session:
        assert data_version(session)


@pytest.mark.parametrize("by_driver", [False, True])
@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        *(("23503", RaceLost), ("23505", RaceLost), ("40001", RaceLost), ("40P01", RaceLost)),
        *(("55P03", DatabaseBusy), ("57014", DatabaseBusy), ("53100", DatabaseFull), ("25006", DatabaseReadOnly)),
        *(("42P01", SchemaMismatch), ("42703", SchemaMismatch), ("42883", SchemaMismatch), ("3F000", SchemaMismatch)),
        *(("57P01", DatabaseUnavailable), ("53300", DatabaseUnavailable), ("08006", DatabaseUnavailable)),
    ],
)
def test_each_sqlstate_of_a_failed_write_has_its_own_error(
    database: Database, sqlstate: str, kind: type[DatabaseUnavailable], by_driver: bool
) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION E'a fault\\nof a place' USING ERRCODE = '{sqlstate}'; END $$"
    with pytest.raises(DatabaseUnavailable) as raised, database.write() as session:
        driver_rows(session, statement, {}, One) if by_driver else session.execute(text(statement))
    assert type(raised.value) is kind
    assert str(raised.value).endswith(": a fault")
    with database.write() as session:
        assert driver_rows(session, "SELECT 1", {}, One) == [One(1)]


@pytest.mark.parametrize("statement", ["SELECT * FROM nothing", "SELECT nothing()", "SELECT nothing FROM facility"])
def test_a_read_from_a_schema_of_another_revision_has_its_own_error(database: Database, statement: str) -> None:
    with pytest.raises(SchemaMismatch), database.read() as session:
        driver_rows(session, statement, {}, One)


def test_an_error_in_a_migration_is_not_an_outage(database: Database) -> None:
    with pytest.raises(ProgrammingError), database.connection() as connection:
        connection.execute(text("SELECT * FROM nothing"))


def test_every_kind_of_outage_has_a_message_and_a_503() -> None:
    kinds = {DatabaseUnavailable, *DatabaseUnavailable.__subclasses__()}
    assert module._MESSAGES.keys() == kinds
    assert problems._UNAVAILABLE.keys() == kinds
    assert {problems.STATUS_OF[kind] for kind in kinds} == {503}


def test_a_read_that_takes_too_long_is_too_expensive_and_one_that_waits_for_a_lock_is_not(
    own_database_url: str,
) -> None:
    database = Database(own_database_url, read_timeout_ms=100)
    with pytest.raises(TooExpensive), database.read() as session:
        session.execute(text("SELECT pg_sleep(60)"))
    with database.write() as other:
        other.execute(text("LOCK TABLE facility IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DatabaseBusy), database.read() as session:
            session.execute(text("SELECT FROM facility"))
    database.close()


def test_an_unreachable_server_is_reported_in_one_line() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable) as raised, database.read() as session:
        data_version(session)
    assert len(str(raised.value).splitlines()) == 1
    database.close()


@pytest.mark.parametrize("url", ["", "localhost", "mysql://a/b", "sqlite://"])
def test_a_url_that_does_not_name_postgresql_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        Database(url)


def test_the_parts_of_a_joined_row_are_read_apart(database: Database) -> None:
    statement = "SELECT n, other, name FROM (VALUES (1, 7, 'a'), (2, NULL, 'b'), (3, 8, NULL)) AS v (n, other, name)"
    with database.read() as session:
        pairs = driver_pairs(session, statement, {}, One, Named)
    assert pairs == [(One(1), Named(7, "a")), (One(2), None), (One(3), Named(8, None))]


def test_a_row_with_another_number_of_columns_than_its_type_is_refused(database: Database) -> None:
    with database.read() as session, pytest.raises(TypeError):
        driver_rows(session, "SELECT 1, 2", {}, One)


def test_the_private_server_does_not_show_what_a_connection_asked(own_database_url: str) -> None:
    asking, looking = Database(own_database_url), Database(own_database_url)
    with asking.read() as session:
        pid = session.execute(text(BACKEND)).scalar_one()
        with looking.read() as other:
            assert other.execute(LAST_STATEMENT, {"pid": pid}).scalar_one() == ""
    asking.close()
    looking.close()
