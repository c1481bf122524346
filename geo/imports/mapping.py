"""Parses mapping files: TOML that says how the columns of somebody else's file become this project's fields."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geo.errors import UnreadableFile
from geo.facilities.models import AUTHORITIES
from geo.imports import english_hours
from geo.imports.own_fields import ALLOWED_WORDS, FIELDS, field_fault
from geo.imports.record import Source

HOURS_SYNTAXES: Mapping[str, Callable[[str], str | None]] = MappingProxyType({"english": english_hours.opening_hours})
"""Functions that convert hours to OSM's syntax; None if the text has no exact meaning and stays a note."""

KEYS = (
    *("dataset", "licence", "attribution", "url", "authority", "id", "id_from"),
    *("rows", "position", "constants", "fields"),
)
"""The keys of a mapping."""

ROW_FORMATS = ("csv", "json", "ndjson", "geojson")

UNKNOWN, REJECT, KEEP, SKIP = "unknown", "reject", "keep", "skip"
"""What a table of values may say in place of a word: no value, reject the row, the source's text, leave the row out."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of a file are.

    Attributes:
        format: one of ROW_FORMATS.
        delimiter: the character between the cells of a CSV file; None: detected.
        path: keys, joined by dots, that lead to the array of rows in JSON; empty if the file is the array.
    """

    format: str
    delimiter: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """The columns with a row's position: either ``lon`` and ``lat``, or one of the others.

    Attributes:
        lon: longitude in degrees.
        lat: latitude in degrees.
        lat_lon: latitude and longitude in one text or one array, in this order.
        geometry: a GeoJSON geometry.
    """

    lon: str = ""
    lat: str = ""
    lat_lon: str = ""
    geometry: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The column of a field, and how its values are translated.

    Attributes:
        name: the column of a CSV file, or keys joined by dots in JSON.
        values: our word by the source's value, normalised by ``normal``; None if the column has our words.
        default: the word for values that are not in the table.
        syntax: one of HOURS_SYNTAXES, for the values that are not in the table.
    """

    name: str
    values: Mapping[str, str] | None = None
    default: str = REJECT
    syntax: str | None = None


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How a file of another publisher is read.

    Attributes:
        source: the source of the data, with its licence.
        authority: one of AUTHORITIES: whether the publisher runs the facilities, or volunteers collect the data.
        dataset: name of the dataset; None for the name of the file.
        rows: where the rows are.
        id: the column with a row's id; empty if the ids are made of other columns.
        id_from: the columns of which an id is made.
        position: the columns with the position.
        constants: values of fields that are the same in each row.
        fields: columns by field.
    """

    source: Source
    authority: str
    dataset: str | None
    rows: Rows
    id: str
    id_from: tuple[str, ...]
    position: Position
    constants: Mapping[str, str]
    fields: Mapping[str, Column]

    @property
    def columns(self) -> dict[str, str]:
        """The mapping's keys by the column that each names; the first key of a column that several name."""
        position = ("lon", "lat", "lat_lon", "geometry")
        named = [
            (self.id, "id"),
            *((column, "id_from") for column in self.id_from),
            *((getattr(self.position, key), f"position.{key}") for key in position),
            *((column.name, f"fields.{field}") for field, column in self.fields.items()),
        ]
        return {column: key for column, key in reversed(named) if column}


def normal(value: str) -> str:
    """Return a value without differences of case and white space."""
    return " ".join(value.split()).casefold()


