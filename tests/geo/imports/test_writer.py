import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.facilities.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, KINDS
from geo.imports.edition import REJECTIONS_KEPT, EditionRefused, ImportSummary, Limit, Limits
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.staging import TEXT_COLUMNS
from geo.imports.writer import Dataset, write_dataset
from tests.conftest import NOON
from tests.factories import add_rating, facility_row

CITY = Dataset("city", Source("ODbL-1.0", "© everybody", "https://city.example"))
OTHER_CITY = Dataset("other city", Source("CC-BY-4.0", "Other city"))
LATER = NOON + timedelta(days=1)


def record(external_id: str = "a", **said: Any) -> FacilityRecord:
    return FacilityRecord(external_id, said.pop("kind", "toilets"), said.pop("location", Point(1.0, 2.0)), **said)


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


def test_an_import_adds_what_it_lists(session: Session) -> None:
    assert counts(write(session, record("a", name="A"), record("b", kind="shower"))) == (2, 0, 0, 0, 0)
    row = facility_row(session, id_of(session, "a"))
    assert (row["name"], row["kind"], row["status"]) == ("A", "toilets", "active")
    assert session.execute(text("SELECT name, licence, attribution, url, imported_at FROM dataset")).one() == (
        *("city", "ODbL-1.0", "© everybody", "https://city.example"),
        NOON,
    )


def test_the_same_import_again_rewrites_nothing_but_the_time_of_the_import(session: Session) -> None:
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


def test_a_changed_row_changes_itself_alone_and_keeps_its_id_and_ratings(session: Session) -> None:
    write(session, record("a", name="old", attributes={"fee": "yes"}), record("b"))
    add_rating(session, id_of(session), 5, NOON)
    before = facility_row(session, id_of(session))
    beside = facility_row(session, id_of(session, "b"))
    assert counts(write(session, record("a", name="new"), record("b"), as_of=LATER)) == (0, 1, 1, 0, 0)
    after = facility_row(session, id_of(session))
    told = {"name": "new", "fee": None, "updated_at": LATER}
    assert after == {**before, **told, "traits": after["traits"]} != {**before, **told}
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
def test_whatever_a_source_says_otherwise_is_a_change(session: Session, changed: dict[str, Any]) -> None:
    write(session, record())
    assert counts(write(session, record(**changed))) == (0, 1, 0, 0, 0)
    assert counts(write(session, record(**changed))) == (0, 0, 1, 0, 0)


def test_what_has_vanished_is_closed_keeps_its_ratings_and_is_told_once(session: Session) -> None:
    write(session, record("a"), record("b"))
    facility_id = id_of(session)
    add_rating(session, facility_id, 5, NOON)
    assert counts(write(session, record("b"), as_of=LATER)) == (0, 0, 1, 1, 0)
    row = facility_row(session, facility_id)
    assert (row["status"], row["rating_count"], row["updated_at"]) == ("closed", 1, LATER)
    assert counts(write(session, record("b"))) == (0, 0, 1, 0, 0)


def test_what_comes_back_is_changed_and_active_with_its_id_and_ratings(session: Session) -> None:
    write(session, record("a"), record("b"))
    facility_id = id_of(session)
    add_rating(session, facility_id, 5, NOON)
    write(session, record("b"))
    assert counts(write(session, record("a"), record("b"))) == (0, 1, 1, 0, 0)
    assert id_of(session) == facility_id
    row = facility_row(session, facility_id)
    assert (row["status"], row["rating_count"]) == ("active", 1)


@pytest.mark.parametrize("status", ["closed", "hidden"])
def test_what_staff_closed_or_hid_stays_so_whatever_its_source_says(session: Session, status: str) -> None:
    write(session, record("a"), record("b"))
    set_status(session, status)
    told = [
        (record("a", name="new"), record("b")),
        (record("a", name="new", closed=True), record("b")),
        (record("a", name="new"), record("b")),
        (record("b"),),
        (record("a", name="new"), record("b")),
    ]
    for rows in told:
        write(session, *rows)
        assert status_of(session) == status


def test_what_staff_opened_again_stays_open_while_its_source_says_nothing_new(session: Session) -> None:
    write(session, record(closed=True))
    set_status(session, "active")
    write(session, record(closed=True, name="new"))
    assert status_of(session) == "active"


def test_a_source_closes_and_opens_what_it_lists(session: Session) -> None:
    statuses = []
    for closed in (True, True, False, True, False):
        write(session, record(closed=closed))
        statuses.append(status_of(session))
    assert statuses == ["closed", "closed", "active", "closed", "active"]


def test_a_report_of_closure_outlives_news_of_the_source_but_not_its_closure(session: Session) -> None:
    write(session, record())
    set_status(session, "reported_closed")
    write(session, record(name="new"))
    assert status_of(session) == "reported_closed"
    write(session, record(name="new", closed=True))
    assert status_of(session) == "closed"


