from pathlib import Path

import pytest

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.imports import csv_table
from geo.imports.record import FacilityRecord, Rejection

HEADER = "external_id,kind,lon,lat,name,fee\n"


def table(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding, newline="")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_row_is_read_with_a_byte_order_mark_or_without(tmp_path: Path, encoding: str) -> None:
    path = table(tmp_path / "x.csv", HEADER + 'a1,toilets,24.94, 60.17 ,"Töölö, ""north""",\r\n', encoding)
    assert list(csv_table.read(path)) == [FacilityRecord("a1", "toilets", Point(24.94, 60.17), name='Töölö, "north"')]


def test_every_field_of_a_record_has_a_column(tmp_path: Path) -> None:
    row = {
        "external_id": "a1", "kind": "toilets", "lon": "1", "lat": "2", "name": "N", "venue": "cafe",
        "closed": "yes", "access": "key", "wheelchair": "limited", "fee": "no", "changing_table": "yes",
        "all_gender": "no", "male": "yes", "female": "yes", "shower": "no", "drinking_water": "yes",
        "menstrual_products": "limited", "toilets": "yes", "changing_table_location": "room", "key_scheme": "radar",
        "operator": "O", "street": "S", "house_number": "1", "postcode": "P", "city": "C", "region": "R",
        "country": "FI", "level": "-1", "opening_hours": "24/7",
    }  # fmt: skip
    path = table(tmp_path / "x.csv", ",".join(row) + "\n" + ",".join(row.values()) + "\n")
    (record,) = csv_table.read(path)
    assert isinstance(record, FacilityRecord)
    assert (record.location, record.closed) == (Point(1, 2), True)
    for name, value in row.items():
        if name in ATTRIBUTE_NAMES:
            assert record.attributes[name] == value
        elif name not in ("lon", "lat", "closed"):
            assert getattr(record, name) == value
    assert record.attributes.keys() == set(ATTRIBUTE_NAMES)


@pytest.mark.parametrize(
    ("row", "rejection"),
    [
        ("a1,bench,1,2,,", Rejection("a1", "row 3: kind must be one of toilets,")),
        ("a1,,1,2,,", Rejection("a1", "row 3: kind is empty")),
        ("a1,toilets,1,2,,true", Rejection("a1", "row 3: fee must be one of yes, no, not 'true'")),
        ("a1,toilets,nan,2,,", Rejection("a1", "row 3: longitude nan must be between")),
        ("a1,toilets,1,91,,", Rejection("a1", "row 3: latitude 91.0 must be between")),
        ("a1,toilets,,2,,", Rejection("a1", "row 3: lon '' and lat '2' must be numbers")),
        (",toilets,1,2,,", Rejection("row 3", "row 3: external_id is empty")),
        ("a1,toilets,1,2,Cafe, the old one,", Rejection("a1", "row 3: 7 cells under 6 columns")),
        ("a1,toilets,1,2", Rejection("a1", "row 3: 4 cells under 6 columns")),
        (f"a1,toilets,1,2,{'x' * 200_000},", Rejection("a1", "row 3: name has 200,000 characters, more than 131,072")),
        (f"{'x' * 200_000},toilets,1,2,,", Rejection("row 3", "row 3: external_id has 200,000 characters")),
    ],
)
def test_a_bad_row_is_rejected_with_its_number_and_the_rest_is_read(
    tmp_path: Path, row: str, rejection: Rejection
) -> None:
    path = table(tmp_path / "x.csv", f"{HEADER}\n{row}\nb2,shower,3,4,,yes\n")
    rejected, record = csv_table.read(path)
    assert isinstance(rejected, Rejection)
    assert rejected.external_id == rejection.external_id
    assert rejected.reason.startswith(rejection.reason)
    assert isinstance(record, FacilityRecord)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "x.csv lacks the column external_id"),
        ("external_id,kind,lon\n", "x.csv lacks the column lat"),
        ("external_id,kind,lon,lat,colour\n", "x.csv has an unknown column: 'colour'"),
        ("external_id,kind,lon,lat,tags\n", "x.csv has an unknown column: 'tags'"),
        ("external_id,kind,lon,lat,name,name\n", "x.csv has the same column twice"),
        (HEADER + 'a1,toilets,1,2,"cut sh', "x.csv is truncated or not CSV: unexpected end of data"),
    ],
)
def test_a_table_without_the_required_columns_is_refused_in_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        list(csv_table.read(table(tmp_path / "x.csv", text)))
    assert str(caught.value) == sentence


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", HEADER + "a1,toilets,1,2,Töölö,\n", "latin-1")
    with pytest.raises(UnreadableFile, match=r"^x\.csv is not UTF-8 text$"):
        list(csv_table.read(path))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be opened: Is a directory"):
        list(csv_table.read(tmp_path))


def test_a_quote_that_is_never_closed_does_not_fill_memory(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", f'{HEADER}\na1,toilets,1,2,"{"x" * 3_000_000}\n')
    with pytest.raises(UnreadableFile, match=r"x\.csv is truncated or not CSV: field larger than field limit"):
        list(csv_table.read(path))
