from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities import recompile
from geo.facilities.hours import COMPILED_AHEAD
from geo.imports.record import FacilityRecord, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.factories import add_facility, facility_row

HELSINKI = Point(24.94, 60.17)
DATASET = Dataset("city", Source("CC0-1.0", "nobody"))


def state(session: Session, at: Any) -> str:
    return str(
        session.execute(
            text(
                "SELECT facility_search.open_state(open_during, unknown_during, CAST(:at AS timestamptz)) FROM facility"
            ),
            {"at": at},
        ).scalar_one()
    )


def recompile_all(session: Session, as_of: Any) -> int:
    batch = recompile.next_batch(session, 0)
    recompile.recompile(session, batch, as_of)
    return len(batch)


def test_recompiling_restores_expired_hours(session: Session) -> None:
    write_dataset(session, DATASET, [FacilityRecord("a", "toilets", HELSINKI, opening_hours="Mo-Su 08:00-20:00")], NOON)
    forty_days_on = NOON + timedelta(days=40)
    assert (state(session, NOON), state(session, forty_days_on)) == ("open", "unknown")
    assert recompile_all(session, forty_days_on) == 1
    assert (state(session, forty_days_on), state(session, forty_days_on + timedelta(hours=12))) == ("open", "closed")
    assert state(session, forty_days_on + COMPILED_AHEAD) == "unknown"


def test_a_second_run_on_the_same_day_rewrites_no_row(session: Session) -> None:
    add_facility(session, opening_hours="Mo-Su 08:00-20:00")
    recompile_all(session, NOON)
    version = text("SELECT ctid::text, xmin::text FROM facility")
    before = session.execute(version).all()
    recompile_all(session, NOON + timedelta(hours=1))
    assert session.execute(version).all() == before


def test_recompiling_changes_only_the_hours(session: Session) -> None:
    facility_id = add_facility(session, opening_hours="24/7", name="a", status="hidden")
    before = facility_row(session, facility_id)
    recompile_all(session, NOON)
    after = facility_row(session, facility_id)
    changed = {column for column in before if str(before[column]) != str(after[column])}
    assert changed == {"open_during", "unknown_during"}


def test_hours_changed_during_a_run_are_not_overwritten(session: Session) -> None:
    facility_id = add_facility(session, opening_hours="24/7")
    batch = recompile.next_batch(session, 0)
    session.execute(text("UPDATE facility SET opening_hours = 'off' WHERE id = :id"), {"id": facility_id})
    recompile.recompile(session, batch, NOON)
    assert facility_row(session, facility_id)["open_during"] is None


def test_a_text_without_valid_syntax_is_skipped(session: Session) -> None:
    facility_id = add_facility(session, opening_hours="whenever")
    recompile_all(session, NOON)
    assert facility_row(session, facility_id)["open_during"] is None


def test_a_text_without_valid_syntax_loses_hours_of_an_earlier_release(session: Session) -> None:
    facility_id = add_facility(session, opening_hours="24/7")
    recompile_all(session, NOON)
    session.execute(
        text("UPDATE facility SET opening_hours = 'Mo-Fr, 08:00-18:00' WHERE id = :id"), {"id": facility_id}
    )
    recompile_all(session, NOON)
    assert state(session, NOON) == "unknown"


def test_recompiling_in_batches_reaches_every_facility(session: Session, monkeypatch: Any) -> None:
    monkeypatch.setattr(recompile, "BATCH", 2)
    ids = [add_facility(session, opening_hours="24/7") for _ in range(5)]
    add_facility(session)
    seen: list[int] = []
    while batch := recompile.next_batch(session, seen[-1] if seen else 0):
        assert len(batch) <= 2
        seen += [row["id"] for row in batch]
    assert seen == ids
