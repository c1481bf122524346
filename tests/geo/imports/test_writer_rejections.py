import pytest
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.imports.record import FacilityRecord, Rejection
from tests.geo.imports.city import LATER, OTHER_CITY, counts, every_row, record, status_of, write


def test_rejections_of_the_reader_are_counted_and_quoted(session: Session) -> None:
    summary = write(session, record(), Rejection("row 2", "latitude 91 is outside -90 to 90"))
    assert (counts(summary), summary.read) == ((1, 0, 0, 0, 1), 2)
    assert summary.rejections == [Rejection("row 2", "latitude 91 is outside -90 to 90")]


@pytest.mark.parametrize(
    "broken",
    [
        Rejection("a", "fee must be one of yes, no, not 'free'"),
        record("a", name="ü" * 256),
        record("a", tags={"a": "\0"}),
    ],
)
def test_a_facility_whose_row_is_rejected_is_unchanged(session: Session, broken: FacilityRecord | Rejection) -> None:
    write(session, record("a", name="A", attributes={"fee": "no"}), record("b"))
    before = every_row(session)
    summary = write(session, broken, record("b"), as_of=LATER)
    assert (counts(summary), summary.kept) == ((0, 0, 1, 0, 1), 1)
    after = every_row(session)
    assert (after["facility"], after["facility_source"]) == (before["facility"], before["facility_source"])
    # Nothing is left of it: the next edition finds it unchanged.
    assert counts(write(session, record("a", name="A", attributes={"fee": "no"}), record("b"))) == (0, 0, 2, 0, 0)


def test_a_vanished_facility_whose_row_is_rejected_stays_closed(session: Session) -> None:
    write(session, record("a"), record("b"))
    write(session, record("b"))
    summary = write(session, Rejection("a", "kind is empty"), record("b"))
    assert (counts(summary), summary.kept) == ((0, 0, 1, 0, 1), 0)
    assert status_of(session) == "closed"


@pytest.mark.parametrize("rejected_first", [True, False])
def test_a_valid_row_of_an_id_is_imported_despite_a_rejected_one(session: Session, rejected_first: bool) -> None:
    write(session, record("a"), record("b"))
    rows = [Rejection("a", "kind is empty"), record("a", name="A")]
    summary = write(session, *(rows if rejected_first else reversed(rows)), record("b"))
    assert (counts(summary), summary.kept) == ((0, 1, 1, 0, 1), 0)


@pytest.mark.parametrize("odd", ['"', "\\", "\\N", "\\.", "a\tb", "a\nb", "雪", "a\0b", "", "x" * 256])
def test_a_rejected_id_may_be_any_text(session: Session, odd: str) -> None:
    written = odd.replace("\0", "\N{REPLACEMENT CHARACTER}")[:255] or "empty"
    write(session, record(written), record("b"))
    summary = write(session, Rejection(odd, "kind is empty"), Rejection(written, "kind is empty"), record("b"))
    assert (counts(summary), summary.kept) == ((0, 0, 1, 0, 2), 1)


def test_rejected_rows_of_one_dataset_keep_no_facilities_of_another(session: Session) -> None:
    write(session, record("a"), record("b"), dataset=OTHER_CITY)
    write(session, record("b", name="B", location=Point(1.1, 2.0)))
    assert write(session, Rejection("a", "kind is empty"), record("b")).kept == 0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record("b" * 256), "its external_id has 256 characters; the maximum is 255"),
        *(
            (
                record("b", **{column: "ü" * (most + 1)}),
                f"its {column} has {most + 1} characters; the maximum is {most}",
            )
            for most, columns in (
                (255, ("name", "operator", "street", "city")),
                (64, ("house_number", "postcode", "region", "level", "venue")),
            )
            for column in columns
        ),
        (record("b", name="W\0C"), "its text contains a NUL character"),
        (record("b", opening_hours="W\0C"), "its text contains a NUL character"),
        (record("b", tags={"a\0": ""}), "its text contains a NUL character"),
        (record("b", tags={"a": "\0"}), "its text contains a NUL character"),
        (record("b\0"), "its text contains a NUL character"),
        (record(""), "it has no id"),
    ],
)
def test_only_the_row_that_the_tables_cannot_store_is_rejected(
    session: Session, broken: FacilityRecord, reason: str
) -> None:
    summary = write(session, record("a"), broken)
    assert counts(summary) == (1, 0, 0, 0, 1)
    assert summary.rejections[0].reason == reason
    assert "\0" not in summary.rejections[0].external_id


def test_texts_of_the_maximum_length_are_accepted(session: Session) -> None:
    longest = record(
        "ü" * 255, name="ü" * 255, house_number="ü" * 64, opening_hours="ü" * 1000, venue="ü" * 64, city="ü" * 255
    )
    assert counts(write(session, longest)) == (1, 0, 0, 0, 0)
