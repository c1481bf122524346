"""The one way for facilities to get in: stream the rows of a dataset beside the tables, compare, then change.

An import tells the whole dataset: what it lists is added or changed, what it listed before and no longer does has
vanished and is offered to nobody, though its id and its ratings stay. It is idempotent by (dataset, external id), runs
in the caller's transaction, and never touches a rating.
"""

import csv
import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import SRID_WGS84, Point
from geo.facilities.hours import compile_hours, multirange
from geo.imports.record import FacilityRecord, Rejection, Source

REJECTIONS_KEPT = 100
"""How many rejections a summary quotes; the rest are counted. A person reads a hundred, and memory stays bounded."""

PROGRESS_EVERY_ROWS = 10_000
"""About every half second at the speed of an import."""

COPY_CHUNK_ROWS = 500
"""Rows handed to COPY at once: about 200 kB of text."""

TEXT_COLUMNS = (
    "kind",
    "name",
    "venue",
    "access",
    "wheelchair",
    "fee",
    "changing_table",
    "all_gender",
    "male",
    "female",
    "shower",
    "drinking_water",
    "operator",
    "street",
    "house_number",
    "postcode",
    "city",
    "region",
    "country",
    "level",
)
"""Columns of facility that a record fills by the same name."""

FACILITY_COLUMNS = (
    "location",
    *TEXT_COLUMNS,
    "opening_hours",
    "opening_hours_note",
    "open_during",
    "unknown_during",
    "tags",
)
"""All columns of facility that an import owns."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """What an import is all of.

    Attributes:
        name: the key of idempotency, together with the external id.
        source: whose data they are.
    """

    name: str
    source: Source


@dataclass(slots=True)
class ImportSummary:
    """What an import did, in facilities; ``rejections`` quotes the first of the ``rejected`` rows."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)

    def reject(self, rejection: Rejection) -> None:
        """Count a rejection, and keep it while there is room."""
        self.rejected += 1
        if len(self.rejections) < REJECTIONS_KEPT:
            self.rejections.append(rejection)


def write_dataset(
    session: Session,
    dataset: Dataset,
    rows: Iterable[FacilityRecord | Rejection],
    as_of: datetime,
    progress: Callable[[int], None] = lambda _rows: None,
) -> ImportSummary:
    """Make the dataset in the database equal to the rows.

    Args:
        session: a write session; the caller commits.
        dataset: which one.
        rows: all of it, from a reader.
        as_of: when it was seen, and the instant that opening hours are compiled from.
        progress: told now and then how many rows were read.

    Raises:
        UnreadableFile: from the reader, in mid-way; nothing has been changed.
    """
    summary = ImportSummary()
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(_STAGE)
    lines = _Lines(_staged_rows(rows, as_of, summary, progress))
    psycopg2_connection: Any = session.connection().connection.driver_connection
    with psycopg2_connection.cursor() as cursor:
        cursor.copy_expert(_COPY, lines)
    _reject_repeated(session, summary)
    dataset_id = session.execute(
        _DATASET,
        {
            "name": dataset.name,
            "licence": dataset.source.licence,
            "attribution": dataset.source.attribution,
            "url": dataset.source.url,
            "as_of": as_of,
        },
    ).scalar_one()
    parameters = {"dataset_id": dataset_id, "as_of": as_of}
    session.execute(_RESOLVE, parameters)
    outcomes: dict[str, int] = dict(session.execute(_COUNT_OUTCOMES).tuples().all())
    summary.added, summary.changed, summary.unchanged = (
        outcomes.get(outcome, 0) for outcome in ("added", "changed", "unchanged")
    )
    session.execute(_ADD_FACILITIES)
    session.execute(_ADD_SOURCES, parameters)
    session.execute(_CHANGE_FACILITIES, parameters)
    session.execute(_CHANGE_SOURCES, parameters)
    summary.vanished = len(session.execute(_VANISH, parameters).all())
    # Half the world may have moved: the planner learns of it at once, not when autovacuum comes by.
    session.execute(text("ANALYZE facility, facility_source"))
    return summary


