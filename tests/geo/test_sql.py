"""plpgsql_check reads every branch of the PL/pgSQL functions, also those that no test takes."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from geo.database import Database

_AVAILABLE = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'plpgsql_check'")

_FINDINGS = text(
    """
    SELECT p.oid::regprocedure::text AS function, c.lineno, c.level, c.message
    FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
    LEFT JOIN pg_trigger t ON t.tgfoid = p.oid
    CROSS JOIN LATERAL plpgsql_check_function_tb(
        p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, other_warnings => true, extra_warnings => true) AS c
    WHERE p.pronamespace IN ('facility_search'::regnamespace, 'public'::regnamespace)
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY 1, 2
    """
)


@pytest.fixture
def checked(own_database_url: str) -> Iterator[Connection]:
    """A connection to a migrated database with plpgsql_check."""
    database = Database(own_database_url)
    with database.connection() as connection:
        if not connection.execute(_AVAILABLE).scalar_one():
            pytest.skip("plpgsql_check is not installed: apt-get install postgresql-VERSION-plpgsql-check")
        connection.execute(text("CREATE EXTENSION plpgsql_check"))
        yield connection
    database.close()


@pytest.mark.slow
def test_plpgsql_check_finds_nothing(checked: Connection) -> None:
    assert checked.execute(_FINDINGS).all() == []


@pytest.mark.slow
def test_plpgsql_check_finds_an_introduced_fault(checked: Connection) -> None:
    checked.execute(
        text(
            """CREATE FUNCTION facility_search.wrong() RETURNS int LANGUAGE plpgsql AS
               $$ BEGIN IF false THEN RETURN (SELECT nothing FROM facility); END IF; RETURN 1; END $$"""
        )
    )
    assert [finding.function for finding in checked.execute(_FINDINGS)] == ["facility_search.wrong()"]
