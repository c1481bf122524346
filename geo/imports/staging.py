"""Formats facility records as lines of PostgreSQL's COPY, with compiled hours and digests."""

import hashlib
import struct
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import IO, Any

import orjson
import psycopg2

from geo.coordinates import SRID_WGS84, Point
from geo.database import Session, sql_connection
from geo.errors import DatabaseUnavailable
from geo.facilities.attributes import ATTRIBUTE_NAMES
from geo.facilities.hours import compile_hours
from geo.facilities.models import MAX_CHARACTERS
from geo.imports.record import FacilityRecord

COPY_CHUNK_ROWS = 500
"""Rows passed to COPY at once: about 100 kB of text."""

HOURS_KEPT = 2048
"""Number of cached hours, about 4 kB each. Hours that are no longer cached are written a second time."""

IN_MEMORY_BYTES = 1_048_576
"""Bytes of hours, and of rejected ids, that wait in memory for the end of the rows; more are stored on disk."""

TEXT_COLUMNS = (
    *("kind", "name", "venue", "operator", "street", "house_number", "postcode", "city", "region", "country", "level"),
)
"""Columns of facility with the same name in a record."""

ROW_COLUMNS = ("location", *TEXT_COLUMNS, *ATTRIBUTE_NAMES, "opening_hours", "opening_hours_note", "tags")
HOURS_COLUMNS = ("open_during", "unknown_during")
"""The columns of facility that an import sets, with ROW_COLUMNS; many rows share their values."""

STAGED_COLUMNS = ("row_number", "external_id", "closed", "digest", "hours_number", *ROW_COLUMNS)
HOURS_FIELDS = ("hours_number", *HOURS_COLUMNS)
"""The fields of a line of hours, in order."""

_texts_of = attrgetter(*TEXT_COLUMNS)

_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""Characters that COPY's text format must escape. Its CSV format is not suitable: it reads an empty text as NULL, and
``\\.`` on its own line, even within quotes, as the end."""

_EWKB_POINT_WITH_SRID = 0x20000001


class CopyFile:
    """A readable file of lines, for psycopg2's COPY.

    Attributes:
        failure: the error that interrupted the lines, which psycopg2 hides behind its own error.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.failure: BaseException | None = None
        self._lines = iter(lines)

    def read(self, _size: int = -1) -> str:
        """Return the next chunk of whole lines; empty at the end."""
        try:
            return "".join(islice(self._lines, COPY_CHUNK_ROWS))
        except BaseException as error:
            self.failure = error
            raise


def copy_into(session: Session, copy: str, file: CopyFile) -> None:
    """Send lines to the database.

    Args:
        session: a write session.
        copy: a COPY statement.
        file: the lines.

    Raises:
        DatabaseUnavailable: the connection broke while the lines were sent.
    """
    connection = sql_connection(session)
    driver_connection: Any = connection.connection.driver_connection
    try:
        with driver_connection.cursor() as cursor:
            cursor.copy_expert(copy, file)
    except psycopg2.Error as error:
        if file.failure is not None:
            raise file.failure from None
        connection.invalidate()
        raise DatabaseUnavailable("the database aborted the import: nothing was changed") from error


class StagedHours:
    """Numbered compiled hours: most rows share them with others, and they are four times as long as the rest of a row.

    They are kept in a file until the end of the rows, because only one COPY runs at a time.
    """

    def __init__(self, file: IO[str], as_of: datetime) -> None:
        """Compile for the weeks after ``as_of``, and write lines of HOURS_FIELDS to the file."""
        self._file = file
        self._as_of = as_of
        self._count = 0
        self._numbers: dict[tuple[str, str], str] = {}

    def number_of(self, text: str, location: Point) -> str | None:
        """Return the number of a text's hours at a place; None for text that is only a note."""
        hours = compile_hours(text, location, self._as_of)
        if hours is None:
            return None
        written = hours.multiranges
        return self._numbers.get(written) or self._written(written)

    def _written(self, multiranges: tuple[str, str]) -> str:
        if len(self._numbers) == HOURS_KEPT:
            self._numbers.clear()
        self._count += 1
        number = self._numbers[multiranges] = str(self._count)
        self._file.write("\t".join((number, *multiranges)) + "\n")
        return number


def copy_line(row_number: int, record: FacilityRecord, hours: StagedHours) -> str:
    """Return a line with the fields of STAGED_COLUMNS, including a digest of the whole record."""
    external_id, text, closed = record.external_id, record.opening_hours, "t" if record.closed else "f"
    location, texts = _ewkb(record.location), (*_texts_of(record), *map(record.attributes.get, ATTRIBUTE_NAMES))
    tags = orjson.dumps(record.tags, option=orjson.OPT_SORT_KEYS)
    fields = orjson.dumps((external_id, record.closed, location, *texts, text)) + tags
    digest = hashlib.blake2b(fields, digest_size=16).hexdigest()
    number = hours.number_of(text, record.location) if text else None
    syntax, note = (None, text and _note(text)) if number is None else (text, None)
    columns: list[str | None] = [external_id, location, *texts, syntax, note, tags.decode()]
    if b"\\" in fields:  # JSON escapes with backslashes, too
        columns = [column and escaped(column) for column in columns]
    external_id, *rest = [_NULL if column is None else column for column in columns]
    return "\t".join((str(row_number), external_id, closed, rf"\\x{digest}", number or _NULL, *rest)) + "\n"


def _note(text: str) -> str:
    """Return hours that are only a note for people, truncated to the length of the column."""
    most = MAX_CHARACTERS["opening_hours_note"]
    return text if len(text) <= most else f"{text[: most - 1]}…"


def escaped(text: str) -> str:
    """Escape a text as a field of COPY."""
    return text.translate(_ESCAPES)


def _ewkb(point: Point) -> str:
    """Return the point as hexadecimal EWKB, little-endian."""
    return struct.pack("<BIIdd", 1, _EWKB_POINT_WITH_SRID, SRID_WGS84, point.lon, point.lat).hex()
