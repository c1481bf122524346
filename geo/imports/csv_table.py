"""Reads CSV with one facility per row, columns named as in FacilityRecord, and lon and lat in degrees."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.files import SNIFFED_BYTES, delimiter_of, opened
from geo.imports.own_fields import FIELDS, facility_of
from geo.imports.record import FacilityRecord, Rejection

REQUIRED_COLUMNS = ("external_id", "kind", "lon", "lat")
KNOWN_COLUMNS = frozenset({*REQUIRED_COLUMNS, *FIELDS})

LONGEST_CELL = 131_072
"""Characters of a cell; a row with a longer one is rejected. No real cell is a hundredth as long. Python's csv module
has the same limit, with which it refuses the whole file."""

_UNCLOSED_QUOTE = 16 * LONGEST_CELL
"""Characters after which a cell must be the rest of a file whose quote was never closed: it would fill memory."""

csv.field_size_limit(_UNCLOSED_QUOTE)

Row = dict[str, str]


def read(path: Path) -> Iterator[FacilityRecord | Rejection]:
    """Read the rows of a CSV file with this project's columns.

    Raises:
        UnreadableFile: as for read_rows, or a required column is missing or a column is unknown.
    """
    return read_rows(path, _check_columns, _facility_of_row, ("external_id",))


def read_rows(
    path: Path,
    check_columns: Callable[[Path, Sequence[str]], None],
    facility_of_row: Callable[[Row], FacilityRecord | Rejection | None],
    id_columns: Sequence[str],
    delimiter: str | None = None,
) -> Iterator[FacilityRecord | Rejection]:
    """Read a CSV file row by row, in UTF-8 with or without a byte order mark, also compressed with gzip.

    Args:
        path: the file; its first row names the columns.
        check_columns: raises UnreadableFile if the columns are not valid.
        facility_of_row: parses one row, whose cells are stripped; None if the row is not a facility.
        id_columns: columns that contain the id of a row with too few or too many cells.
        delimiter: the character between cells. Default: detected from the first row.

    Raises:
        UnreadableFile: the file is missing, not CSV or not UTF-8.
    """
    try:
        with opened(path) as content, TextIOWrapper(content, "utf-8-sig", newline="") as file:
            if delimiter is None:
                delimiter = delimiter_of(file.readline(SNIFFED_BYTES), KNOWN_COLUMNS)
                file.seek(0)
            rows = csv.reader(file, delimiter=delimiter, strict=True)
            columns = [column.strip() for column in next(rows, [])]
            check_columns(path, columns)
            for number, cells in enumerate(rows, start=2):
                if not cells:
                    continue  # a blank line
                row = dict(zip(columns, map(str.strip, cells), strict=False))
                fault = _fault(columns, cells)
                facility = facility_of_row(row) if fault is None else Rejection(_id_of(row, id_columns), fault)
                if facility is not None:
                    yield _with_number(facility, number) if isinstance(facility, Rejection) else facility
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8 text") from error
    except csv.Error as error:
        raise UnreadableFile(f"{path.name} is truncated or not CSV: {error}") from error


def _id_of(row: Row, id_columns: Sequence[str]) -> str:
    ids = (row.get(column, "") for column in id_columns)
    return next((each for each in ids if 0 < len(each) <= LONGEST_CELL), "")


def _fault(columns: Sequence[str], cells: Sequence[str]) -> str | None:
    """Return what is wrong with the form of a row."""
    if len(cells) != len(columns):
        return f"{len(cells)} cells under {len(columns)} columns"
    longest = max(range(len(cells)), key=lambda index: len(cells[index]))
    if len(cells[longest]) > LONGEST_CELL:
        return f"{columns[longest]} has {len(cells[longest]):,} characters, more than {LONGEST_CELL:,}"
    return None


def point_of(lon: str, lat: str) -> Point:
    """Parse a longitude and a latitude in degrees, with a decimal point or comma.

    Raises:
        InvalidCoordinates: a value is not a number or out of range.
    """
    if "_" in lon + lat:  # Python's float() accepts 1_0
        raise InvalidCoordinates(f"lon {lon!r} and lat {lat!r} must be numbers")
    try:
        return Point(float(lon.replace(",", ".", 1)), float(lat.replace(",", ".", 1)))
    except ValueError:
        raise InvalidCoordinates(f"lon {lon!r} and lat {lat!r} must be numbers") from None


def _with_number(rejection: Rejection, number: int) -> Rejection:
    place = f"row {number}"
    return replace(rejection, external_id=rejection.external_id or place, reason=f"{place}: {rejection.reason}")


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    missing = [column for column in REQUIRED_COLUMNS if column not in columns]
    if missing:
        raise UnreadableFile(f"{path.name} lacks the column {missing[0]}")
    unknown = [column for column in columns if column not in KNOWN_COLUMNS]
    if unknown:
        raise UnreadableFile(f"{path.name} has an unknown column: {unknown[0]!r}")
    if len(set(columns)) < len(columns):
        raise UnreadableFile(f"{path.name} has the same column twice")


def _facility_of_row(row: Row) -> FacilityRecord | Rejection:
    external_id = row.pop("external_id")
    if not external_id:
        return Rejection("", "external_id is empty")
    try:
        location = point_of(row.pop("lon"), row.pop("lat"))
    except InvalidCoordinates as error:
        return Rejection.of(external_id, error)
    return facility_of(external_id, location, row, {})
