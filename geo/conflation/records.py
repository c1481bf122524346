"""The record of each source of a place, and the place composed of them.

A facility of one dataset is its own record. Before it is merged, or a proposal to change it is accepted, each source's
values move to a row of their own, which imports update from then on; the place is composed of these rows.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import select, text, update

from geo.casework.decisions import is_effective
from geo.casework.models import Decision
from geo.coordinates import Point
from geo.database import Session
from geo.facilities import changed_hours, merged
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.facilities.models import Facility
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


_GROUP_OF = {column: group for group, columns in GROUPS.items() for column in columns} | {
    "lon": "location",
    "lat": "location",
}
"""The group of each column, and of each name that proposals use."""


def _rank(group: str) -> str:
    """Return the column of 15_records.sql by which a group comes from one source before another."""
    return "official_first" if group in OFFICIAL_FIRST else "community_first"


def _pick(group: str, value: str) -> str:
    """Return SQL for a value of the first record that has any column of the group."""
    order = f"record.{_rank(group)}, record.dataset_id, record.id"
    known = "record.tags <> '{}'" if group == "tags" else f"num_nonnulls({', '.join(_of('record', GROUPS[group]))}) > 0"
    speaks = "(NOT record.says_closed OR record.all_closed)"
    return f"(array_agg({value} ORDER BY {order}) FILTER (WHERE {known} AND {speaks}))[1]"


def _of(table: str, columns: Sequence[str]) -> list[str]:
    return [f"{table}.{column}" for column in columns]


_FILES = Path(__file__).parent / "sql"
_MARKERS = {
    "records": sql_file(_FILES / "15_records.sql", {}),
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
_ADD_RECORDS = text(sql_file(_FILES / "10_add_records.sql", _MARKERS))
_COMPOSE = text(sql_file(_FILES / "20_compose.sql", _MARKERS))
_RANKED = text(sql_file(_FILES / "16_ranked.sql", _MARKERS))


def add_records(session: Session, place_ids: Collection[int], as_of: datetime) -> None:
    """Give the sources of places a record of their own, if they have none, without what proposals changed.

    Args:
        session: a write session that has locked the places.
        place_ids: ids of places.
        as_of: now.
    """
    added = session.execute(_ADD_RECORDS, {"place_ids": list(place_ids)}).all()
    record_of = {place_id: record_id for record_id, place_id in added}
    for place_id, changes in groupby(
        sorted(_standing_changes(session, record_of), key=attrgetter("facility_id")), attrgetter("facility_id")
    ):
        record_id = record_of[place_id]
        now = _values(session, record_id)
        undone: dict[str, Any] = {}
        for change in reversed(list(changes)):
            undone |= {name: change.before[name] for name in _names(change) if _said(now, name) == change.after[name]}
            if "opening_hours" in undone:
                undone["opening_hours_note"] = change.before.get("opening_hours_note")
            now |= undone
        if undone:
            _write(session, record_id, undone, as_of)


def compose(
    session: Session, place_ids: Collection[int], as_of: datetime, *, except_decision: int | None = None
) -> Collection[int]:
    """Write the columns and the status of places from their records and from accepted proposals.

    A proposal that was accepted stands until the sources that the facility then had say something else than what it
    replaced. Places without records stay as they are.

    Args:
        session: a write session that has locked the places.
        place_ids: ids of places.
        as_of: now.
        except_decision: an acceptance that no longer counts.

    Returns:
        The ids of the places that have records.
    """
    if not place_ids:
        return []
    composed = session.execute(_COMPOSE, {"place_ids": list(place_ids), "as_of": as_of}).scalars().all()
    for place_id in _with_changes(session, composed):
        changed = _accepted(session, place_id, except_decision)
        if changed:
            _write(session, place_id, changed, as_of)
    changed_hours.compile_later(session, composed)
    return composed


def _with_changes(session: Session, place_ids: Collection[int]) -> Sequence[int]:
    """Return which of the places have accepted changes, of themselves or of a part."""
    changed = session.execute(
        select(FacilityChange.facility_id)
        .where(FacilityChange.facility_id.in_(merged.parts_of(place_ids)))
        .distinct()
        .order_by(FacilityChange.facility_id)
    ).scalars()
    return list(dict.fromkeys(merged.place_of(session, facility_id) for facility_id in changed.all()))


def _accepted(session: Session, place_id: int, except_decision: int | None) -> dict[str, Any]:
    """Return the values of accepted changes that stand, by the names that proposals use."""
    parts = {
        row.id: row
        for row in session.execute(
            select(Facility.id, Facility.merged_into, Facility.updated_at).where(
                Facility.id.in_(merged.parts_of([place_id]))
            )
        )
    }
    records = [(row, _values(session, row.id)) for row in session.execute(_RANKED, {"place_ids": [place_id]}).all()]
    accepted: dict[str, Any] = {}
    for change in _standing_changes(session, parts):
        if change.decision_id == except_decision:
            continue
        own = [each for each in records if _was_part(parts, each[0].merged_into, change)]
        for name in _names(change):
            # What it replaced is what an earlier change set or what the sources say.
            if _said(change.before, name) in [*([accepted[name]] if name in accepted else []), _said_by(own, name)]:
                accepted[name] = change.after[name]
    return accepted


def _was_part(parts: Mapping[int, Any], facility_id: int, change: Any) -> bool:
    """Return whether a facility was part of the one that a change is about when that was accepted."""
    while facility_id != change.facility_id:
        part = parts[facility_id]
        if part.merged_into not in parts or part.updated_at >= change.changed_at:
            return False
        facility_id = part.merged_into
    return True


def _said_by(records: Sequence[tuple[Any, Mapping[str, Any]]], name: str) -> Any:
    """Return what the first of some records that says anything of a name's group says."""
    group = _GROUP_OF[name]
    speaking = [each for each in records if not each[0].says_closed] or records
    for _, values in sorted(speaking, key=lambda each: getattr(each[0], _rank(group))):
        if any(values.get(column) not in (None, {}) for column in GROUPS[group]) or group == "location":
            return _said(values, name)
    return None


