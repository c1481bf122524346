"""Facility records as lines of PostgreSQL's COPY, with what the database would otherwise have to work out."""

import hashlib
import struct
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from operator import attrgetter

import orjson

from geo.coordinates import SRID_WGS84, Point
from geo.facilities.hours import compile_hours, multirange
from geo.imports.record import FacilityRecord

COPY_CHUNK_ROWS = 500
"""Rows handed to COPY at once: about 200 kB of text."""

TEXT_COLUMNS = (
    *("kind", "name", "venue", "access", "wheelchair", "fee", "changing_table", "all_gender", "male", "female"),
    *("shower", "drinking_water", "operator", "street", "house_number", "postcode", "city", "region", "country"),
    "level",
)
"""Columns of facility that a record fills by the same name."""

FACILITY_COLUMNS = (
    "location",
    *TEXT_COLUMNS,
    *("opening_hours", "opening_hours_note", "open_during", "unknown_during"),
    "tags",
)
"""All columns of facility that an import owns."""

STAGED_COLUMNS = ("row_number", "external_id", "closed", "digest", *FACILITY_COLUMNS)
"""The fields of a line, in their order."""

_texts_of = attrgetter(*TEXT_COLUMNS)

_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
"""What COPY's text format must not meet as it stands. Its CSV would not do: it takes an empty text for NULL, and
``\\.`` on a line of its own, even within quotes, for the end."""

_EWKB_POINT_WITH_SRID = 0x20000001


class CopyFile:
    """Lines as the readable file that psycopg2's COPY asks for.

    Attributes:
        failure: what stopped the lines in mid-way, which psycopg2 hides behind an error of its own.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.failure: BaseException | None = None
        self._lines = iter(lines)

    def read(self, _size: int = -1) -> str:
        """The next chunk of whole lines; empty at the end."""
        try:
            return "".join(islice(self._lines, COPY_CHUNK_ROWS))
        except BaseException as error:
            self.failure = error
            raise


def copy_line(row_number: int, record: FacilityRecord, as_of: datetime) -> str:
    """Write a record as the fields of STAGED_COLUMNS, with a digest of all that its source says."""
    said = (record.external_id, record.closed, _ewkb(record.location), *_texts_of(record), record.opening_hours)
    tags = orjson.dumps(record.tags, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(orjson.dumps(said) + tags, digest_size=16).hexdigest()
    external_id, closed, *columns, _ = said
    texts = [external_id, *columns, *_compiled(record, as_of), tags.decode()]
    if _needs_escapes("".join(filter(None, texts))):
        texts = [text and text.translate(_ESCAPES) for text in texts]
    external_id, *columns = (_NULL if text is None else text for text in texts)
    return "\t".join((str(row_number), external_id, "t" if closed else "f", rf"\\x{digest}", *columns)) + "\n"


def _needs_escapes(text: str) -> bool:
    """Whether any of ESCAPES may be in a text: cheaper to ask once a row than to translate each field."""
    return "\\" in text or not text.isprintable()


def _compiled(record: FacilityRecord, as_of: datetime) -> tuple[str | None, ...]:
    """Opening hours, their note, and when it is open and unknown; text in no syntax is only a note."""
    text = record.opening_hours
    hours = compile_hours(text, record.location, as_of) if text else None
    if hours is None:
        return (None, text, None, None)
    return (text, None, multirange(hours.open_during), multirange(hours.unknown_during))


def _ewkb(point: Point) -> str:
    """The point as hexadecimal EWKB, little-endian."""
    return struct.pack("<BIIdd", 1, _EWKB_POINT_WITH_SRID, SRID_WGS84, point.lon, point.lat).hex()
