"""The schema in the database: numbered migrations, and the functions of search.sql in a schema of their own."""

import hashlib
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.database import Database
from geo.errors import DatabaseUnavailable

MIGRATION_LOCK = 0x62656668
"""Key of the advisory lock that lets one migration run at a time ("befh" in ASCII)."""

SEARCH_SQL = Path(__file__).parent / "facilities" / "search.sql"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def head() -> str:
    """The newest revision that this code knows; read from its files once."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None  # noqa: S101 - for mypy: there is always a first migration
    return revision


def upgrade(database: Database) -> None:
    """Bring the schema to this code's revision; all of it or nothing, one at a time.

    Raises:
        DatabaseUnavailable: PostGIS is missing, or this role may not install it.
    """
    with database.connection() as connection:
        _hold_the_lock(connection)
        _require_postgis(connection)
        command.upgrade(_config(connection), "head")
        _install_search(connection)
        connection.commit()


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to an older revision (``base`` for nothing at all)."""
    with database.connection() as connection:
        _hold_the_lock(connection)
        connection.execute(text("DROP SCHEMA IF EXISTS facility_search CASCADE"))
        command.downgrade(_config(connection), revision)
        connection.commit()


def is_current(session: Session) -> bool:
    """Whether the database holds exactly the schema of this code."""
    context = MigrationContext.configure(session.connection())
    return context.get_current_revision() == head() and _installed_search(session.connection()) == _search_digest()


def _hold_the_lock(connection: Connection) -> None:
    # A migration may rewrite a large table and take its time, but not queue behind a lock for ever.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})


def _require_postgis(connection: Connection) -> None:
    version = connection.dialect.server_version_info[0] if connection.dialect.server_version_info else 15
    available = connection.execute(
        text("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")
    ).scalar_one()
    if not available:
        raise DatabaseUnavailable(
            f"PostGIS is missing on the database server: install it there, on Debian with"
            f" apt-get install postgresql-{version}-postgis-3"
        )
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    except DBAPIError as error:
        raise DatabaseUnavailable(
            "this database role may not install PostGIS: run CREATE EXTENSION postgis as a superuser once"
        ) from error


def _search_digest() -> str:
    return hashlib.sha256(SEARCH_SQL.read_bytes()).hexdigest()


def _installed_search(connection: Connection) -> str | None:
    """The digest of the installed search.sql, kept as its schema's comment; None where there is none."""
    digest: str | None = connection.execute(
        text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'facility_search'")
    ).scalar_one_or_none()
    return digest


def _install_search(connection: Connection) -> None:
    if _installed_search(connection) == _search_digest():
        return
    connection.exec_driver_sql("DROP SCHEMA IF EXISTS facility_search CASCADE")
    connection.exec_driver_sql("CREATE SCHEMA facility_search")
    connection.exec_driver_sql(SEARCH_SQL.read_text(encoding="utf-8").replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON SCHEMA facility_search IS '{_search_digest()}'")
