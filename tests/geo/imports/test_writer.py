from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTES
from geo.imports.edition import REJECTIONS_KEPT, Limit, Limits
from geo.imports.record import Rejection, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.factories import add_rating, facility_row
from tests.geo.imports.city import (
    CITY,
    LATER,
    OTHER_CITY,
    counts,
    every_row,
    id_of,
    record,
    set_status,
    status_of,
    write,
)


def test_an_import_adds_the_listed_facilities(session: Session) -> None:
    assert counts(write(session, record("a", name="A"), record("b", kind="shower"))) == (2, 0, 0, 0, 0)
    row = facility_row(session, id_of(session, "a"))
    assert (row["name"], row["kind"], row["status"]) == ("A", "toilets", "active")
    assert session.execute(text("SELECT name, licence, attribution, url, imported_at FROM dataset")).one() == (
        *("city", "ODbL-1.0", "© everybody", "https://city.example"),
        NOON,
    )


def test_a_repeated_import_changes_only_the_time_of_the_import(session: Session) -> None:
    rows = [record(str(number), opening_hours="Mo-Fr 08:00-18:00", tags={"b": "2", "a": "1"}) for number in range(20)]
    write(session, *rows)
    add_rating(session, id_of(session, "3"), 4, NOON)
    before = every_row(session)
    summary = write(session, *(replace(row, tags={"a": "1", "b": "2"}) for row in rows), as_of=LATER)
    assert counts(summary) == (0, 0, 20, 0, 0)
    after = every_row(session)
    assert after.pop("dataset")[0].imported_at == LATER
    del before["dataset"]
    assert after == before


def test_a_changed_row_changes_only_its_facility_and_keeps_its_id_and_ratings(session: Session) -> None:
    write(session, record("a", name="old", attributes={"fee": "yes"}), record("b"))
    add_rating(session, id_of(session), 5, NOON)
    before = facility_row(session, id_of(session))
    beside = facility_row(session, id_of(session, "b"))
    assert counts(write(session, record("a", name="new"), record("b"), as_of=LATER)) == (0, 1, 1, 0, 0)
    after = facility_row(session, id_of(session))
    changes = {"name": "new", "fee": None, "updated_at": LATER}
    assert after == {**before, **changes, "traits": after["traits"]} != {**before, **changes}
    assert after["rating_count"] == 1
    assert facility_row(session, id_of(session, "b")) == beside


@pytest.mark.parametrize(
    "changed",
    [
        {"location": Point(1.0, 2.0000001)},
        {"closed": True},
        {"tags": {"a": "1"}},
        {"opening_hours": "24/7"},
        {"kind": "shower"},
        {"name": ""},
        *({"attributes": {attribute.name: attribute.words[0]}} for attribute in ATTRIBUTES),
    ],
)
def test_any_changed_field_of_a_source_is_a_change(session: Session, changed: dict[str, Any]) -> None:
    write(session, record())
    assert counts(write(session, record(**changed))) == (0, 1, 0, 0, 0)
    assert counts(write(session, record(**changed))) == (0, 0, 1, 0, 0)


def test_a_vanished_facility_is_closed_keeps_its_ratings_and_is_counted_once(session: Session) -> None:
    write(session, record("a"), record("b"))
    facility_id = id_of(session)
    add_rating(session, facility_id, 5, NOON)
    assert counts(write(session, record("b"), as_of=LATER)) == (0, 0, 1, 1, 0)
    row = facility_row(session, facility_id)
    assert (row["status"], row["rating_count"], row["updated_at"]) == ("closed", 1, LATER)
    assert counts(write(session, record("b"))) == (0, 0, 1, 0, 0)


def test_a_returning_facility_is_active_again_with_its_id_and_ratings(session: Session) -> None:
    write(session, record("a"), record("b"))
    facility_id = id_of(session)
    add_rating(session, facility_id, 5, NOON)
    write(session, record("b"))
    assert counts(write(session, record("a"), record("b"))) == (0, 1, 1, 0, 0)
    assert id_of(session) == facility_id
    row = facility_row(session, facility_id)
    assert (row["status"], row["rating_count"]) == ("active", 1)


@pytest.mark.parametrize("status", ["closed", "hidden"])
def test_a_facility_closed_or_hidden_by_staff_keeps_its_status_in_later_imports(session: Session, status: str) -> None:
    write(session, record("a"), record("b"))
    set_status(session, status)
    editions = [
        (record("a", name="new"), record("b")),
        (record("a", name="new", closed=True), record("b")),
        (record("a", name="new"), record("b")),
        (record("b"),),
        (record("a", name="new"), record("b")),
    ]
    for rows in editions:
        write(session, *rows)
        assert status_of(session) == status


def test_a_facility_reopened_by_staff_stays_open_while_its_source_is_unchanged(session: Session) -> None:
    write(session, record(closed=True))
    set_status(session, "active")
    write(session, record(closed=True, name="new"))
    assert status_of(session) == "active"


def test_a_source_closes_and_reopens_its_facilities(session: Session) -> None:
    statuses = []
    for closed in (True, True, False, True, False):
        write(session, record(closed=closed))
        statuses.append(status_of(session))
    assert statuses == ["closed", "closed", "active", "closed", "active"]


def test_a_reported_closure_survives_an_update_of_the_source_but_not_a_closure_by_it(session: Session) -> None:
    write(session, record())
    set_status(session, "reported_closed")
    write(session, record(name="new"))
    assert status_of(session) == "reported_closed"
    write(session, record(name="new", closed=True))
    assert status_of(session) == "closed"


def test_the_first_row_of_an_id_is_imported_and_the_others_are_rejected(session: Session) -> None:
    # Wide and narrow rows in turn, so that a page's last gap could be filled by a later row.
    rows = [
        record(f"{number % 300}", name=f"copy {number // 300}", tags={"note": "x" * (number * 37 % 1500)})
        for number in range(900)
    ]
    city = replace(CITY, limits=Limits(rejected=Limit(percent=100)))
    summary = write(session, *rows, dataset=city)
    assert counts(summary) == (300, 0, 0, 0, 600)
    assert summary.rejections[0] == Rejection("0", "the same id is in an earlier row, which was imported")
    assert len(summary.rejections) == REJECTIONS_KEPT
    assert set(session.execute(text("SELECT name FROM facility")).scalars()) == {"copy 0"}
    assert counts(write(session, *rows, dataset=city)) == (0, 0, 300, 0, 600)


def test_equal_ids_of_two_datasets_are_different_facilities(session: Session) -> None:
    write(session, record("a", name="one"))
    write(session, record("a", name="other", location=Point(1.1, 2.0)), dataset=OTHER_CITY)
    assert counts(write(session, record("b"))) == (1, 0, 0, 1, 0)
    assert facility_row(session, id_of(session, "a", OTHER_CITY))["status"] == "active"


def test_new_terms_of_a_dataset_replace_the_old_ones(session: Session) -> None:
    write(session, record())
    write(session, record(), dataset=Dataset("city", Source("CC0-1.0", "nobody")))
    assert session.execute(text("SELECT licence, attribution, url FROM dataset")).one() == ("CC0-1.0", "nobody", None)


@pytest.mark.slow
def test_progress_is_reported_every_ten_thousand_rows_and_at_the_end(session: Session) -> None:
    reported: list[int] = []
    rows = (record(str(number)) for number in range(20_001))
    write_dataset(session, CITY, rows, NOON, reported.append)
    assert reported == [10_000, 20_000, 20_001]
