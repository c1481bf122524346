"""The record of each source of a place, and the place composed of them.

A facility of one dataset is its own record. Before it is merged, or a proposal to change it is accepted, each source's
values move to a row of their own, which imports update from then on; the place is composed of these rows.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update

from geo.casework.decisions import is_effective
from geo.casework.models import Decision
from geo.coordinates import Point
from geo.database import Session
from geo.facilities import merged
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.facilities.hours import compile_hours, multirange
from geo.facilities.models import Facility, FacilitySource
from geo.moderation.models import FacilityChange
from geo.rows import sql_file

GROUPS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("location", "kind", "name", "venue", "operator", "level")},
    "address": ("street", "house_number", "postcode", "city", "region", "country"),
    "opening_hours": ("opening_hours", "opening_hours_note", "open_during", "unknown_during"),
    **{name: (name,) for name in ATTRIBUTE_NAMES},
    "tags": ("tags",),
}
"""The columns that a place takes together from one source, by the name that ``gave`` has for them."""

OFFICIAL_FIRST = frozenset({"opening_hours", "access", "fee", "key_scheme", "operator", "address"})
"""What the operator of a place knows best. Everything else comes from a community dataset first: people were there."""

_COLUMNS = tuple(column for columns in GROUPS.values() for column in columns)


def _pick(group: str, value: str) -> str:
    """Return SQL for a value of the first record that has any column of the group."""
    rank = "official_first" if group in OFFICIAL_FIRST else "community_first"
    order = f"record.{rank}, record.dataset_id, record.id"
    known = "record.tags <> '{}'" if group == "tags" else f"num_nonnulls({', '.join(_of('record', GROUPS[group]))}) > 0"
    return f"(array_agg({value} ORDER BY {order}) FILTER (WHERE {known}))[1]"


def _of(table: str, columns: Sequence[str]) -> list[str]:
    return [f"{table}.{column}" for column in columns]


_MARKERS = {
    "columns": ", ".join(_COLUMNS),
    "place_columns": ", ".join(_of("place", _COLUMNS)),
    "composed_columns": ", ".join(
        "coalesce(composed.tags, '{}')" if column == "tags" else f"composed.{column}" for column in _COLUMNS
    ),
    "picks": ",\n           ".join(
        f"{_pick(group, f'record.{column}')} AS {column}" for group, columns in GROUPS.items() for column in columns
    ),
    "givers": ",\n           ".join(f"{_pick(group, 'record.id')} AS {group}_giver" for group in GROUPS),
    "given": ", ".join(f"('{group}', composed.{group}_giver)" for group in GROUPS),
}

_FILES = Path(__file__).parent / "sql"
_ADD_RECORDS = text(sql_file(_FILES / "10_add_records.sql", _MARKERS))
_COMPOSE = text(sql_file(_FILES / "20_compose.sql", _MARKERS))


def add_records(session: Session, place_ids: Collection[int], as_of: datetime) -> None:
    """Give the sources of places a record of their own, if they have none.

    Args:
        session: a write session that has locked the places.
        place_ids: ids of places.
        as_of: now.
    """
    added = session.execute(_ADD_RECORDS, {"place_ids": list(place_ids)}).all()
    for record_id, place_id in added:
        session.execute(
            update(FacilitySource)
            .where(FacilitySource.facility_id == place_id, FacilitySource.record_id.is_(None))
            .values(record_id=record_id)
        )
        before: dict[str, Any] = {}
        now = _values(session, record_id)
        for change in reversed(_standing_changes(session, [place_id])):
            before |= {name: value for name, value in change.before.items() if now.get(name) == change.after.get(name)}
            now |= before
        if before:
            _write(session, record_id, before, as_of)


def compose(session: Session, place_ids: Collection[int], as_of: datetime) -> None:
    """Write the columns and the status of places from their records and from accepted proposals.

    A proposal that was accepted stands until the sources say something else than what it replaced. Places without
    records stay as they are.

    Args:
        session: a write session that has locked the places.
        place_ids: ids of places.
        as_of: now.
    """
    if not place_ids:
        return
    session.execute(_COMPOSE, {"place_ids": list(place_ids), "as_of": as_of})
    for place_id in _with_changes(session, place_ids):
        now = _values(session, place_id)
        changed: dict[str, Any] = {}
        for change in _standing_changes(session, session.execute(merged.parts_of([place_id])).scalars().all()):
            holds = {name: value for name, value in change.after.items() if now.get(name) == change.before.get(name)}
            changed |= holds
            now |= holds
        if changed:
            _write(session, place_id, changed, as_of)


def _with_changes(session: Session, place_ids: Collection[int]) -> Sequence[int]:
    """Return which of the places have accepted changes, of themselves or of a part."""
    changed = session.execute(
        select(FacilityChange.facility_id)
        .where(FacilityChange.facility_id.in_(merged.parts_of(place_ids)))
        .distinct()
        .order_by(FacilityChange.facility_id)
    ).scalars()
    return list(dict.fromkeys(merged.place_of(session, facility_id) for facility_id in changed))


def _standing_changes(session: Session, facility_ids: Collection[int]) -> Sequence[Any]:
    """Return the changes by accepted proposals that are not reverted, oldest first; not those that added a place."""
    return session.execute(
        select(FacilityChange.before, FacilityChange.after)
        .join(Decision, Decision.id == FacilityChange.decision_id)
        .where(FacilityChange.facility_id.in_(facility_ids), FacilityChange.before != {}, is_effective())
        .order_by(FacilityChange.id)
    ).all()


def _values(session: Session, facility_id: int) -> dict[str, Any]:
    """Return a facility's columns by the names that proposals use."""
    columns = [
        getattr(Facility, name) for name in _COLUMNS if name not in {"location", "open_during", "unknown_during"}
    ]
    place = Facility.location.ST_X().label("lon"), Facility.location.ST_Y().label("lat")
    return dict(session.execute(select(*columns, *place).where(Facility.id == facility_id)).mappings().one())


def _write(session: Session, facility_id: int, changes: Mapping[str, Any], as_of: datetime) -> None:
    """Write columns by the names that proposals use; the hours compiled where they are in OSM syntax."""
    now = _values(session, facility_id)
    point = Point(changes.get("lon", now["lon"]), changes.get("lat", now["lat"]))
    columns = {name: value for name, value in changes.items() if name not in {"lon", "lat"}}
    if {"lon", "lat"} & changes.keys():
        columns["location"] = f"SRID=4326;POINT({point.lon!r} {point.lat!r})"
    if {"opening_hours", "opening_hours_note"} & changes.keys():
        columns |= hours_columns(columns.get("opening_hours"), columns.get("opening_hours_note"), point, as_of)
    columns["updated_at"] = as_of
    session.execute(update(Facility).where(Facility.id == facility_id).values(**columns))


def hours_columns(hours: str | None, note: str | None, point: Point, as_of: datetime) -> dict[str, Any]:
    """Return the columns of opening hours: compiled, or kept as a note where they are in no syntax."""
    compiled = compile_hours(hours, point, as_of) if hours else None
    return {
        "opening_hours": hours if compiled else None,
        "opening_hours_note": None if compiled else (hours or note),
        "open_during": multirange(compiled.open_during) if compiled else None,
        "unknown_during": multirange(compiled.unknown_during) if compiled else None,
    }
