"""The engine, and the two kinds of session: reads and writes ask for theirs separately.

A read runs each statement by itself (autocommit, read only), so that it costs one round trip and could go to a
replica. A write is one transaction.
"""

import re
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

import orjson
import psycopg2
from sqlalchemy import BigInteger, Connection, Engine, MetaData, Text, create_engine, event
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Transaction

from geo.errors import DatabaseBusy, DatabaseFull, DatabaseReadOnly, DatabaseUnavailable, SchemaMismatch

STATEMENT_TIMEOUT_MS = 5_000
"""A statement that runs longer is ended by the server: a nearby search takes milliseconds, and a phone has given up."""

LOCK_TIMEOUT_MS = 4_000
"""A write that waits longer for a row gives up before its statement would, so that the cause is told apart."""

POOL_TIMEOUT_S = 3
"""How long a request waits for a connection while all are in use."""

CONNECT_TIMEOUT_S = 3
"""How long to wait for a connection before saying that the database is away."""


MAX_ID = 2**63 - 1
"""The largest id: PostgreSQL's bigint."""

_READ_ERRORS: Mapping[str, type[DatabaseUnavailable]] = {
    "42P01": SchemaMismatch,  # undefined_table
    "42703": SchemaMismatch,  # undefined_column
    "42704": SchemaMismatch,  # undefined_object: a type
    "42883": SchemaMismatch,  # undefined_function
    "3F000": SchemaMismatch,  # invalid_schema_name
    "55P03": DatabaseBusy,  # lock_not_available
    "57014": DatabaseBusy,  # query_canceled: STATEMENT_TIMEOUT_MS
    "53100": DatabaseFull,  # disk_full
}
"""What an SQLSTATE means for whoever reads (PostgreSQL, appendix A)."""

_READ_ONLY_SQL_TRANSACTION = "25006"

_WRITE_ERRORS: Mapping[str, type[DatabaseUnavailable]] = {
    **_READ_ERRORS,
    _READ_ONLY_SQL_TRANSACTION: DatabaseReadOnly,  # of a session for reading, it is our own fault
    "23503": DatabaseBusy,  # foreign_key_violation: what was just looked up is gone
    "23505": DatabaseBusy,  # unique_violation: what was just looked up in vain is there
    "40001": DatabaseBusy,  # serialization_failure
    "40P01": DatabaseBusy,  # deadlock_detected
}
"""What it means for whoever writes."""

Session = Connection | Transaction
"""What every function here asks. For reading it is a bare connection: nothing is loaded as objects, and the books that
SQLAlchemy's session keeps of objects cost a search a tenth of its Python."""

Row = Mapping[Any, Any]
"""What a statement tells of one thing, column by column."""


class Base(DeclarativeBase):
    """All tables of the house; constraints are named so that a migration can name them too."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: BigInteger,
        datetime: TIMESTAMP(timezone=True),
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def driver_url(database_url: str) -> str:
    """The URL with its driver named: ``postgres://`` and ``postgresql://`` both mean psycopg2 here.

    Raises:
        DatabaseUnavailable: it is no PostgreSQL URL.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable("DATABASE_URL is not a URL such as postgresql://user:password@host/name") from None
    if url.drivername not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise DatabaseUnavailable(f"DATABASE_URL names {url.drivername}: only PostgreSQL with PostGIS will do")
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