def load(path: Path) -> FileMapping:
    """Read a mapping file.

    Raises:
        UnreadableFile: the file is missing, not TOML, or not a valid mapping; the message names the key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFile(f"{path.name} cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets nested as deep
        raise UnreadableFile(f"{path.name} is not TOML: {error}") from error
    try:
        return _mapping(_Table(document))
    except _Mistake as mistake:
        raise UnreadableFile(f"{path.name}: {mistake}") from mistake


class _Mistake(Exception):
    """A mistake in a mapping: its key, and the rule."""


class _Table:
    """A table of a TOML document, whose mistakes name the whole key."""

    def __init__(self, content: Mapping[str, Any], key: str = "") -> None:
        self.content = content
        self.key = key

    def name_of(self, key: str) -> str:
        """The whole key, as it would be written in TOML."""
        part = key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else f'"{key}"'
        return f"{self.key}.{part}" if self.key else part

    def mistake(self, key: str, rule: str) -> _Mistake:
        return _Mistake(f"{self.name_of(key)}: {rule}")

    def allow(self, allowed: Iterable[str]) -> None:
        """Check that there are no other keys."""
        names = sorted(allowed)
        for key in self.content:
            if key not in names:
                close = get_close_matches(key, names, 1)
                hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(names)}"
                raise self.mistake(key, f"unknown key; {hint}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.content.get(key, default)
        if value is None:
            raise self.mistake(key, "is required")
        if not isinstance(value, str) or (key in self.content and not value.strip()):
            raise self.mistake(key, "must be text that is not empty")
        if not value.isprintable():
            raise self.mistake(key, "must not contain control characters")
        return value

    def word(self, key: str, words: Iterable[str], default: str | None = None) -> str:
        value, words = self.text(key, default), tuple(words)
        if value not in words:
            raise self.mistake(key, f"must be one of {', '.join(words)}, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            raise self.mistake(key, "must be a list of columns")
        if key in self.content and not value:
            raise self.mistake(key, "must name at least one column")
        return tuple(value)

    def table(self, key: str) -> "_Table":
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.mistake(key, "must be a table")
        return _Table(value, self.name_of(key))


def _mapping(document: _Table) -> FileMapping:
    document.allow(KEYS)
    id_column, id_from = document.text("id", ""), document.texts("id_from")
    if bool(id_column) == bool(id_from):
        raise document.mistake("id", "either id (a column) or id_from (a list of columns) is required, not both")
    licence, attribution = document.text("licence"), document.text("attribution")
    try:
        source = Source(licence, attribution, document.text("url", "") or None)
    except ValueError as error:
        raise document.mistake("url", str(error)) from None
    rows = _rows(document.table("rows"))
    constants = _constants(document.table("constants"))
    fields = _fields(document.table("fields"))
    if both := sorted(constants.keys() & fields.keys()):
        raise document.mistake("constants", f"{both[0]} is also in fields")
    if "kind" not in constants.keys() | fields.keys():
        raise document.mistake("constants", 'kind is required here or in fields, such as kind = "toilets"')
    return FileMapping(
        source=source,
        authority=document.word("authority", AUTHORITIES, "community"),
        dataset=document.text("dataset", "") or None,
        rows=rows,
        id=id_column,
        id_from=id_from,
        position=_position(document.table("position"), rows),
        constants=MappingProxyType(constants),
        fields=MappingProxyType(fields),
    )


def _rows(table: _Table) -> Rows:
    table.allow(("format", "delimiter", "path"))
    format_ = table.word("format", ROW_FORMATS)
    if "delimiter" in table.content:
        delimiter = table.content["delimiter"]
        if format_ != "csv":
            raise table.mistake("delimiter", "is for csv only")
        if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
            raise table.mistake("delimiter", 'must be one character, such as ";" or "\\t"')
        return Rows(format_, delimiter)
    if "path" in table.content and format_ != "json":
        raise table.mistake("path", "is for json only")
    return Rows(format_, path="features" if format_ == "geojson" else table.text("path", ""))


def _position(table: _Table, rows: Rows) -> Position:
    ways = ({"lon", "lat"}, {"lat_lon"}, {"geometry"})
    table.allow(set[str]().union(*ways))
    named = set(table.content)
    if not named and rows.format == "geojson":
        return Position(geometry="geometry")
    if named not in ways:
        raise _Mistake("position: must have either lon and lat, or lat_lon, or geometry")
    if rows.format == "csv" and "geometry" in named:
        raise table.mistake("geometry", "is for JSON only; a CSV file needs lon and lat, or lat_lon")
    return Position(**{key: table.text(key) for key in named})


def _constants(table: _Table) -> dict[str, str]:
    table.allow(FIELDS)
    for key, value in table.content.items():
        if not isinstance(value, str) or not value:
            raise table.mistake(key, "must be text that is not empty")
        _check_word(table, key, key, value, ())
    return dict(table.content)


def _fields(table: _Table) -> dict[str, Column]:
    table.allow(FIELDS)
    return {field: _column(table, field) for field in table.content}


def _column(fields: _Table, field: str) -> Column:
    if isinstance(fields.content[field], str):
        return Column(fields.text(field))
    if not isinstance(fields.content[field], dict):
        raise fields.mistake(field, 'must be a column, or a table such as {column = "…", values = {…}}')
    table = fields.table(field)
    table.allow(("column", "values", "default", "syntax"))
    name = table.text("column")
    syntax = table.word("syntax", HOURS_SYNTAXES) if "syntax" in table.content else None
    if syntax and field != "opening_hours":
        raise table.mistake("syntax", "is for opening_hours only")
    if "default" in table.content:
        if syntax:
            raise table.mistake("default", "syntax reads the values that the table does not have; leave one out")
        if "values" not in table.content:
            raise table.mistake("default", "is for values that the table does not have; values is required")
        _check_word(table, "default", field, table.text("default"), _outcomes(field, keep=True))
    values = _values(table.table("values"), field) if "values" in table.content else None
    return Column(name, values, table.text("default", REJECT), syntax)


def _values(table: _Table, field: str) -> Mapping[str, str]:
    values: dict[str, str] = {}
    for value, word in table.content.items():
        if not isinstance(word, str) or not word:
            raise table.mistake(value, "must be text that is not empty")
        _check_word(table, value, field, word, _outcomes(field, keep=False))
        if values.setdefault(normal(value), word) != word:
            raise table.mistake(value, "the same value twice; case and white space make no difference")
    return MappingProxyType(values)


def _outcomes(field: str, *, keep: bool) -> tuple[str, ...]:
    # A column of free text may keep what the table does not have; a column of words would be rejected by its field.
    kept = (KEEP,) if keep and field not in ALLOWED_WORDS else ()
    return (UNKNOWN, REJECT, *kept, *((SKIP,) if field == "kind" else ()))


def _check_word(table: _Table, key: str, field: str, word: str, outcomes: tuple[str, ...]) -> None:
    if word in outcomes:
        return
    if field in ALLOWED_WORDS and word not in ALLOWED_WORDS[field]:
        raise table.mistake(key, f"must be one of {', '.join((*ALLOWED_WORDS[field], *outcomes))}, not {word!r}")
    if fault := field_fault(field, word):
        raise table.mistake(key, fault)
