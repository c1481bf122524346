"""Applies accepted proposals to facilities and reverts them. Ids, ratings and history are kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from geo.conflation import records
from geo.coordinates import Point
from geo.database import Session
from geo.errors import Conflict
from geo.facilities import changed_hours, merged
from geo.facilities.models import Facility
from geo.moderation.models import FacilityChange


def carry_out(session: Session, proposal: Mapping[str, Any], as_of: datetime) -> dict[str, Any]:
    """Add the proposed place, or change the existing one.

    Returns:
        ``facility_id``, the previous values as ``columns`` (None for a new place) and the new values as ``after``.
    """
    changes = dict(proposal["changes"])
    facility_id = proposal["facility_id"] and merged.place_of(session, proposal["facility_id"])
    if proposal["lon"] is not None:
        changes |= {"lon": proposal["lon"], "lat": proposal["lat"]}
    columns = None
    if facility_id is None:
        facility_id = _add(session, changes, as_of)
    else:
        columns = _columns(session, facility_id, changes)
        _change(session, facility_id, changes, as_of)
    return {"facility_id": facility_id, "columns": columns, "after": changes}


def keep_history(session: Session, decision_id: int, before: Mapping[str, Any], as_of: datetime) -> None:
    """Store the values before and after an accepted proposal."""
    values = {"before": before["columns"] or {}, "after": before["after"], "changed_at": as_of}
    session.execute(insert(FacilityChange).values(facility_id=before["facility_id"], decision_id=decision_id, **values))


def take_back(session: Session, decision_id: int, before: Mapping[str, Any], as_of: datetime) -> None:
    """Restore the previous values. A new place is closed, not deleted.

    Args:
        session: a write session.
        decision_id: the acceptance, which no longer counts.
        before: the result of ``carry_out``.
        as_of: now.

    Raises:
        Conflict: a value that the proposal set has changed since, or the new place was merged into another one.
    """
    facility_id, columns = before["facility_id"], before["columns"]
    place_id = merged.place_of(session, facility_id)
    if columns is not None:
        _refuse_changed(session, place_id, before["after"])
        if not records.compose(session, [place_id], as_of, except_decision=decision_id):
            _change(session, place_id, columns, as_of)
        return
    if place_id != facility_id:
        raise Conflict(f"facility {facility_id} is now part of facility {place_id}: split it first")
    # A hidden place stays hidden: it is closed once it is shown again (actions/facility.py).
    session.execute(
        update(Facility)
        .where(Facility.id == facility_id, Facility.status != "hidden")
        .values(status="closed", updated_at=as_of)
    )


def _refuse_changed(session: Session, facility_id: int, accepted: Mapping[str, Any]) -> None:
    now = _columns(session, facility_id, accepted)
    if "opening_hours" in now:  # hours without a valid syntax were stored as the note
        now["opening_hours"] = now["opening_hours"] or now["opening_hours_note"]
    changed = sorted(name for name, value in accepted.items() if now[name] != value)
    if changed:
        raise Conflict(f"{', '.join(changed)} of place {facility_id} have changed since: propose the right value")


def _columns(session: Session, facility_id: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the current values of the columns that the changes set."""
    position = {"lon": Facility.location.ST_X(), "lat": Facility.location.ST_Y()}
    wanted = {name: position[name] if name in position else getattr(Facility, name) for name in changes}
    if "opening_hours" in wanted:
        wanted["opening_hours_note"] = Facility.opening_hours_note
    statement = select(*(column.label(name) for name, column in wanted.items())).where(Facility.id == facility_id)
    return dict(session.execute(statement).mappings().one()) if wanted else {}


def _add(session: Session, changes: Mapping[str, Any], as_of: datetime) -> int:
    point = Point(changes["lon"], changes["lat"])
    values = {**_stored(changes, point), "created_at": as_of, "updated_at": as_of}
    facility_id = session.execute(insert(Facility).values(**values).returning(Facility.id)).scalar_one()
    changed_hours.compile_later(session, [facility_id])
    return facility_id


def _change(session: Session, facility_id: int, changes: Mapping[str, Any], as_of: datetime) -> None:
    here = session.execute(
        select(Facility.location.ST_X(), Facility.location.ST_Y()).where(Facility.id == facility_id)
    ).one()
    point = Point(changes.get("lon", here[0]), changes.get("lat", here[1]))
    values = {**_stored(changes, point), "updated_at": as_of}
    session.execute(update(Facility).where(Facility.id == facility_id).values(**values))
    changed_hours.compile_later(session, [facility_id])


def _stored(changes: Mapping[str, Any], point: Point) -> dict[str, Any]:
    """Return the facility's columns. The compiled hours of a new text or location follow after the commit."""
    columns = {name: value for name, value in changes.items() if name not in {"lon", "lat"}}
    if "lon" in changes:
        columns |= {"location": f"SRID=4326;POINT({point.lon!r} {point.lat!r})", **changed_hours.NOT_COMPILED}
    if "opening_hours" in columns:
        columns |= changed_hours.columns_of(columns["opening_hours"], columns.get("opening_hours_note"))
    return columns