class _Lines:
    """CSV lines as the readable file that psycopg2's COPY asks for."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows

    def read(self, _size: int = -1) -> str:
        """The next chunk of whole lines; empty at the end."""
        buffer = StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        for _, row in zip(range(COPY_CHUNK_ROWS), self._rows, strict=False):
            writer.writerow(row)
        return buffer.getvalue()


def _staged_rows(
    rows: Iterable[FacilityRecord | Rejection],
    as_of: datetime,
    summary: ImportSummary,
    progress: Callable[[int], None],
) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        summary.read += 1
        if summary.read % PROGRESS_EVERY_ROWS == 0:
            progress(summary.read)
        if isinstance(row, Rejection):
            summary.reject(row)
        else:
            yield _staged_row(row, as_of)
    progress(summary.read)


def _staged_row(record: FacilityRecord, as_of: datetime) -> tuple[Any, ...]:
    """The record as the staged table has it, with a digest of all that its source says."""
    said = (
        record.external_id,
        record.closed,
        _ewkb(record.location),
        *(getattr(record, column) for column in TEXT_COLUMNS),
        record.opening_hours,
    )
    tags = orjson.dumps(record.tags, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(orjson.dumps(said) + tags, digest_size=16).hexdigest()
    return (f"\\x{digest}", *said[:-1], *_compiled(record, as_of), tags.decode())


def _compiled(record: FacilityRecord, as_of: datetime) -> tuple[str | None, ...]:
    """Opening hours, their note, and when it is open and unknown; text in no syntax is only a note."""
    text_ = record.opening_hours
    hours = compile_hours(text_, record.location, as_of) if text_ else None
    if hours is None:
        return (None, text_, None, None)
    return (text_, None, multirange(hours.open_during), multirange(hours.unknown_during))


def _ewkb(point: Point) -> str:
    """The point as hexadecimal EWKB: little-endian, type point with SRID."""
    return struct.pack("<BIIdd", 1, 0x20000001, SRID_WGS84, point.lon, point.lat).hex()


def _reject_repeated(session: Session, summary: ImportSummary) -> None:
    for external_id, repeats in session.execute(_DROP_REPEATED).tuples():
        for _ in range(repeats):
            summary.reject(Rejection(external_id, "the same id stood in an earlier row, which was taken"))


_COLUMN_LIST = ", ".join(FACILITY_COLUMNS)
_STAGED_COLUMN_LIST = ", ".join(f"staged.{column}" for column in FACILITY_COLUMNS)

_STAGE = text(
    f"""
    CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
    SELECT NULL::bytea AS digest, NULL::text AS external_id, NULL::boolean AS closed, {_COLUMN_LIST}
    FROM facility
    WITH NO DATA
    """  # noqa: S608 - joined from constants of this file
)

_COPY = "COPY staged FROM STDIN (FORMAT csv)"

_DROP_REPEATED = text(
    """
    WITH repeated AS (
        SELECT external_id, min(ctid) AS first FROM staged GROUP BY external_id HAVING count(*) > 1
    ), dropped AS (
        DELETE FROM staged USING repeated
        WHERE staged.external_id = repeated.external_id AND staged.ctid <> repeated.first
        RETURNING staged.external_id
    )
    SELECT external_id, count(*) FROM dropped GROUP BY external_id ORDER BY external_id
    """
)

# The row lock that this takes lets one import of a dataset run at a time.
_DATASET = text(
    """
    INSERT INTO dataset (name, licence, attribution, url, imported_at)
    VALUES (:name, :licence, :attribution, :url, :as_of)
    ON CONFLICT (name) DO UPDATE
    SET licence = excluded.licence, attribution = excluded.attribution, url = excluded.url,
        imported_at = excluded.imported_at
    RETURNING id
    """
)

_RESOLVE = text(
    """
    CREATE TEMPORARY TABLE resolved ON COMMIT DROP AS
    SELECT staged.external_id,
           coalesce(source.facility_id, nextval(pg_get_serial_sequence('facility', 'id'))) AS facility_id,
           coalesce(source.closed, false) AS was_closed,
           CASE WHEN source.facility_id IS NULL THEN 'added'
                WHEN source.digest <> staged.digest OR source.vanished_at IS NOT NULL THEN 'changed'
                ELSE 'unchanged' END AS outcome
    FROM staged
    LEFT JOIN facility_source source
        ON source.dataset_id = :dataset_id AND source.external_id = staged.external_id
    """
)

_COUNT_OUTCOMES = text("SELECT outcome, count(*) FROM resolved GROUP BY outcome")

# PostGIS orders points along a Hilbert curve, so that neighbours share pages and a search reads few of them.
_ADD_FACILITIES = text(
    f"""
    INSERT INTO facility (id, status, {_COLUMN_LIST})
    SELECT resolved.facility_id, CASE WHEN staged.closed THEN 'closed' ELSE 'active' END, {_STAGED_COLUMN_LIST}
    FROM staged JOIN resolved USING (external_id)
    WHERE resolved.outcome = 'added'
    ORDER BY staged.location
    """  # noqa: S608 - joined from constants of this file
)

_ADD_SOURCES = text(
    """
    INSERT INTO facility_source (dataset_id, external_id, facility_id, digest, closed)
    SELECT :dataset_id, staged.external_id, resolved.facility_id, staged.digest, staged.closed
    FROM staged JOIN resolved USING (external_id)
    WHERE resolved.outcome = 'added'
    """
)

# Only what the source itself closed does it open again: a moderator's decision stands.
_CHANGE_FACILITIES = text(
    f"""
    UPDATE facility
    SET ({_COLUMN_LIST}) = ({_STAGED_COLUMN_LIST}),
        status = CASE WHEN staged.closed AND facility.status IN ('active', 'reported_closed') THEN 'closed'
                      WHEN NOT staged.closed AND resolved.was_closed AND facility.status = 'closed' THEN 'active'
                      ELSE facility.status END,
        updated_at = :as_of
    FROM staged JOIN resolved USING (external_id)
    WHERE resolved.outcome = 'changed' AND facility.id = resolved.facility_id
    """  # noqa: S608 - joined from constants of this file
)

_CHANGE_SOURCES = text(
    """
    UPDATE facility_source source
    SET digest = staged.digest, closed = staged.closed, vanished_at = NULL
    FROM staged JOIN resolved USING (external_id)
    WHERE resolved.outcome = 'changed'
      AND source.dataset_id = :dataset_id AND source.external_id = staged.external_id
    """
)

_VANISH = text(
    """
    WITH vanished AS (
        UPDATE facility_source source
        SET vanished_at = :as_of, closed = true
        WHERE source.dataset_id = :dataset_id AND source.vanished_at IS NULL
          AND NOT EXISTS (SELECT FROM staged WHERE staged.external_id = source.external_id)
        RETURNING source.facility_id
    )
    UPDATE facility
    SET status = CASE WHEN status IN ('active', 'reported_closed') THEN 'closed' ELSE status END, updated_at = :as_of
    FROM vanished
    WHERE facility.id = vanished.facility_id
    RETURNING facility.id
    """
)
