"""Rows of other publishers become facilities by a mapping; made ids last."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.imports.mapped_rows import MappedReader, made_id
from geo.imports.mapping import load
from geo.imports.record import FacilityRecord, Rejection

HEAD = 'licence = "CC0-1.0"\nattribution = "A town"\n'
TABLE = (
    HEAD
    + """
id = "Nr"
[rows]
format = "csv"
[position]
lon = "X"
lat = "Y"
[fields]
name = "Name"
street = "Street"
[fields.kind]
column = "Type"
values = {"WC" = "toilets", "Bench" = "skip"}
[fields.fee]
column = "Price"
values = {"free" = "no", "0,50" = "yes", "?" = "unknown"}
[fields.opening_hours]
column = "Hours"
syntax = "english"
"""
)
COLUMNS = "Nr;Type;X;Y;Name;Street;Price;Hours;Note"


def reader(tmp_path: Path, text: str) -> MappedReader:
    path = tmp_path / "town.toml"
    path.write_text(text, encoding="utf-8")
    return MappedReader(load(path))


def read(tmp_path: Path, mapping: str, content: str) -> list[FacilityRecord | Rejection]:
    path = tmp_path / "town.data"
    path.write_text(content, encoding="utf-8")
    return list(reader(tmp_path, mapping).read(path))


def table(tmp_path: Path, *rows: str, columns: str = COLUMNS) -> list[FacilityRecord | Rejection]:
    return read(tmp_path, TABLE, "\n".join((columns, *rows)) + "\n")


def test_a_row_becomes_a_facility_and_keeps_what_is_not_mapped(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "7;wc ;24,9;60,1;Market;Main St;FREE;8am-4pm;behind the church")
    assert row == FacilityRecord(
        "7",
        "toilets",
        Point(24.9, 60.1),
        name="Market",
        street="Main St",
        opening_hours="08:00-16:00",
        attributes={"fee": "no"},
        tags={"Type": "wc", "Price": "FREE", "Hours": "8am-4pm", "Note": "behind the church"},
    )


def test_hours_that_are_not_exact_are_kept_as_written(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "7;WC;1;2;;;;10:00 pm - 7:00 pm;")
    assert isinstance(row, FacilityRecord)
    assert row.opening_hours == "10:00 pm - 7:00 pm"


def test_a_row_of_another_kind_is_skipped_whatever_else_it_contains(tmp_path: Path) -> None:
    assert table(tmp_path, ";bench;x;y;;;nonsense;;") == []


@pytest.mark.parametrize(
    ("row", "external_id", "reason"),
    [
        ("7;WC;1;2;;;cheap;;", "7", "row 2: fee (column \"Price\"): 'cheap' is not in its table of values"),
        ("7;Tree;1;2;;;;;", "7", "row 2: kind (column \"Type\"): 'Tree' is not in its table of values"),
        (";WC;1;2;;;;;", "row 2", 'row 2: id (column "Nr") is empty'),
        ("7;WC;a;2;;;;;", "7", "row 2: position (columns \"X\", \"Y\"): lon 'a' and lat '2' must be numbers"),
        ("7;WC;1;99;;;;;", "7", 'row 2: position (columns "X", "Y"): latitude 99.0 must be between -90 and 90'),
    ],
)
def test_an_invalid_row_is_rejected_with_field_and_column(
    tmp_path: Path, row: str, external_id: str, reason: str
) -> None:
    (rejected,) = table(tmp_path, row)
    assert isinstance(rejected, Rejection)
    assert (rejected.external_id, rejected.reason) == (external_id, reason)


def test_swapped_coordinates_are_noted(tmp_path: Path) -> None:
    (rejected,) = table(tmp_path, "7;WC;60;139;;;;;")
    assert isinstance(rejected, Rejection)
    assert rejected.is_swapped


def test_a_missing_column_is_named_with_its_key_and_the_nearest_column(tmp_path: Path) -> None:
    message = r'^town\.data lacks the column "Price", which fields\.fee names; did you mean "Prise"\?$'
    with pytest.raises(UnreadableFile, match=message):
        table(tmp_path, columns=COLUMNS.replace("Price", "Prise"))


def test_a_column_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r'has the column "Name" twice, which fields\.name names'):
        table(tmp_path, columns=f"{COLUMNS};Name")


MADE = TABLE.replace('id = "Nr"', 'id_from = ["Name", "X", "Y"]')


def made(tmp_path: Path, *rows: str) -> tuple[list[str], list[str]]:
    """The ids of rows, and what the reader notes."""
    path = tmp_path / "town.csv"
    path.write_text("\n".join((COLUMNS, *rows)) + "\n", encoding="utf-8")
    mapped = reader(tmp_path, MADE)
    ids = [row.external_id for row in mapped.read(path)]
    assert ids == [row.external_id for row in mapped.read(path)], "a second reading gives the same ids"
    return ids, mapped.notes()


def test_a_made_id_does_not_change_with_other_columns(tmp_path: Path) -> None:
    (first,), _ = made(tmp_path, "1;WC;1.50;2;Market;Main St;free;8am-4pm;")
    (edited,), _ = made(tmp_path, "2;WC;1.5;2.0;MARKET ;Other St;0,50;;closed on Mondays")
    (other,), _ = made(tmp_path, "1;WC;1.51;2;Market;Main St;free;8am-4pm;")
    assert first == edited != other
    assert first.startswith("market-")


def test_twins_are_numbered_and_noted(tmp_path: Path) -> None:
    ids, notes = made(tmp_path, *["1;WC;1;2;Market;;;;"] * 3, "1;WC;1;3;Market;;;;")
    assert ids[1:3] == [f"{ids[0]}-2", f"{ids[0]}-3"]
    assert len(set(ids)) == 4
    assert notes == [
        "ids are made of Name, X, Y",
        f"rows equal to an earlier one in these columns, numbered: 2 ({ids[1]}, {ids[2]})",
    ]


def test_a_row_without_any_column_of_its_id_is_rejected(tmp_path: Path) -> None:
    ids, _ = made(tmp_path, "1;WC;;;;;;;")
    assert ids == ["row 2"]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_a_made_id_can_be_stored_and_ignores_case_and_white_space(texts: list[str]) -> None:
    made_of = made_id(texts)
    assert made_of == made_id([f" {text}  " for text in texts])
    assert 16 <= len(made_of) <= 41
    assert made_of.isprintable()


JSON = (
    HEAD
    + """
