"""The database schema: numbered migrations, and the SQL functions of FUNCTION_FILES in their own schema."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from geo.crowd import agreement, quality, trust
from geo.database import Database, Session, sql_connection
from geo.errors import DatabaseUnavailable
from geo.facilities import attributes, models, ranking
from geo.rows import sql_file

MIGRATION_LOCK = 0x62656668
"""Key of the advisory lock that lets one migration run at a time ("befh" in ASCII)."""

EXTENSIONS = {
    "postgis": ("PostGIS", "postgresql-{version}-postgis-3"),
    "pg_trgm": ("pg_trgm", "postgresql-contrib"),
}
"""The extensions that the schema needs: name for messages, and Debian package. Since PostgreSQL 13 the owner of a
database may install pg_trgm."""

CONSTANTS = {
    "slow_half_life_days": quality.SLOW_HALF_LIFE_DAYS,
    "fast_half_life_days": quality.FAST_HALF_LIFE_DAYS,
    "prior_mean_stars": quality.PRIOR_MEAN_STARS,
    "stars_sigma": quality.STARS_SIGMA,
    "sit_at_least_stars": quality.SIT_AT_LEAST_STARS,
    "squat_at_most_stars": quality.SQUAT_AT_MOST_STARS,
    "new_device_weight": trust.NEW_DEVICE_WEIGHT,
    "no_track_record_weight": trust.NO_TRACK_RECORD_WEIGHT,
    "track_record_places": trust.TRACK_RECORD_PLACES,
    "rush_days": trust.RUSH_DAYS,
    "record_days": trust.RECORD_DAYS,
    "youngest_record_days": trust.YOUNGEST_RECORD_DAYS,
    "prior_record_days": trust.PRIOR_RECORD_DAYS,
    "ordinary_reports": agreement.ORDINARY_REPORTS,
    "max_stars": ranking.MAX_STARS,
    "widest_m": ranking.WIDEST_M,
    "most_looked_at": ranking.MOST_LOOKED_AT,
    "uncounted_m": ranking.UNCOUNTED_M,
}
"""Constants of the formulas. Each becomes an SQL function with its name and without arguments."""

_MARKERS = {
    "attributes": attributes.PROPERTIES,
    "listed_statuses": models.quoted(models.LISTED_STATUSES),
    "too_many_facilities": ranking.TOO_MANY_FACILITIES,
    "public_statuses": models.quoted(models.PUBLIC_STATUSES),
}
"""Lists of arguments and words, which cannot be functions."""

FUNCTION_FILES = tuple(sorted((Path(__file__).parent / "sql").glob("[0-9]*.sql")))
"""Installed in the order of their numbers: a file may use what those before it define."""

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def head() -> str:
    """Return the newest revision of this code: the number at the start of its file name."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(database: Database) -> None:
    """Upgrade the schema to the revision of this code, in one transaction and under a lock.

    Raises:
        DatabaseUnavailable: PostGIS or pg_trgm is missing, or this role may not install it.
    """
    with database.connection() as connection:
        _hold_the_lock(connection)
        _require_extensions(connection)
        _migrate(connection, "upgrade", "head")
        _install_search(connection)
        connection.commit()


def downgrade(database: Database, revision: str) -> None:
    """Downgrade the schema to an older revision (``base`` for an empty schema)."""
    with database.connection() as connection:
        _hold_the_lock(connection)
        connection.execute(text("DROP SCHEMA IF EXISTS facility_search CASCADE"))
        _migrate(connection, "downgrade", revision)
        connection.commit()


def is_current(session: Session) -> bool:
    """Return whether the database has exactly the schema of this code."""
    connection = sql_connection(session)
    return _revision(connection) == head() and _installed_search(connection) == _search_digest()


def _revision(connection: Connection) -> str | None:
    """Return the revision of the database; None if it has never been migrated."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return revision


def _migrate(connection: Connection, direction: Literal["upgrade", "downgrade"], revision: str) -> None:
    # Alembic takes nine megabytes, which server processes do not need.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    getattr(command, direction)(config, revision)


def _hold_the_lock(connection: Connection) -> None:
    # A migration may rewrite a large table, which takes long, but must not wait for a lock forever.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})


def _require_extensions(connection: Connection) -> None:
    version = connection.dialect.server_version_info[0] if connection.dialect.server_version_info else 15
    available = set(connection.execute(text("SELECT name FROM pg_available_extensions")).scalars())
    for extension, (name, package) in EXTENSIONS.items():
        if extension not in available:
            raise DatabaseUnavailable(
                f"{name} is missing on the database server: install it there, on Debian with"
                f" apt-get install {package.format(version=version)}"
            )
        try:
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
        except DBAPIError as error:
            raise DatabaseUnavailable(
                f"this database role may not install {name}: run CREATE EXTENSION {extension} as a superuser once"
            ) from error


def _functions() -> str:
    files = (sql_file(file, _MARKERS) for file in FUNCTION_FILES)
    constants = (_constant(name, "float8", repr(value)) for name, value in CONSTANTS.items())
    landmark = _constant("landmark", "timestamptz", f"timestamptz '{quality.LANDMARK.isoformat()}'")
    return "\n".join([*constants, landmark, *files])


def _constant(name: str, type_name: str, value: str) -> str:
    signature = f"facility_search.{name}() RETURNS {type_name}"
    return f"CREATE FUNCTION {signature} LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN {value};"


def _search_digest() -> str:
    return hashlib.sha256(_functions().encode()).hexdigest()


def _installed_search(connection: Connection) -> str | None:
    """Return the digest of the installed functions, stored as their schema's comment; None if there is none."""
    digest: str | None = connection.execute(
        text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'facility_search'")
    ).scalar_one_or_none()
    return digest


def _install_search(connection: Connection) -> None:
    if _installed_search(connection) == _search_digest():
        return
    connection.exec_driver_sql("DROP SCHEMA IF EXISTS facility_search CASCADE")
    connection.exec_driver_sql("CREATE SCHEMA facility_search")
    connection.exec_driver_sql(_functions().replace("%", "%%"))
    connection.exec_driver_sql(f"COMMENT ON SCHEMA facility_search IS '{_search_digest()}'")
