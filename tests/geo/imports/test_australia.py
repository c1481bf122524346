import csv
from pathlib import Path

import pytest

from geo.errors import UnreadableFile
from geo.imports import australia
from geo.imports.record import FacilityRecord, Rejection
from tests.geo.imports.real_data import real_file

ROW_OF_2016 = {
    "ToiletID": "1", "Name": "Sandy Beach Reserve", "address": "West Road", "suburb": "Bassendean",
    "Postcode": "6054", "Male": "True", "Female": "True", "Unisex": "False", "AccessLimited": "False",
    "PaymentRequired": "False", "KeyRequired": "False", "AccessibleMale": "True",
    "AccessibleFemale": "True", "AccessibleUnisex": "False", "MLAK": "False", "IsOpen": "AllHours",
    "BabyChange": "False", "Showers": "True", "DrinkingWater": "False", "SharpsDisposal": "True",
    "IconAltText": "Male and Female, or Unisex (Accessible)",
    "Latitude": "-31.921836", "Longitude": "115.95020622", "state.abbr": "WA",
}  # fmt: skip

ROW_OF_2026 = {
    "FacilityID": "123", "URL": "https://toiletmap.gov.au/facility/123", "Name": "Example Park",
    "FacilityType": "Park or reserve", "Address1": "1 Example St", "Town": "Sydney", "State": "NSW",
    "Latitude": "-33.8708", "Longitude": "151.2073", "KeyRequired": "False", "MLAK24": "False",
    "MLAKAfterHours": "True", "PaymentRequired": "False", "BabyChange": "False", "BabyCareRoom": "True",
    "DumpPoint": "False", "OpeningHours": "OPEN: Daylight hours", "Male": "False", "Female": "False",
    "Unisex": "False", "AllGender": "True", "Ambulant": "False", "Accessible": "False",
    "DrinkingWater": "True", "Shower": "False",
}  # fmt: skip


def read_row(path: Path, row: dict[str, str], **changes: str) -> FacilityRecord | Rejection:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow({**row, **changes})
    (read,) = australia.read(path)
    return read


def record_of(path: Path, row: dict[str, str], **changes: str) -> FacilityRecord:
    record = read_row(path, row, **changes)
    assert isinstance(record, FacilityRecord)
    return record


def test_a_row_of_the_2016_edition_is_read(tmp_path: Path) -> None:
    record = record_of(tmp_path / "x.csv", ROW_OF_2016)
    assert (record.external_id, record.kind, record.name) == ("1", "toilets", "Sandy Beach Reserve")
    assert (record.location.lon, record.location.lat) == (115.95020622, -31.921836)
    assert (record.street, record.city, record.postcode) == ("West Road", "Bassendean", "6054")
    assert (record.region, record.country) == ("WA", "AU")
    assert (record.attributes.get("access"), record.attributes.get("fee"), record.attributes.get("wheelchair")) == (
        "public",
        "no",
        "yes",
    )
    assert (
        record.attributes.get("shower"),
        record.attributes.get("drinking_water"),
        record.attributes.get("changing_table"),
    ) == ("yes", "no", "no")
    assert (record.attributes.get("male"), record.attributes.get("female"), record.attributes.get("all_gender")) == (
        "yes",
        "yes",
        "no",
    )
    assert (record.opening_hours, record.closed) == ("24/7", False)
    assert record.tags["SharpsDisposal"] == "True"
    assert "Latitude" not in record.tags


def test_a_row_of_a_later_edition_is_read_by_its_column_names(tmp_path: Path) -> None:
    record = record_of(tmp_path / "x.csv", ROW_OF_2026)
    assert (record.external_id, record.street, record.city, record.region) == (
        "123", "1 Example St", "Sydney", "NSW",
    )  # fmt: skip
    assert (record.opening_hours, record.attributes.get("shower"), record.attributes.get("drinking_water")) == (
        "sunrise-sunset",
        "no",
        "yes",
    )
    assert (record.attributes.get("all_gender"), record.attributes.get("changing_table")) == ("yes", "yes")


