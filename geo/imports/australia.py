"""Reads Australia's National Public Toilet Map (toiletmap.gov.au), the CSV editions since 2016.

In this source False is a surveyed no, except for the flags of POSITIVE_ONLY, which were initially False for all rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.csv_table import Row, point_of, read_rows
from geo.imports.record import FacilityRecord, Rejection

COLUMN_OF_EDITION: Mapping[str, str] = {
    "FacilityID": "ToiletID",
    "Address1": "address",
    "Town": "suburb",
    "State": "state.abbr",
    "Shower": "Showers",
    "MLAK24": "MLAK",
}
"""Names of columns in 2016, by their later names."""

REQUIRED_COLUMNS = ("ToiletID", "Latitude", "Longitude", "Male", "Female", "Unisex")

POSITIVE_ONLY = ("Accessible", "AllGender", "BabyCareRoom")
"""Flags that a later edition added, of which only True was surveyed."""

TOILET_FLAGS = (
    *("Male", "Female", "Unisex", "AccessibleMale", "AccessibleFemale", "AccessibleUnisex"),
    *("Accessible", "AllGender", "Ambulant"),
)

COLUMNS_OF_ATTRIBUTE: Mapping[str, tuple[str, ...]] = {
    "wheelchair": ("AccessibleMale", "AccessibleFemale", "AccessibleUnisex", "Accessible"),
    "fee": ("PaymentRequired",),
    "changing_table": ("BabyChange", "BabyCareRoom"),
    # If all toilets of a sex are accessible ones, Male or Female alone is False.
    "all_gender": ("Unisex", "AccessibleUnisex", "AllGender"),
    "male": ("Male", "AccessibleMale"),
    "female": ("Female", "AccessibleFemale"),
    "shower": ("Showers",),
    "drinking_water": ("DrinkingWater",),
}
"""Flags by attribute: yes if one of them is True."""

HOURS: Mapping[str, str | None] = {
    "AllHours": "24/7",
    "OPEN: 24 hours": "24/7",
    "DaylightHours": "sunrise-sunset",
    "OPEN: Daylight hours": "sunrise-sunset",
    "Variable": None,
    "OPEN: Variable hours": None,
    "": None,
}
"""The map's opening hours in OSM syntax; other texts of later editions are kept unchanged."""

CURRENTLY_CLOSED = "Currently closed"

TAKEN_COLUMNS = frozenset({"ToiletID", "Latitude", "Longitude", "Name", "address", "suburb", "state.abbr", "Postcode"})
"""Columns that a record contains completely; all others are kept in its tags."""


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the rows of the map.

    Raises:
        UnreadableFile: the file is missing, not CSV, not UTF-8, or not of the map.
    """
    return read_rows(path, _check_columns, _facility_of_row, ("ToiletID", "FacilityID"))


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    known = {COLUMN_OF_EDITION.get(column, column) for column in columns}
    missing = [column for column in REQUIRED_COLUMNS if column not in known]
    if missing:
        raise UnreadableFile(f"{path.name} is not the National Public Toilet Map: it lacks {missing[0]}")


def _facility_of_row(row: Row) -> FacilityRecord | Rejection:
    row = {COLUMN_OF_EDITION.get(column, column): value for column, value in row.items()}
    external_id = row["ToiletID"]
    if not external_id:
        return Rejection("", "ToiletID is empty")
    try:
        location = point_of(row["Longitude"], row["Latitude"])
    except InvalidCoordinates as error:
        return Rejection.of(external_id, error)
    hours = row.get("IsOpen", row.get("OpeningHours", ""))
    return FacilityRecord(
        external_id=external_id,
        kind="toilets",
        location=location,
        name=row.get("Name") or None,
        closed=hours == CURRENTLY_CLOSED or _is_only_a_dump_point(row),
        attributes=_attributes_of(row),
        street=row.get("address") or None,
        postcode=row.get("Postcode") or None,
        city=row.get("suburb") or None,
        region=row.get("state.abbr") or None,
        country="AU",
        opening_hours=None if hours == CURRENTLY_CLOSED else HOURS.get(hours, hours),
        tags={column: value for column, value in row.items() if value and column not in TAKEN_COLUMNS},
    )


def _attributes_of(row: Row) -> dict[str, str]:
    flags = {name: _any_flag(row, *columns) for name, columns in COLUMNS_OF_ATTRIBUTE.items()}
    # MLAK: the Master Locksmiths Access Key opens it.
    scheme = "mlak" if _any_flag(row, "MLAK") == "yes" else None
    words = {"access": _access_of(row), **flags, "key_scheme": scheme}
    return {name: word for name, word in words.items() if word is not None}


def _flag(row: Row, column: str) -> str | None:
    """Return yes or no for True or False; None if the column is missing or empty."""
    value = row.get(column, "").lower()
    if value == "false" and column in POSITIVE_ONLY:
        return None
    return {"true": "yes", "false": "no"}.get(value)


def _any_flag(row: Row, *columns: str) -> str | None:
    flags = {_flag(row, column) for column in columns}
    return "yes" if "yes" in flags else "no" if "no" in flags else None


def _access_of(row: Row) -> str | None:
    """Return ``key`` if KeyRequired is True, and ``public`` if it is False.

    The Master Locksmiths Access Key (MLAK) opens the accessible cabin after hours; by day the place is open to all.
    AccessLimited means that not everybody may enter at all times, but not who and when: unknown.
    """
    key_required = _flag(row, "KeyRequired")
    if key_required == "yes":
        return "key"
    return "public" if key_required == "no" and _flag(row, "AccessLimited") != "yes" else None


def _is_only_a_dump_point(row: Row) -> bool:
    """Return whether a row is only a place to empty a caravan's tank, without a toilet.

    The map lists 434 of them (2016) without any toilet. They are imported as closed, so that the counts agree with the
    source.
    """
    is_dump_point = row.get("IconAltText") == "Caravan Dump Point" or _flag(row, "DumpPoint") == "yes"
    return is_dump_point and _any_flag(row, *TOILET_FLAGS) != "yes"
