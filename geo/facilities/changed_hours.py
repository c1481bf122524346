"""Opening hours that staff change: stored without their compiled ranges, which are added after the commit.

Compiling a text takes up to 50 ms, during which the transaction of a request would hold its locks. Until the ranges are
stored, the state of the place is unknown.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, text

from geo.database import Session
from geo.facilities.hours import is_in_syntax

_CHANGED = "facilities with changed opening hours"
"""The key of their ids in ``session.info``."""

_UNCOMPILED = text(
    """
    SELECT id, opening_hours, ST_X(location) AS lon, ST_Y(location) AS lat
    FROM facility
    WHERE id = ANY(:ids) AND opening_hours IS NOT NULL AND open_during IS NULL
    ORDER BY id
    """
)

NOT_COMPILED = {"open_during": None, "unknown_during": None}


def columns_of(hours: str | None, note: str | None) -> dict[str, Any]:
    """Return the columns of hours that are not compiled yet. A text in no syntax becomes the note."""
    written = hours if hours and is_in_syntax(hours) else None
    return {"opening_hours": written, "opening_hours_note": None if written else hours or note, **NOT_COMPILED}


def compile_later(session: Session, facility_ids: Iterable[int]) -> None:
    """Note facilities whose hours may lack their ranges."""
    session.info.setdefault(_CHANGED, set()).update(facility_ids)


def changed_in(session: Session) -> Sequence[int]:
    """Return the ids of the facilities noted in a session, once."""
    return sorted(session.info.pop(_CHANGED, ()))


def uncompiled(session: Session, facility_ids: Sequence[int]) -> Sequence[RowMapping]:
    """Return those of some facilities whose hours lack their ranges, for ``recompile.compiled``."""
    return session.execute(_UNCOMPILED, {"ids": list(facility_ids)}).mappings().all() if facility_ids else []
