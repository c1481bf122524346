"""Database connections: separate sessions for reading and for writing.

A read session runs each statement on its own (autocommit, read only), which costs one round trip and can use a replica.
A write session is one transaction.
"""

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

from geo.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnavailable,
    RaceLost,
    SchemaMismatch,
    TooExpensive,
)

READ_TIMEOUT_MS = 2_000
"""The server cancels longer statements of a read session. A search takes milliseconds; the most expensive accepted
request, a long route, takes 500 ms of CPU, and has to share it with the other requests of a busy server."""

WRITE_TIMEOUT_MS = 5_000
"""The server cancels longer statements of a write session, which may wait for a lock. Phones do not wait longer."""

LOCK_SHARE = 0.8
"""Maximum wait for a lock as a share of a statement's time, so that the two causes can be distinguished."""

POOL_TIMEOUT_S = 3
"""How long a request waits for a connection while all are in use."""

CONNECT_TIMEOUT_S = 3
"""How long to wait for a connection before the database counts as unavailable."""


MAX_ID = 2**63 - 1
"""The largest id: PostgreSQL's bigint."""

_READ_ERRORS: Mapping[str, type[DatabaseUnavailable]] = {
    "42P01": SchemaMismatch,  # undefined_table
    "42703": SchemaMismatch,  # undefined_column
    "42704": SchemaMismatch,  # undefined_object: a type
    "42883": SchemaMismatch,  # undefined_function
    "3F000": SchemaMismatch,  # invalid_schema_name
    "55P03": DatabaseBusy,  # lock_not_available
    "57014": TooExpensive,  # query_canceled: READ_TIMEOUT_MS
    "53100": DatabaseFull,  # disk_full
}
"""The error for each SQLSTATE in a read session (PostgreSQL, appendix A)."""

_READ_ONLY_SQL_TRANSACTION = "25006"

_WRITE_ERRORS: Mapping[str, type[DatabaseUnavailable]] = {
    **_READ_ERRORS,
    _READ_ONLY_SQL_TRANSACTION: DatabaseReadOnly,  # in a read session it is a defect of this code
    "57014": DatabaseBusy,  # query_canceled: WRITE_TIMEOUT_MS
    "23503": RaceLost,  # foreign_key_violation: a row just read was deleted
    "23505": RaceLost,  # unique_violation: a row just missing was inserted
    "40001": RaceLost,  # serialization_failure
    "40P01": RaceLost,  # deadlock_detected
}
"""The error for each SQLSTATE in a write session."""

Session = Connection | Transaction
"""The session type of all functions. A read session is a plain connection: it loads no objects, and the bookkeeping of
SQLAlchemy's session would add a tenth to the Python time of a search."""


class Base(DeclarativeBase):
    """The base class of all tables. Constraints have fixed names, which migrations can refer to."""

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
    """Return the URL with the psycopg2 driver, for ``postgres://`` and ``postgresql://``.

    Raises:
        DatabaseUnavailable: it is not a PostgreSQL URL.
    """
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable("DATABASE_URL is not a URL such as postgresql://user:password@host/name") from None
    if url.drivername not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise DatabaseUnavailable(f"DATABASE_URL names {url.drivername}: only PostgreSQL with PostGIS is supported")
    return url.set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


class Database:
    """A PostGIS database, which creates sessions.

    All sessions raise DatabaseUnavailable if the server is not available, and its subclasses if it is read only, busy,
    full, or has the schema of another revision.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        read_timeout_ms: int = READ_TIMEOUT_MS,
        write_timeout_ms: int = WRITE_TIMEOUT_MS,
    ) -> None:
        """Create the connection pools without connecting.

        Args:
            url: ``postgresql://…``.
            pool_size: maximum number of connections for reads; writes, which are rarer, have half as many in addition.
            read_timeout_ms: time after which the server cancels a statement of a read session; 0 for never.
            write_timeout_ms: the same for a write session.
        """
        self._writes = _engine(url, max(1, pool_size // 2), _options(write_timeout_ms))
        event.listen(self._writes, "handle_error", _leave_read_only)
        # Two pools: switching a connection between the modes would cost every read three more round trips.
        self._reads = _engine(
            url,
            pool_size,
            f"{_options(read_timeout_ms)} -c default_transaction_read_only=on",
            isolation_level="AUTOCOMMIT",
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading, which runs each statement on its own.

        Raises:
            TooExpensive: a statement takes too long.
        """
        with _translated(_READ_ERRORS), self._reads.connect() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session for one write. The caller commits it; without a commit it is rolled back."""
        with _translated(_WRITE_ERRORS), Transaction(self._writes) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Open a plain connection in a transaction, for migrations."""
        with _translated({}), self._writes.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections."""
        self._reads.dispose()
        self._writes.dispose()


def _options(timeout_ms: int) -> str:
    return f"-c statement_timeout={timeout_ms} -c lock_timeout={round(LOCK_SHARE * timeout_ms)} -c timezone=UTC"


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
        if isinstance(error, PoolTimeout):
            kind = DatabaseBusy
        if kind is None and _is_away(error):
            kind = DatabaseUnavailable
        if kind is None:
            raise
        lines = str(cause).strip().splitlines()  # further lines quote values
        raise kind(f"{_MESSAGES[kind]}: {lines[0] if lines else error}") from error


_MESSAGES: Mapping[type[DatabaseUnavailable], str] = {
    DatabaseUnavailable: "the database does not respond",
    DatabaseReadOnly: "the database does not accept writes",
    DatabaseBusy: "the database is busy",
    RaceLost: "a concurrent transaction changed the same rows",
    DatabaseFull: "the database is full",
    TooExpensive: "the statement takes too long",
    SchemaMismatch: "the database schema does not match this code",
}


def _is_away(error: Exception) -> bool:
    """Return whether the error means that the server is unavailable, rather than a defect of the statement."""
    cause = getattr(error, "orig", None) or error
    return (
        isinstance(cause, (psycopg2.OperationalError, psycopg2.InterfaceError))
        # psycopg2 raises a plain DatabaseError if the server dies while it sends a result.
        or type(cause) is psycopg2.DatabaseError
        or getattr(error, "connection_invalidated", False)
    )


def _leave_read_only(context: ExceptionContext) -> None:
    """Drop the pooled connections to a server that does not accept writes: another one may have replaced it."""
    if getattr(context.original_exception, "pgcode", None) == _READ_ONLY_SQL_TRANSACTION:
        context.is_disconnect = True


def _refuse_dead(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Drop a pooled connection that the server has closed, before it is used.

    An idle connection is readable only if it was closed. The check costs a system call instead of a round trip.
    """
    poll = select.poll()
    poll.register(dbapi_connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError


def sql_connection(session: Session) -> Connection:
    """Return the connection of a session."""
    return session if isinstance(session, Connection) else session.connection()
