"""Compiles stored opening hours: all of them every night, so that the coming weeks are known, and changed ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text

from geo.coordinates import Point
from geo.database import Session
from geo.facilities import changed_hours
from geo.facilities.hours import compile_hours

BATCH = 1_000
"""Facilities read and written at once: a few hundred kB, and a short time with locks."""

_NEXT = text(
    """
    SELECT id, opening_hours, ST_X(location) AS lon, ST_Y(location) AS lat
    FROM facility
    WHERE opening_hours IS NOT NULL AND id > :after
    ORDER BY id
    LIMIT :batch
    """
)

_STORE = text(
    """
    UPDATE facility
    SET open_during = CAST(:open_during AS tstzmultirange), unknown_during = CAST(:unknown_during AS tstzmultirange)
    WHERE id = :id AND opening_hours = :opening_hours
      AND (open_during, unknown_during) IS DISTINCT FROM
          (CAST(:open_during AS tstzmultirange), CAST(:unknown_during AS tstzmultirange))
    """
)


def next_batch(session: Session, after: int) -> Sequence[RowMapping]:
    """Return the next facilities with opening hours, by id; empty at the end."""
    return session.execute(_NEXT, {"after": after, "batch": BATCH}).mappings().all()


def recompile(session: Session, facilities: Sequence[RowMapping], as_of: datetime) -> None:
    """Compile and store the hours of a batch for the weeks after ``as_of``."""
    store(session, compiled(facilities, as_of))


def recompile_changed(session: Session, as_of: datetime) -> None:
    """Compile the hours that were changed in this session; for commands, which may compile within a transaction."""
    recompile(session, changed_hours.uncompiled(session, changed_hours.changed_in(session)), as_of)


def compiled(facilities: Sequence[RowMapping], as_of: datetime) -> list[dict[str, Any]]:
    """Compile the hours of a batch for the weeks after ``as_of``, without a session.

    For text without valid syntax there are none, in case an earlier release compiled them.
    """
    values = []
    for facility in facilities:
        hours = compile_hours(facility["opening_hours"], Point(facility["lon"], facility["lat"]), as_of)
        open_during, unknown_during = hours.multiranges if hours else (None, None)
        values.append(
            {
                "id": facility["id"],
                "opening_hours": facility["opening_hours"],
                "open_during": open_during,
                "unknown_during": unknown_during,
            }
        )
    return values


def store(session: Session, values: list[dict[str, Any]]) -> None:
    """Store the result of ``compiled``. Facilities whose text has changed in the meantime are skipped."""
    if values:
        session.execute(_STORE, values)
