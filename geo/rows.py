"""Runs statements directly with the driver and returns their rows as named tuples. Reads the text of SQL files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psycopg2

from geo.database import Session, sql_connection

R = TypeVar("R", bound=NamedTuple)
Item = TypeVar("Item", bound=NamedTuple)


def driver_text(statement: str) -> str:
    """Convert a statement's :named parameters to the driver's style, for driver_rows."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)


def driver_rows(session: Session, statement: str, parameters: Mapping[str, Any], row_type: type[R]) -> list[R]:
    """Run a statement directly with the driver, for hot paths where SQLAlchemy's overhead exceeds the driver's.

    Args:
        session: any session.
        statement: the result of driver_text.
        parameters: values by name. A tuple is the value of a composite type.
        row_type: has one field for each column.
    """
    return [row_type._make(row) for row in _fetch(session, statement, parameters)]


def driver_pairs(
    session: Session, statement: str, parameters: Mapping[str, Any], first_type: type[R], second_type: type[Item]
) -> list[tuple[R, Item | None]]:
    """Run a statement whose rows consist of two parts, such as those of a left join.

    Args:
        session: as in driver_rows.
        statement: as in driver_rows.
        parameters: as in driver_rows.
        first_type: has one field for each column of the first part.
        second_type: has one field for each of the other columns. If the first of them is NULL, there is no second part.
    """
    width = len(first_type._fields)
    return [
        (first_type._make(row[:width]), None if row[width] is None else second_type._make(row[width:]))
        for row in _fetch(session, statement, parameters)
    ]


def _fetch(session: Session, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    connection = sql_connection(session)
    driver_connection: Any = connection.connection.driver_connection
    try:
        with driver_connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
    except psycopg2.Error:
        if driver_connection.closed:
            connection.invalidate()  # otherwise the pool would try to reset it and log an error
        raise


def sql_file(file: Path, markers: Mapping[str, str]) -> str:
    """Return the text of an SQL file. Each ``{marker}`` is replaced by its text, which code of this project wrote."""
    text = file.read_text(encoding="utf-8")
    for marker, replacement in markers.items():
        text = text.replace(f"{{{marker}}}", replacement)
    return text


class _Version(NamedTuple):
    version: str


def data_version(session: Session) -> str:
    """Return the version of the visible data: two equal values mean that nothing was written in between.

    It is PostgreSQL's snapshot (pg_current_snapshot), which costs writers nothing.
    """
    [row] = driver_rows(session, "SELECT pg_current_snapshot()::text AS version", {}, _Version)
    return row.version