def _names(change: Any) -> list[str]:
    """Return the names that a change has values of; the note of opening hours is not one of its own."""
    return [name for name in change.after if name in change.before]


def _said(values: Mapping[str, Any], name: str) -> Any:
    """Return a value as a proposal would write it: opening hours, in a syntax or not, under one name."""
    if name == "opening_hours":
        return values.get("opening_hours") or values.get("opening_hours_note")
    return values.get(name)


def _standing_changes(session: Session, facility_ids: Collection[int]) -> Sequence[Any]:
    """Return the changes by accepted proposals that are not reverted, oldest first; not those that added a place."""
    return session.execute(
        select(
            *(FacilityChange.facility_id, FacilityChange.decision_id, FacilityChange.changed_at),
            *(FacilityChange.before, FacilityChange.after),
        )
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
    """Write columns by the names that proposals use. The compiled hours of a new text or location follow later."""
    now = _values(session, facility_id)
    point = Point(changes.get("lon", now["lon"]), changes.get("lat", now["lat"]))
    columns = {name: value for name, value in changes.items() if name not in {"lon", "lat"}}
    if {"lon", "lat"} & changes.keys():
        columns |= {"location": f"SRID=4326;POINT({point.lon!r} {point.lat!r})", **changed_hours.NOT_COMPILED}
    if {"opening_hours", "opening_hours_note"} & changes.keys():
        columns |= changed_hours.columns_of(columns.get("opening_hours"), columns.get("opening_hours_note"))
    columns["updated_at"] = as_of
    session.execute(update(Facility).where(Facility.id == facility_id).values(**columns))
    changed_hours.compile_later(session, [facility_id])