def test_a_flag_that_defaults_to_false_does_not_mean_no(tmp_path: Path) -> None:
    assert record_of(tmp_path / "x.csv", ROW_OF_2026).attributes.get("wheelchair") is None


def test_an_after_hours_key_does_not_restrict_daytime_access(tmp_path: Path) -> None:
    assert record_of(tmp_path / "x.csv", ROW_OF_2026).attributes.get("access") == "public"


@pytest.mark.parametrize(
    ("changes", "access"),
    [
        ({"KeyRequired": "True"}, "key"),
        ({"KeyRequired": "True", "AccessLimited": "True"}, "key"),
        ({"MLAK": "True"}, "public"),
        ({"MLAK": "True", "AccessLimited": "True"}, None),
        ({"AccessLimited": "True"}, None),
        ({}, "public"),
        ({"KeyRequired": ""}, None),
    ],
)
def test_access_is_by_key_restricted_or_public(tmp_path: Path, changes: dict[str, str], access: str | None) -> None:
    assert record_of(tmp_path / "x.csv", ROW_OF_2016, **changes).attributes.get("access") == access


@pytest.mark.parametrize(
    ("word", "hours"),
    [
        ("AllHours", "24/7"),
        ("DaylightHours", "sunrise-sunset"),
        ("Variable", None),
        ("", None),
        ("OPEN: 9am-5pm", "OPEN: 9am-5pm"),
    ],
)
def test_opening_hours_are_converted_to_osm_syntax_or_left_unchanged(
    tmp_path: Path, word: str, hours: str | None
) -> None:
    assert record_of(tmp_path / "x.csv", ROW_OF_2016, IsOpen=word).opening_hours == hours


def test_a_facility_marked_currently_closed_is_closed(tmp_path: Path) -> None:
    record = record_of(tmp_path / "x.csv", ROW_OF_2026, OpeningHours="Currently closed")
    assert (record.closed, record.opening_hours) == (True, None)


def test_a_dump_point_for_caravans_is_not_offered_as_a_toilet(tmp_path: Path) -> None:
    none = dict.fromkeys(("Male", "Female", "AccessibleMale", "AccessibleFemale"), "False")
    record = record_of(tmp_path / "x.csv", ROW_OF_2016, IconAltText="Caravan Dump Point", **none)
    assert record.closed


def test_a_toilet_with_a_dump_point_stays_open(tmp_path: Path) -> None:
    assert not record_of(tmp_path / "x.csv", ROW_OF_2016, IconAltText="Caravan Dump Point").closed
    assert not record_of(tmp_path / "x.csv", ROW_OF_2026, DumpPoint="True").closed


@pytest.mark.parametrize(
    ("changes", "rejection"),
    [
        ({"Latitude": ""}, Rejection("1", "row 2: lon '115.95020622' and lat '' must be numbers")),
        ({"Latitude": "nan"}, Rejection("1", "row 2: latitude nan must be between -90 and 90")),
        ({"ToiletID": ""}, Rejection("row 2", "row 2: ToiletID is empty")),
    ],
)
def test_a_row_without_a_valid_position_is_rejected(
    tmp_path: Path, changes: dict[str, str], rejection: Rejection
) -> None:
    assert read_row(tmp_path / "x.csv", ROW_OF_2016, **changes) == rejection


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ToiletID,Name\n1,x\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"x\.csv is not the National Public Toilet Map: it lacks Latitude"):
        list(australia.read(path))


def test_the_map_of_2016_has_the_published_counts() -> None:
    rows = list(australia.read(real_file("australia_nptm_2016.csv")))
    records = [row for row in rows if isinstance(row, FacilityRecord)]
    assert len(rows) == len(records) == 17_985
    assert sum(record.attributes.get("changing_table") == "yes" for record in records) == 1833
    assert sum(record.attributes.get("shower") == "yes" for record in records) == 1009
    assert sum(record.attributes.get("drinking_water") == "yes" for record in records) == 1308
    assert sum(record.closed for record in records) == 434
    assert all(
        record.attributes.get("fee") and record.attributes.get("wheelchair") and record.attributes.get("male")
        for record in records
    )