def test_of_rows_with_one_id_the_first_is_taken_and_the_others_rejected(session: Session) -> None:
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


def test_datasets_do_not_collide(session: Session) -> None:
    write(session, record("a", name="one"))
    write(session, record("a", name="other"), dataset=OTHER_CITY)
    assert counts(write(session, record("b"))) == (1, 0, 0, 1, 0)
    assert facility_row(session, id_of(session, "a", OTHER_CITY))["status"] == "active"


def test_new_terms_of_a_dataset_take_the_place_of_the_old(session: Session) -> None:
    write(session, record())
    write(session, record(), dataset=Dataset("city", Source("CC0-1.0", "nobody")))
    assert session.execute(text("SELECT licence, attribution, url FROM dataset")).one() == ("CC0-1.0", "nobody", None)


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
def test_a_facility_whose_row_is_rejected_stays_as_it_is(session: Session, broken: FacilityRecord | Rejection) -> None:
    write(session, record("a", name="A", attributes={"fee": "no"}), record("b"))
    before = every_row(session)
    summary = write(session, broken, record("b"), as_of=LATER)
    assert (counts(summary), summary.kept) == ((0, 0, 1, 0, 1), 1)
    after = every_row(session)
    assert (after["facility"], after["facility_source"]) == (before["facility"], before["facility_source"])
    # Nothing is left of it: the next edition finds it unchanged.
    assert counts(write(session, record("a", name="A", attributes={"fee": "no"}), record("b"))) == (0, 0, 2, 0, 0)


def test_what_had_vanished_before_its_row_is_rejected_stays_vanished(session: Session) -> None:
    write(session, record("a"), record("b"))
    write(session, record("b"))
    summary = write(session, Rejection("a", "kind is empty"), record("b"))
    assert (counts(summary), summary.kept) == ((0, 0, 1, 0, 1), 0)
    assert status_of(session) == "closed"


@pytest.mark.parametrize("rejected_first", [True, False])
def test_of_a_rejected_and_a_good_row_of_one_id_the_good_one_is_taken(session: Session, rejected_first: bool) -> None:
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


def test_the_rejected_rows_of_one_dataset_keep_nothing_of_another(session: Session) -> None:
    write(session, record("a"), record("b"), dataset=OTHER_CITY)
    write(session, record("b"))
    assert write(session, Rejection("a", "kind is empty"), record("b")).kept == 0


def many(count: int, first: int = 0) -> Iterator[FacilityRecord]:
    return (record(str(number)) for number in range(first, first + count))


@pytest.mark.parametrize(
    ("edition", "reason", "lost"),
    [
        (lambda: many(178), "22 of the 200 facilities of this dataset would vanish", {"vanished": 22}),
        (lambda: many(200, 200), "200 of the 200 facilities of this dataset would vanish", {"vanished": 200}),
        (
            lambda: [*many(200), *(Rejection(f"row {number}", "it has no id") for number in range(30))],
            "30 of the 230 rows read are rejected",
            {"rejected": 30},
        ),
    ],
)
def test_an_edition_that_loses_too_much_is_refused_and_changes_nothing(
    session: Session, edition: Callable[[], Iterable[FacilityRecord | Rejection]], reason: str, lost: dict[str, int]
) -> None:
    write(session, *many(200))
    before = every_row(session)
    with pytest.raises(EditionRefused, match=f"^{reason}$") as refused, session.begin_nested():
        write(session, *edition(), as_of=LATER)
    assert refused.value.lost == lost
    assert {outcome: getattr(refused.value.summary, outcome) for outcome in lost} == lost
    assert every_row(session) == before
    allowed = replace(CITY, limits=Limits(*[Limit(rows=max(lost.values()))] * 2))
    write(session, *edition(), dataset=allowed)


def test_what_has_vanished_before_counts_no_more(session: Session) -> None:
    write(session, *many(200))
    for left in (185, 170, 160):
        write(session, *many(left))
    with pytest.raises(EditionRefused, match="17 of the 160 facilities"), session.begin_nested():
        write(session, *many(143))


def test_a_small_dataset_may_lose_some_but_not_all_that_it_lists(session: Session) -> None:
    write(session, *many(8))
    write(session, *many(2))
    with pytest.raises(EditionRefused, match="2 of the 2 facilities"), session.begin_nested():
        write(session, *many(5, 100))


def test_kept_facilities_do_not_count_as_vanished(session: Session) -> None:
    write(session, *many(30))
    allowed = replace(CITY, limits=Limits(rejected=Limit(percent=100)))
    rejected = [Rejection(str(number), "fee must be one of yes, no, not 'free'") for number in range(20)]
    summary = write(session, *many(10, 20), *rejected, dataset=allowed)
    assert (counts(summary), summary.kept) == ((0, 0, 10, 0, 20), 20)


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
def test_a_row_that_the_tables_cannot_keep_is_rejected_alone(
    session: Session, broken: FacilityRecord, reason: str
) -> None:
    summary = write(session, record("a"), broken)
    assert counts(summary) == (1, 0, 0, 0, 1)
    assert summary.rejections[0].reason == reason
    assert "\0" not in summary.rejections[0].external_id


