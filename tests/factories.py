"""Rows for tests: each states only what matters to it."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from geo.crowd import devices, ratings
from geo.database import Base
from geo.facilities.cards import AnyCard, Card
from geo.facilities.models import Facility
from tests.conftest import NOON


def add_facility(session: Session, lon: float = 0.0, lat: float = 0.0, **columns: Any) -> int:
    """A facility with no ratings; columns as in geo.facilities.models.Facility. Returns its id."""
    values = {"kind": "toilets", "location": f"SRID=4326;POINT({lon!r} {lat!r})", **columns}
    return session.execute(insert(Facility).values(**values).returning(Facility.id)).scalar_one()


def add_device(session: Session, as_of: datetime) -> devices.NewDevice:
    return devices.register(session, as_of)


def add_rating(session: Session, facility_id: int, stars: int, as_of: datetime) -> int:
    """A rating by a new device. Returns the device's id."""
    device_id = add_device(session, as_of).device_id
    ratings.rate(session, facility_id, device_id, ratings.NewRating(stars), as_of)
    return device_id


def add_record(session: Session, *device_ids: int) -> None:
    """Give devices the record of a proved visit to a place that exists: their ratings and reports count fully."""
    session.execute(
        text(
            """INSERT INTO past_rating
                   (rating_id, facility_id, device_id, stars, presence, rated_at, ended_at, ended_by)
               SELECT 0, place.id, device.id, 4, 'proved', device.created_at, device.created_at, 'withdrawn'
               FROM device, (SELECT id FROM facility ORDER BY id LIMIT 1) AS place
               WHERE device.id = ANY (:device_ids)"""
        ),
        {"device_ids": list(device_ids)},
    )


def facility_row(session: Session, facility_id: int) -> dict[str, Any]:
    """All columns of a facility, straight from the table."""
    row = session.execute(text("SELECT * FROM facility WHERE id = :id"), {"id": facility_id}).mappings().one()
    return dict(row)


def bearer(token: str) -> dict[str, str]:
    """The header that a device rates with."""
    return {"Authorization": f"Bearer {token}"}


def contents(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table except rate limits, to detect changes."""
    return {
        table.name: sorted(tuple(row) for row in session.execute(text(f"SELECT {table.name}::text FROM {table.name}")))  # noqa: S608
        for table in Base.metadata.sorted_tables
        if table.name != "rate_limit"
    }


def properties(card: AnyCard) -> dict[str, Any]:
    """What the Feature of a card says; of ``open`` the instants as such."""
    shown: dict[str, Any] = orjson.loads(card.feature)["properties"]
    for name in ("at", "until"):
        shown["open"][name] = shown["open"][name] and datetime.fromisoformat(shown["open"][name])
    return shown


def card(**fields: Any) -> Card:
    """A card of toilets that are good and open for long; the database is not asked."""
    values: dict[str, Any] = {
        "id": 1, "offers": ["toilets"], "name": None, "mean_stars": None, "distance_m": None, "quality": 4.25,
        "sd": 0.5, "verdict": "sit", "utility": None, "open_checked_at": NOON, "open_state": "open", "open_until": None,
        "status": "active", "feature": "{}", "terms": None,
    }  # fmt: skip
    return Card(**{**values, **fields})
