from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.facilities.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, KINDS
from geo.imports.record import FacilityRecord
from geo.imports.staging import TEXT_COLUMNS
from tests.conftest import NOON
from tests.factories import facility_row
from tests.geo.imports.city import counts, id_of, record, write


def test_hours_are_compiled_and_text_without_valid_syntax_becomes_a_note(session: Session) -> None:
    write(
        session, record("a", opening_hours="Mo-Fr 08:00-18:00"), record("b", opening_hours="8am-4pm, later seasonally")
    )
    row = session.execute(
        text(
            "SELECT opening_hours, opening_hours_note, open_during @> CAST(:at AS timestamptz)"
            " FROM facility ORDER BY id"
        ),
        {"at": NOON},
    ).all()
    assert row == [("Mo-Fr 08:00-18:00", None, True), (None, "8am-4pm, later seasonally", None)]


@pytest.mark.parametrize("written", ["Mo-Fr 08:00-18:00; " * 60, "ü" * 1001, "🚻" * 5000])
def test_hours_that_are_too_long_become_a_truncated_note(session: Session, written: str) -> None:
    assert counts(write(session, record("a", opening_hours=written))) == (1, 0, 0, 0, 0)
    row = facility_row(session, id_of(session, "a"))
    assert (row["opening_hours"], row["opening_hours_note"]) == (None, f"{written[:999]}…")
    assert counts(write(session, record("a", opening_hours=written))) == (0, 0, 1, 0, 0)
    assert counts(write(session, record("a", opening_hours=f"{written} and more"))) == (0, 1, 0, 0, 0)


def stored_columns(row: dict[str, Any]) -> dict[str, Any]:
    """What the table holds of a record."""
    hours = row["opening_hours"] if row["opening_hours_note"] is None else row["opening_hours_note"]
    attributes = {name: row[name] for name in ATTRIBUTE_NAMES if row[name] is not None}
    texts = {column: row[column] for column in TEXT_COLUMNS}
    return {**texts, "attributes": attributes, "opening_hours": hours, "tags": row["tags"]}


def expected_columns(original: FacilityRecord) -> dict[str, Any]:
    kept = {field.name for field in fields(FacilityRecord)} - {"external_id", "location", "closed"}
    return {column: getattr(original, column) for column in kept}


ODD_TEXTS = (
    *('"', "'", ",", "a,b", "line\nbreak", "carriage\r\nreturn", "tab\there", "\\", "\\N", "\\.", "a\n\\.\nb", "\\n"),
    *("NULL", "", " ", "a b", "雪", "🚻", "\u0085", "\u2028", "{}", "%s", ":name", "$1", "\x7f", "\x01"),
)


@pytest.mark.parametrize("odd", ODD_TEXTS)
def test_odd_texts_are_stored_unchanged(session: Session, odd: str) -> None:
    original = record(f"id {odd}", name=odd, operator=f"{odd}x", city=odd * 2, opening_hours=odd, tags={odd: odd})
    write(session, original, record("beside"))
    assert stored_columns(facility_row(session, id_of(session, f"id {odd}"))) == expected_columns(original)
    assert counts(write(session, original, record("beside"))) == (0, 0, 2, 0, 0)


def texts(most: int) -> st.SearchStrategy[str | None]:
    return st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=most)


records = st.builds(
    FacilityRecord,
    external_id=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=255),
    kind=st.sampled_from(KINDS),
    location=st.builds(Point, st.floats(-180, 180), st.floats(-90, 90)),
    closed=st.booleans(),
    attributes=st.fixed_dictionaries(
        {}, optional={attribute.name: st.sampled_from(attribute.words) for attribute in ATTRIBUTES}
    ),
    country=st.none() | st.from_regex("[A-Z]{2}", fullmatch=True),
    opening_hours=texts(1000) | st.sampled_from(("24/7", "Mo-Fr 08:00-18:00", "sunrise-sunset", "PH off")),
    tags=st.dictionaries(texts(20).map(str), texts(200).map(str), max_size=4),
    **{column: texts(255) for column in ("name", "operator", "street", "city")},
    **{column: texts(64) for column in ("house_number", "postcode", "region", "level", "venue")},
)


@given(original=st.lists(records, min_size=1, max_size=5, unique_by=lambda row: row.external_id))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_is_read_back_as_it_was_written(session: Session, original: list[FacilityRecord]) -> None:
    with session.begin_nested() as undone:
        assert counts(write(session, *original)) == (len(original), 0, 0, 0, 0)
        for row in original:
            facility_id = id_of(session, row.external_id)
            stored = facility_row(session, facility_id)
            assert stored_columns(stored) == expected_columns(row)
            assert stored["status"] == ("closed" if row.closed else "active")
            place = session.execute(
                text("SELECT ST_X(location), ST_Y(location) FROM facility WHERE id = :id"), {"id": facility_id}
            ).one()
            assert tuple(place) == (row.location.lon, row.location.lat)
        assert counts(write(session, *original)) == (0, 0, len(original), 0, 0)
        undone.rollback()