def test_texts_of_just_the_allowed_length_are_kept(session: Session) -> None:
    longest = record(
        "ü" * 255, name="ü" * 255, house_number="ü" * 64, opening_hours="ü" * 1000, venue="ü" * 64, city="ü" * 255
    )
    assert counts(write(session, longest)) == (1, 0, 0, 0, 0)


def test_a_file_without_a_single_facility_closes_nothing(session: Session) -> None:
    write(session, record())
    for rows in ((), (Rejection("b", "kind is empty"),)):
        with pytest.raises(UnreadableFile, match=re.escape("there is no facility in city")), session.begin_nested():
            write(session, *rows)
    assert status_of(session) == "active"


def test_a_file_that_breaks_in_mid_way_changes_nothing(session: Session) -> None:
    write(session, record("a"))
    before = every_row(session)

    def broken() -> Iterator[FacilityRecord]:
        for number in range(1500):
            yield record(str(number))
        raise UnreadableFile("city.csv is truncated")

    with pytest.raises(UnreadableFile, match=r"^city\.csv is truncated$"), session.begin_nested():
        write_dataset(session, CITY, broken(), NOON)
    assert every_row(session) == before


def test_hours_are_compiled_and_text_in_no_syntax_becomes_a_note(session: Session) -> None:
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
def test_hours_that_are_too_long_become_a_note_cut_to_the_limit(session: Session, written: str) -> None:
    assert counts(write(session, record("a", opening_hours=written))) == (1, 0, 0, 0, 0)
    row = facility_row(session, id_of(session, "a"))
    assert (row["opening_hours"], row["opening_hours_note"]) == (None, f"{written[:999]}…")
    assert counts(write(session, record("a", opening_hours=written))) == (0, 0, 1, 0, 0)
    assert counts(write(session, record("a", opening_hours=f"{written} and more"))) == (0, 1, 0, 0, 0)


@pytest.mark.slow
def test_progress_is_told_now_and_then_and_at_the_end(session: Session) -> None:
    told: list[int] = []
    rows = (record(str(number)) for number in range(20_001))
    write_dataset(session, CITY, rows, NOON, told.append)
    assert told == [10_000, 20_000, 20_001]


def as_written(row: dict[str, Any]) -> dict[str, Any]:
    """What the table holds of a record."""
    hours = row["opening_hours"] if row["opening_hours_note"] is None else row["opening_hours_note"]
    attributes = {name: row[name] for name in ATTRIBUTE_NAMES if row[name] is not None}
    texts = {column: row[column] for column in TEXT_COLUMNS}
    return {**texts, "attributes": attributes, "opening_hours": hours, "tags": row["tags"]}


def as_said(said: FacilityRecord) -> dict[str, Any]:
    kept = {field.name for field in fields(FacilityRecord)} - {"external_id", "location", "closed"}
    return {column: getattr(said, column) for column in kept}


ODD_TEXTS = (
    *('"', "'", ",", "a,b", "line\nbreak", "carriage\r\nreturn", "tab\there", "\\", "\\N", "\\.", "a\n\\.\nb", "\\n"),
    *("NULL", "", " ", "a b", "雪", "🚻", "\u0085", "\u2028", "{}", "%s", ":name", "$1", "\x7f", "\x01"),
)


@pytest.mark.parametrize("odd", ODD_TEXTS)
def test_odd_texts_arrive_byte_for_byte(session: Session, odd: str) -> None:
    said = record(f"id {odd}", name=odd, operator=f"{odd}x", city=odd * 2, opening_hours=odd, tags={odd: odd})
    write(session, said, record("beside"))
    assert as_written(facility_row(session, id_of(session, f"id {odd}"))) == as_said(said)
    assert counts(write(session, said, record("beside"))) == (0, 0, 2, 0, 0)


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


@given(said=st.lists(records, min_size=1, max_size=5, unique_by=lambda row: row.external_id))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_is_read_back_as_it_was_written(session: Session, said: list[FacilityRecord]) -> None:
    with session.begin_nested() as undone:
        assert counts(write(session, *said)) == (len(said), 0, 0, 0, 0)
        for row in said:
            facility_id = id_of(session, row.external_id)
            stored = facility_row(session, facility_id)
            assert as_written(stored) == as_said(row)
            assert stored["status"] == ("closed" if row.closed else "active")
            place = session.execute(
                text("SELECT ST_X(location), ST_Y(location) FROM facility WHERE id = :id"), {"id": facility_id}
            ).one()
            assert tuple(place) == (row.location.lon, row.location.lat)
        assert counts(write(session, *said)) == (0, 0, len(said), 0, 0)
        undone.rollback()
