"""Imports that are probably a mistake are refused with a warning, unless it is accepted."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.errors import InvalidCoordinates
from geo.imports.edition import EditionRefused, ImportSummary, Limit, Limits
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.factories import contents

Row = FacilityRecord | Rejection

PARIS = Point(2.35, 48.86)


def city(rows: int, corner: Point = PARIS, first: int = 0) -> list[Row]:
    """Rows that lie 11 m apart."""
    return [
        FacilityRecord(str(number), "toilets", Point(corner.lon, corner.lat + number / 10_000), name=f"No. {number}")
        for number in range(first, first + rows)
    ]


def swapped(external_id: str, lon: float, lat: float) -> Rejection:
    with pytest.raises(InvalidCoordinates) as caught:
        Point(lon, lat)
    return Rejection.of(external_id, caught.value)


def write(session: Session, rows: list[Row], name: str = "city", *, accept: bool = False) -> ImportSummary:
    limits = Limits(Limit(percent=100), Limit(percent=100), accepts_warnings=accept) if accept else Limits()
    return write_dataset(session, Dataset(name, Source("CC0-1.0", "nobody"), limits=limits), rows, NOON)


def assert_refused(session: Session, rows: list[Row], warning: str, name: str = "city") -> None:
    session.commit()
    before = contents(session)
    with pytest.raises(EditionRefused, match=warning) as caught:
        write(session, rows, name)
    assert caught.value.is_doubtful
    session.rollback()
    assert contents(session) == before
    assert write(session, rows, name, accept=True).warnings


def test_the_same_file_under_another_name_is_refused(session: Session) -> None:
    write(session, city(20))
    assert_refused(session, city(20), "^20 of the 20 rows are listed by the dataset city: is it the same file", "town")


def test_a_later_edition_under_another_name_is_refused(session: Session) -> None:
    write(session, city(20))
    assert_refused(session, city(25), "20 of the 25 rows are listed by the dataset city", "town")


def test_another_file_with_the_same_ids_is_accepted(session: Session) -> None:
    write(session, city(20))
    assert write(session, city(20, Point(12.5, 41.9)), "rome").warnings == ()


@pytest.mark.parametrize(("lon", "lat"), [(35.68, 139.69), (-33.86, 151.2), (40.7, -120.0)])
def test_rows_with_longitude_and_latitude_swapped_are_named(session: Session, lon: float, lat: float) -> None:
    rows: list[Row] = [*city(2), *(swapped(f"x{number}", lon, lat) for number in range(6))]
    assert_refused(session, rows, "6 of the 8 rows would be valid with lon and lat swapped: are they")


def test_rows_that_are_invalid_either_way_are_not_called_swapped(session: Session) -> None:
    rows: list[Row] = [*city(4), *(swapped(f"x{number}", 120.0, 91.0) for number in range(5))]
    assert write(session, rows).warnings == ()


@pytest.mark.parametrize("first", [0, 500])
def test_a_dataset_that_moves_far_is_refused(session: Session, first: int) -> None:
    write(session, city(8))
    assert_refused(
        session, city(8, Point(48.86, 2.35), first), r"the dataset moves by \d{4} km: is it the same dataset"
    )


def test_a_dataset_that_moves_less_than_a_hundred_kilometres_is_accepted(session: Session) -> None:
    write(session, city(8))
    assert write(session, city(8, Point(2.35, 49.7))).warnings == ()


def test_a_dataset_that_grows_elsewhere_does_not_move(session: Session) -> None:
    write(session, city(8))
    assert write(session, [*city(8), *city(50, Point(12.5, 41.9), first=100)]).warnings == ()


def test_a_summary_names_the_first_ten_of_each_outcome(session: Session) -> None:
    write(session, city(30))
    rows = [*city(29, Point(2.36, 48.86), first=1)[:12], *city(17, first=13), *city(11, first=100)]
    examples = write(session, rows).examples
    assert {outcome: len(shown) for outcome, shown in examples.items()} == {"added": 10, "changed": 10, "vanished": 1}
    assert examples["vanished"] == ["0 (No. 0)"]
    assert examples["added"][0] == "100 (No. 100)"


def test_an_import_updates_the_statistics_of_its_tables(session: Session) -> None:
    """Without them the planner chose a nested loop over all rows: 60,000 took 280 s, and take 6 s."""
    write(session, city(500))
    counted = session.execute(
        text("SELECT relname, reltuples FROM pg_class WHERE relname IN ('facility', 'facility_source')")
    ).all()
    assert {name: rows >= 500 for name, rows in counted} == {"facility": True, "facility_source": True}
