"""Hours that many rows share, each staged once."""

from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.synthetic import synthetic_facilities
from geo.coordinates import Point
from geo.facilities.hours import compile_hours
from geo.imports import staging
from geo.imports.record import FacilityRecord, Source
from geo.imports.staging import StagedHours
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON

CITY = Dataset("city", Source("CC0-1.0", "nobody"))
WORKDAYS, DAYS = "Mo-Fr 08:00-18:00", "08:00-18:00"

_OPEN_AT = text(
    """
    SELECT external_id, open_during::text, unknown_during::text
    FROM facility JOIN facility_source ON facility_id = id
    """
)


def expected(session: Session, record: FacilityRecord) -> tuple[str | None, str | None]:
    """What the table would hold of a record's hours, had they been written for it alone."""
    hours = record.opening_hours and compile_hours(record.opening_hours, record.location, NOON)
    if not hours:
        return None, None
    cast = text("SELECT CAST(:open AS tstzmultirange)::text, CAST(:unknown AS tstzmultirange)::text")
    open_during, unknown_during = hours.multiranges
    return tuple(session.execute(cast, {"open": open_during, "unknown": unknown_during}).one())


@pytest.mark.parametrize("kept", [1, 7, staging.HOURS_KEPT])
def test_each_row_has_its_own_hours_for_any_cache_size(
    session: Session, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(staging, "HOURS_KEPT", kept)
    records = list(synthetic_facilities(300))
    write_dataset(session, CITY, records, NOON)
    stored = {row.external_id: tuple(row[1:]) for row in session.execute(_OPEN_AT)}
    assert stored == {record.external_id: expected(session, record) for record in records}


def test_hours_of_a_row_rejected_for_its_id_are_available_to_other_rows(session: Session) -> None:
    rows = [
        FacilityRecord("a", "toilets", Point(1.0, 2.0)),
        FacilityRecord("a", "toilets", Point(1.0, 2.0), opening_hours=WORKDAYS),
        FacilityRecord("b", "toilets", Point(1.0, 2.0), opening_hours=WORKDAYS),
    ]
    assert write_dataset(session, CITY, rows, NOON).rejected == 1
    stored = {row.external_id: tuple(row[1:]) for row in session.execute(_OPEN_AT)}
    assert stored == {"a": (None, None), "b": expected(session, rows[2])}


def test_a_change_of_hours_alone_is_written(session: Session) -> None:
    def only(hours: str) -> FacilityRecord:
        return FacilityRecord("a", "toilets", Point(1.0, 2.0), opening_hours=hours)

    for hours in (WORKDAYS, DAYS, "by appointment", "24/7"):
        write_dataset(session, CITY, [only(hours)], NOON)
        assert tuple(session.execute(_OPEN_AT).one()[1:]) == expected(session, only(hours))


def test_hours_are_written_once_while_they_are_cached() -> None:
    file = StringIO()
    hours = StagedHours(file, NOON)
    berlin, paris = Point(13.4, 52.5), Point(2.35, 48.85)
    numbers = [
        hours.number_of(hours_text, place) for hours_text in (WORKDAYS, DAYS) for place in (berlin, paris, berlin)
    ]
    assert numbers == ["1", "1", "1", "2", "2", "2"]
    assert hours.number_of("by appointment", paris) is None
    assert len(file.getvalue().splitlines()) == 2


def test_hours_end_with_the_weeks_compiled_by_the_import() -> None:
    file = StringIO()
    StagedHours(file, NOON + timedelta(days=1)).number_of(DAYS, Point(0.0, 51.5))
    assert "2026-12-25" in file.getvalue()
    assert "2026-12-27" not in file.getvalue()
