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
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Transaction

from geo.errors import DatabaseUnavailable

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

    Each way in raises DatabaseUnavailable where the server is away, restarting, or too slow to answer in time.
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
        # A pool each: to switch a connection between the two ways would cost every read three round trips more.
        self._reads = _engine(
            url, pool_size, f"{options} -c default_transaction_read_only=on", isolation_level="AUTOCOMMIT"
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: each statement by itself."""
        with _translated(), self._reads.connect() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session for one write; who opened it commits it, and leaving without a commit undoes it."""
        with _translated(), Transaction(self._writes) as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A bare connection in a transaction, for migrations."""
        with _translated(), self._writes.connect() as connection:
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
def _translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout, psycopg2.Error) as error:
        if not _is_away(error):
            raise
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise DatabaseUnavailable(f"the database does not answer: {cause[0] if cause else error}") from error


def _is_away(error: Exception) -> bool:
    """Whether an error is the server's absence, and not a fault of what it was asked."""
    cause = getattr(error, "orig", None) or error
    return (
        isinstance(cause, (psycopg2.OperationalError, psycopg2.InterfaceError, PoolTimeout))
        # Of a server that dies in the middle of an answer psycopg2 raises a plain DatabaseError.
        or type(cause) is psycopg2.DatabaseError
        or getattr(error, "connection_invalidated", False)
    )


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
