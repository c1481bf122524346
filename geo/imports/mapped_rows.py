"""Reads the rows of a file by a mapping."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import Path
from typing import Any

from geo.coordinates import Point
from geo.errors import InvalidCoordinates, UnreadableFile
from geo.imports.csv_table import Row, point_of, read_rows
from geo.imports.geojson import location_of
from geo.imports.json_stream import stream_items, stream_lines
from geo.imports.mapping import HOURS_SYNTAXES, KEEP, REJECT, SKIP, UNKNOWN, Column, FileMapping, normal
from geo.imports.own_fields import facility_of, field_fault
from geo.imports.record import FacilityRecord, Rejection

DIGEST_BYTES = 8
"""Length of the hash in a made id: among a million rows, two different ones agree with a probability of 3e-8."""

PREFIX_CHARACTERS = 24
"""Length of the readable start of a made id."""

TWINS_SHOWN = 3

MAX_EXACT = 2**53
"""From here on, floats skip whole numbers: an id that JSON has as a number of 20 digits is no longer the same."""

DECIMAL_DIGITS = 28
"""Precision of decimal.Decimal."""

INDEX_DIGITS = 7
"""More digits than the index of an item in a row can have."""

LAT_LON_CHARACTERS = 100
"""Maximum length of a text with two coordinates."""

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?", re.ASCII)
_LAT_LON = re.compile(r"\s*[\[(]?\s*([-+.\d]+)\s*[,; ]\s*([-+.\d]+)\s*[\])]?\s*")
_ABSENT = object()


class _Invalid(Exception):
    """A row is rejected; the message names the field and the column. ``is_swapped`` as in InvalidCoordinates."""

    def __init__(self, reason: str, *, is_swapped: bool = False) -> None:
        super().__init__(reason)
        self.is_swapped = is_swapped


class _Skipped(Exception):
    """A row is not a facility."""


class MappedReader:
    """Reads a file by a mapping. ``notes`` contains afterwards what a summary does not.

    Attributes:
        mapping: the mapping.
        twins: made ids of rows that equal an earlier one in all columns of ``id_from``, in file order.
    """

    def __init__(self, mapping: FileMapping) -> None:
        self.mapping = mapping
        self.twins: list[str] = []
        self._rows_by_id: dict[str, int] = {}
        self._unseen = set[str]()
        # A column that becomes a field unchanged is not kept a second time.
        copied = {column.name for column in mapping.fields.values() if column.values is None and column.syntax is None}
        position = mapping.position
        self._taken = copied | {mapping.id, position.lon, position.lat, position.lat_lon, position.geometry}

    def read(self, path: Path) -> Iterator[FacilityRecord | Rejection]:
        """Read the facilities of a file.

        Raises:
            UnreadableFile: the file is missing, truncated, not of the mapping's format, or lacks a column.
        """
        rows = self.mapping.rows
        self.twins, self._rows_by_id, self._unseen = [], {}, set()
        if rows.format == "csv":
            id_columns = filter(None, (self.mapping.id,))
            yield from read_rows(path, self._check_columns, self._facility_of, tuple(id_columns), rows.delimiter)
            return
        self._unseen = set(self.mapping.columns)
        items = stream_lines(path) if rows.format == "ndjson" else stream_items(path, rows.path)
        for number, item in enumerate(items, start=1):
            facility = self._facility_of(item)
            if isinstance(facility, Rejection):
                reason = f"row {number}: {facility.reason}"
                yield replace(facility, external_id=facility.external_id or f"row {number}", reason=reason)
            elif facility is not None:
                yield facility

    def notes(self) -> list[str]:
        """Return sentences about made ids and about columns that no row has."""
        notes = []
        if self.mapping.id_from:
            columns = ", ".join(self.mapping.id_from)
            notes.append(f"ids are made of {columns}")
            if self.twins:
                more = ", …" if len(self.twins) > TWINS_SHOWN else ""
                shown = ", ".join(self.twins[:TWINS_SHOWN]) + more
                notes.append(f"rows equal to an earlier one in these columns, numbered: {len(self.twins)} ({shown})")
        keys = self.mapping.columns
        notes += [f'no row has "{column}", which {keys[column]} names' for column in keys if column in self._unseen]
        return notes

    def _check_columns(self, path: Path, columns: Sequence[str]) -> None:
        if not columns:
            raise UnreadableFile(f"{path.name} is empty")
        for column, key in self.mapping.columns.items():
            if column not in columns:
                close = get_close_matches(column, columns, 1)
                hint = f'did you mean "{close[0]}"?' if close else f"its columns are {', '.join(columns)}"
                raise UnreadableFile(f'{path.name} lacks the column "{column}", which {key} names; {hint}')
            if columns.count(column) > 1:
                raise UnreadableFile(f'{path.name} has the column "{column}" twice, which {key} names')

    def _facility_of(self, row: Any) -> FacilityRecord | Rejection | None:
        if not isinstance(row, dict):
            return Rejection("", "a row must be an object")
        words: dict[str, object] = {}
        fault: _Invalid | None = None
        external_id = ""
        try:
            words = self._fields_of(row)
        except _Skipped:
            return None
        except _Invalid as error:
            fault = error  # the id is read first, so that the rejection names it
        try:
            external_id = self._id_of(row)
            if fault is not None:
                raise fault
            location = self._location_of(row)
        except _Invalid as error:
            return Rejection(external_id, str(error), error.is_swapped)
        try:
            tags = {key: text for key, text in _scalars(row) if text and key not in self._taken}
        except RecursionError:
            return Rejection(external_id, "it is nested too deeply")
        return facility_of(external_id, location, words, tags)

    def _value(self, row: Row, column: str) -> Any:
        value = _value_at(row, column)
        if value is _ABSENT:
            return None
        self._unseen.discard(column)
        return value

    def _text(self, row: Row, column: str, key: str) -> str:
        value = self._value(row, column)
        if value is None:
            return ""
        if isinstance(value, list | dict):
            raise _Invalid(f'{key} (column "{column}") must be text or a number, not an array or an object')
        if isinstance(value, float) and not abs(value) < MAX_EXACT:
            raise _Invalid(f'{key} (column "{column}"): {value} has lost digits; it must be text')
        return _text_of(value)

    def _id_of(self, row: Row) -> str:
        if self.mapping.id:
            external_id = self._text(row, self.mapping.id, "id")
            if not external_id:
                raise _Invalid(f'id (column "{self.mapping.id}") is empty')
            return external_id
        texts = [self._text(row, column, "id_from") for column in self.mapping.id_from]
        if not any(texts):
            raise _Invalid(f"id_from: {', '.join(self.mapping.id_from)} are all empty")
        made = made_id(texts)
        equals = self._rows_by_id[made] = self._rows_by_id.get(made, 0) + 1
        if equals == 1:
            return made
        self.twins.append(f"{made}-{equals}")
        return self.twins[-1]

    def _location_of(self, row: Row) -> Point:
        position = self.mapping.position
        columns = ", ".join(f'"{column}"' for column in (position.lon, position.lat) if column)
        columns = columns or f'"{position.lat_lon or position.geometry}"'
        try:
            if position.geometry:
                return location_of(self._value(row, position.geometry))
            if position.lat_lon:
                lat, lon = _lat_lon_of(self._value(row, position.lat_lon))
            else:
                lon, lat = (self._text(row, column, "position") for column in (position.lon, position.lat))
            return point_of(lon, lat)
        except InvalidCoordinates as error:
            raise _Invalid(f"position (columns {columns}): {error}", is_swapped=error.is_swapped) from error

    def _fields_of(self, row: Row) -> dict[str, object]:
        words: dict[str, object] = dict(self.mapping.constants)
        fault: _Invalid | None = None
        for field, column in self.mapping.fields.items():
            try:
                words[field] = self._translated(row, field, column)
            except _Invalid as error:
                fault = fault or error  # a row that is skipped is not rejected, whatever its other columns contain
        if fault:
            raise fault
        return words

    def _translated(self, row: Row, field: str, column: Column) -> str | None:
        text = self._text(row, column.name, field)
        outcome = _outcome_of(text, column)
        if outcome == REJECT:
            raise _Invalid(f'{field} (column "{column.name}"): {text!r} is not in its table of values')
        if outcome == SKIP and field == "kind":
            raise _Skipped
        if outcome == UNKNOWN:
            return None
        word = _own_text(text, column) if outcome is None else outcome
        if word and (fault := field_fault(field, word)):
            raise _Invalid(f'{fault} (column "{column.name}")')
        return word


def made_id(texts: Iterable[str]) -> str:
    """Return an id made of texts: a readable start, and a hash that ignores case, white space and trailing zeros."""
    normalised = [_normal_number(normal(text)) for text in texts]
    digest = blake2b("\x1f".join(normalised).encode(), digest_size=DIGEST_BYTES).hexdigest()
    readable = "-".join(re.findall(r"\w+", next(filter(None, normalised), "")))[:PREFIX_CHARACTERS].strip("-_")
    return f"{readable}-{digest}" if readable else digest


def _normal_number(text: str) -> str:
    is_exact = len(text) < DECIMAL_DIGITS and _NUMBER.fullmatch(text)
    return f"{Decimal(text).normalize():f}" if is_exact else text


def _outcome_of(text: str, column: Column) -> str | None:
    """Return what the table of values says for a text: a word, REJECT, SKIP or UNKNOWN; None if the text counts."""
    values = column.values or {}
    outcome = values.get(normal(text))
    is_left_to_default = outcome is None and bool(text) and column.values is not None and column.syntax is None
    if is_left_to_default and column.default != KEEP:
        return column.default
    return outcome


def _own_text(text: str, column: Column) -> str | None:
    if text and column.syntax:
        return HOURS_SYNTAXES[column.syntax](text) or text
    return text or None


def _value_at(row: Any, path: str) -> Any:
    """Return the value under keys joined by dots; a key that contains dots itself is found, too."""
    if isinstance(row, dict) and path in row:
        return row[path]
    head, dot, rest = path.partition(".")
    if isinstance(row, list) and head.isdecimal() and len(head) < INDEX_DIGITS and int(head) < len(row):
        return _value_at(row[int(head)], rest) if dot else row[int(head)]
    return _value_at(row[head], rest) if dot and isinstance(row, dict) and head in row else _ABSENT


def _scalars(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The texts of a row by path. Arrays and geometries are left out."""
    for key, value in row.items():
        if isinstance(value, dict):
            if "coordinates" not in value:
                yield from _scalars(value, f"{prefix}{key}.")
        elif value is not None and not isinstance(value, list):
            yield prefix + key, _text_of(value)


def _text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _lat_lon_of(value: Any) -> tuple[str, str]:
    match value:
        case [str() | int() | float() as lat, str() | int() | float() as lon]:
            return str(lat), str(lon)
        case str() if len(value) <= LAT_LON_CHARACTERS and (found := _LAT_LON.fullmatch(value)):
            return found[1], found[2]
    shown = repr(value)[:LAT_LON_CHARACTERS]
    raise InvalidCoordinates(f'{shown} must be "lat, lon"' if value else "it has no position")
