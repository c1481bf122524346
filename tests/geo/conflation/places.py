"""Places of two towns' datasets that are one, as imports write and moderators merge them."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.casework import staff
from geo.casework.staff import KnownStaff, Role
from geo.coordinates import Point
from geo.crowd import ratings
from geo.facilities import search
from geo.imports.record import FacilityRecord, Source
from geo.imports.writer import Dataset
from geo.moderation import decide, targets
from geo.moderation.actions.action import NewDecision
from tests.conftest import NOON
from tests.factories import add_device
from tests.geo.imports.city import write

MAP = Dataset("map", Source("ODbL-1.0", "© mappers"))
TOWN = Dataset("town", Source("CC-BY-4.0", "Town hall"), "official")
BUS = Dataset("bus", Source("CC0-1.0", "Bus company"))

M = 1 / 111_195
"""Degrees of a metre along a meridian."""


def entry(external_id: str = "a", north_m: float = 0.0, **said: Any) -> FacilityRecord:
    """A record that lies some metres north of one corner of the town."""
    location = said.pop("location", Point(10.0, 50.0 + north_m * M))
    return FacilityRecord(external_id, said.pop("kind", "toilets"), location, **said)


def one_place(session: Session, said: dict[str, Any], official: dict[str, Any], as_of: datetime = NOON) -> int:
    """Import what a map and an official list say of one place. Returns its id."""
    write(session, entry("m", **said), dataset=MAP, as_of=as_of)
    summary = write(session, entry("t", north_m=4, **official), dataset=TOWN, as_of=as_of)
    assert summary.conflation.merged == 1, summary.conflation
    return id_of_source(session, "m")


def id_of_source(session: Session, external_id: str) -> int:
    """The place that a source belongs to."""
    return session.execute(
        text("SELECT facility_id FROM facility_source WHERE external_id = :id"), {"id": external_id}
    ).scalar_one()


def rate(session: Session, facility_id: int, device_id: int, stars: int, as_of: datetime = NOON, **said: Any) -> None:
    ratings.rate(session, facility_id, device_id, ratings.NewRating(stars, **said), as_of)


def visitor(session: Session) -> int:
    return add_device(session, NOON).device_id


def member(session: Session, role: Role = "senior") -> KnownStaff:
    added = staff.add(session, f"{role} {datetime.now()}", role, NOON, actor="command")  # noqa: DTZ005 - a name
    return KnownStaff(added.staff_id, "anna", role, None)


def decided(
    session: Session, facility_id: int, action: str, other_id: int | None = None, as_of: datetime = NOON
) -> int:
    """The id of a decision by a senior."""
    target = targets.lock(session, "facility", facility_id)
    return decide.on_target(
        session, member(session), target, NewDecision(action, "duplicate", other_id=other_id), as_of
    )


def reverted(session: Session, decision_id: int, as_of: datetime = NOON) -> int:
    return decide.revert(session, member(session), decide.Revert(decision_id, "mistake"), as_of)


def last_decision(session: Session, action: str) -> int:
    return session.execute(text("SELECT max(id) FROM decision WHERE action = :action"), {"action": action}).scalar_one()


def said_of(session: Session, facility_id: int, as_of: datetime = NOON) -> dict[str, Any]:
    """The properties of a place's Feature."""
    found = search.one(session, facility_id, as_of).facilities[0]
    return dict(orjson.loads(found.feature)["properties"])


_IGNORED = {
    "facility": {"updated_at"},
    "facility_source": {"record_id", "gave"},
}


def whole(session: Session) -> dict[str, Any]:
    """Every row of the tables that a merge writes, without records, versions and the times of writing."""
    rows: dict[str, Any] = {}
    for table in ("facility", "facility_source", "rating", "past_rating", "report"):
        key = "external_id" if table == "facility_source" else "id"
        where = "WHERE status <> 'record'" if table == "facility" else ""
        found = session.execute(text(f"SELECT * FROM {table} {where} ORDER BY {key}")).mappings()  # noqa: S608
        rows[table] = [
            {name: value for name, value in row.items() if name not in _IGNORED.get(table, ())}
            | ({"id": None} if table == "past_rating" else {})
            for row in found
        ]
    return rows


def sums(session: Session) -> list[Any]:
    columns = "id, rating_count, stars_total, weight_slow, stars_slow, weight_fast, stars_fast, last_rated_at"
    return list(session.execute(text(f"SELECT {columns} FROM facility ORDER BY id")))  # noqa: S608


def require_exact_sums(session: Session) -> None:
    """The stored sums are those that a recompute yields."""
    before = sums(session)
    ratings.recompute(session, [row.id for row in before])
    assert sums(session) == before