class Database:
    """A PostGIS database and how to ask it for sessions.

    Each way in raises DatabaseUnavailable where the server is away or restarting, and its subclasses where it is read
    only, busy, full, or has the schema of another revision.
    """

    def __init__(self, url: str, *, pool_size: int = 8, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS) -> None:
        """Know the database; nothing is connected yet.

        Args:
            url: ``postgresql://…``.
            pool_size: connections at most for reads; writes, the rarer ones, have half as many beside them.
            statement_timeout_ms: after which the server ends a statement.
        """
        options = f"-c statement_timeout={statement_timeout_ms} -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
        self._writes = _engine(url, max(1, pool_size // 2), options)
        event.listen(self._writes, "handle_error", _leave_read_only)
        # A pool each: to switch a connection between the two ways would cost every read three round trips more.
        self._reads = _engine(
            url, pool_size, f"{options} -c default_transaction_read_only=on", isolation_level="AUTOCOMMIT"
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: each statement by itself."""
        with _translated(_READ_ERRORS), self._reads.connect() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session for one write; who opened it commits it, and leaving without a commit undoes it."""
        with _translated(_WRITE_ERRORS), Transaction(self._writes) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection in a transaction, for migrations."""
        with _translated({}), self._writes.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections."""
        self._reads.dispose()
        self._writes.dispose()


def _engine(url: str, pool_size: int, options: str, **kwargs: Any) -> Engine:
    engine = create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        json_deserializer=orjson.loads,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "beforehand", "options": options},
        **kwargs,
    )
    event.listen(engine, "checkout", _refuse_dead)
    return engine


@contextmanager
def _translated(by_sqlstate: Mapping[str, type[DatabaseUnavailable]]) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout, psycopg2.Error) as error:
        cause = getattr(error, "orig", None) or error
        kind = by_sqlstate.get(getattr(cause, "pgcode", None) or "")
        if kind is None and _is_away(error):
            kind = DatabaseUnavailable
        if kind is None:
            raise
        lines = str(cause).strip().splitlines()  # those after the first quote values
        raise kind(f"{_SAID[kind]}: {lines[0] if lines else error}") from error


_SAID: Mapping[type[DatabaseUnavailable], str] = {
    DatabaseUnavailable: "the database does not answer",
    DatabaseReadOnly: "the database takes no writes",
    DatabaseBusy: "the database is busy",
    DatabaseFull: "the database is full",
    SchemaMismatch: "the database has another schema than this code",
}


def _is_away(error: Exception) -> bool:
    """Whether an error is the server's absence, and not a fault of what it was asked."""
    cause = getattr(error, "orig", None) or error
    return (
        isinstance(cause, (psycopg2.OperationalError, psycopg2.InterfaceError, PoolTimeout))
        # Of a server that dies in the middle of an answer psycopg2 raises a plain DatabaseError.
        or type(cause) is psycopg2.DatabaseError
        or getattr(error, "connection_invalidated", False)
    )


def _leave_read_only(context: ExceptionContext) -> None:
    """Drop the pooled connections to a server that takes no writes: another one may have taken its place."""
    if getattr(context.original_exception, "pgcode", None) == _READ_ONLY_SQL_TRANSACTION:
        context.is_disconnect = True


def _refuse_dead(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Drop a pooled connection whose server has hung up, before it is used.

    An idle connection has nothing to read; one that has is told of its end. That costs a system call, not a round trip.
    """
    poll = select.poll()
    poll.register(dbapi_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def sql_connection(session: Session) -> Connection:
    """The connection that a session works on."""
    return session if isinstance(session, Connection) else session.connection()


def driver_text(statement: str) -> str:
    """A statement with :named parameters as the driver writes them: once, for driver_rows."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)


def driver_rows(session: Session, statement: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Ask by way of the driver itself: for statements of the hot path, where SQLAlchemy's share exceeds the driver's.

    Args:
        session: any.
        statement: of driver_text.
        parameters: by name.
    """
    connection = sql_connection(session)
    driver_connection: Any = connection.connection.driver_connection
    try:
        with driver_connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
    except psycopg2.Error:
        if driver_connection.closed:
            connection.invalidate()  # or the pool would try to reset it, and complain at length
        raise


def data_version(session: Session) -> str:
    """What this session can see, as text: two equal answers mean that nothing was written in between.

    It is PostgreSQL's own snapshot (pg_current_snapshot), so it costs writers nothing.
    """
    [row] = driver_rows(session, "SELECT pg_current_snapshot()::text AS version", {})
    return str(row["version"])