id = "meta.id"
[rows]
format = "json"
path = "data.items"
[position]
lat_lon = "where"
[constants]
kind = "toilets"
[fields]
name = "meta.title"
"""
)


@pytest.mark.parametrize("where", ["60.1, 24.9", "[60.1 24.9]", [60.1, 24.9], ["60.1", "24.9"], "60.1;24.9"])
def test_rows_of_nested_json_are_read(tmp_path: Path, where: object) -> None:
    items = [{"meta": {"id": 7, "title": "Market"}, "where": where, "extra": {"wc": True}}]
    (row,) = read(tmp_path, JSON, json.dumps({"data": {"items": items}}))
    assert row == FacilityRecord("7", "toilets", Point(24.9, 60.1), name="Market", tags={"extra.wc": "true"})


def test_rows_on_lines_and_features_are_read(tmp_path: Path) -> None:
    row = {"meta": {"id": "7"}, "where": "60.1, 24.9"}
    lines = JSON.replace('format = "json"\npath = "data.items"', 'format = "ndjson"')
    assert [each.external_id for each in read(tmp_path, lines, f"{json.dumps(row)}\n\n{json.dumps(row)}\n")] == [
        "7"
    ] * 2
    features = (
        HEAD + 'id = "properties.nr"\n[rows]\nformat = "geojson"\n[constants]\nkind = "toilets"\n'
        '[fields]\nname = "properties.title"\n'
    )
    feature = {"properties": {"nr": 3, "title": "Market"}, "geometry": {"type": "Point", "coordinates": [24.9, 60.1]}}
    (found,) = read(tmp_path, features, json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert found == FacilityRecord("3", "toilets", Point(24.9, 60.1), name="Market")


def test_a_column_that_no_row_of_json_has_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "town.json"
    path.write_text(json.dumps({"data": {"items": [{"meta": {"id": 1}, "where": "1, 2"}]}}), encoding="utf-8")
    mapped = reader(tmp_path, JSON)
    list(mapped.read(path))
    assert mapped.notes() == ['no row has "meta.title", which fields.name names']


def test_words_of_outcomes_in_the_data_are_data(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "7;WC;1;2;reject;unknown;;;")
    assert isinstance(row, FacilityRecord)
    assert (row.name, row.street) == ("reject", "unknown")


@pytest.mark.parametrize("number", ["100000000000000000001", "1e400"])
def test_a_number_that_has_lost_digits_is_no_id(tmp_path: Path, number: str) -> None:
    lines = JSON.replace('format = "json"\npath = "data.items"', 'format = "ndjson"')
    (row,) = read(tmp_path, lines, f'{{"meta": {{"id": {number}}}, "where": "1, 2"}}\n')
    assert isinstance(row, Rejection)


def test_long_numbers_make_different_ids() -> None:
    assert made_id(["123456789012345678901234567890123"]) != made_id(["123456789012345678901234567890999"])


def test_a_row_that_is_nested_too_deeply_is_rejected_alone(tmp_path: Path) -> None:
    deep = '{"a": ' * 980 + "1" + "}" * 980
    good = '{"meta": {"id": 2}, "where": "1, 2"}'
    bad = f'{{"meta": {{"id": 1}}, "where": "1, 2", "deep": {deep}}}'
    rejected, record = read(tmp_path, JSON, f'{{"data": {{"items": [{bad}, {good}]}}}}')
    assert isinstance(rejected, Rejection)
    assert isinstance(record, FacilityRecord)


@pytest.mark.parametrize("where", ["1" + " " * 20_000 + "x", "1_0, 2"])
def test_a_position_that_is_none_is_rejected_shortly(tmp_path: Path, where: str) -> None:
    (row,) = read(tmp_path, JSON, json.dumps({"data": {"items": [{"meta": {"id": 1}, "where": where}]}}))
    assert isinstance(row, Rejection)
    assert len(row.reason) < 200
