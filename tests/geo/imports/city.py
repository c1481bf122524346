"""The dataset of a city: its records, their import, and the rows stored for it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.imports.edition import ImportSummary
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.factories import facility_row

CITY = Dataset("city", Source("ODbL-1.0", "© everybody", "https://city.example"))
OTHER_CITY = Dataset("other city", Source("CC-BY-4.0", "Other city"))
LATER = NOON + timedelta(days=1)


def record(external_id: str = "a", **fields: Any) -> FacilityRecord:
    return FacilityRecord(external_id, fields.pop("kind", "toilets"), fields.pop("location", Point(1.0, 2.0)), **fields)


def write(
    session: Session, *rows: FacilityRecord | Rejection, as_of: datetime = NOON, dataset: Dataset = CITY
) -> ImportSummary:
    return write_dataset(session, dataset, rows, as_of)


def counts(summary: ImportSummary) -> tuple[int, int, int, int, int]:
    """Added, changed, unchanged, vanished, rejected."""
    return summary.added, summary.changed, summary.unchanged, summary.vanished, summary.rejected


def id_of(session: Session, external_id: str = "a", dataset: Dataset = CITY) -> int:
    return session.execute(
        text(
            "SELECT facility_id FROM facility_source JOIN dataset ON dataset.id = dataset_id"
            " WHERE dataset.name = :name AND external_id = :external_id"
        ),
        {"name": dataset.name, "external_id": external_id},
    ).scalar_one()


def status_of(session: Session, external_id: str = "a") -> str:
    return str(facility_row(session, id_of(session, external_id))["status"])


def set_status(session: Session, status: str, external_id: str = "a") -> None:
    session.execute(
        text("UPDATE facility SET status = :status WHERE id = :id"),
        {"status": status, "id": id_of(session, external_id)},
    )


_VERSIONS = "SELECT ctid::text, xmin::text, t.* FROM {} t ORDER BY ctid"


def every_row(session: Session) -> dict[str, list[Any]]:
    """All rows with the place and the version in which they are stored."""
    return {
        table: list(session.execute(text(_VERSIONS.format(table))))
        for table in ("facility", "facility_source", "rating", "past_rating", "dataset")
    }


def many(count: int, first: int = 0) -> Iterator[FacilityRecord]:
    return (record(str(number)) for number in range(first, first + count))
