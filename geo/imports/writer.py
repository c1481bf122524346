"""Imports a dataset: streams its rows into temporary tables, compares them with the database, and applies the changes.

An import contains the whole dataset: facilities that it lists are added or changed; those that it no longer lists have
vanished and are closed, but keep their id and ratings. A facility whose row is rejected stays as it is. An import that
loses more than its limits allow is refused. Imports are idempotent by (dataset, external id), run in the caller's
transaction, and do not change ratings.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import psycopg2
from sqlalchemy import text

from geo.database import Session, sql_connection
from geo.errors import DatabaseUnavailable, UnreadableFile
from geo.facilities.models import EXTERNAL_ID_MAX_CHARACTERS
from geo.imports.edition import USUAL_LIMITS, ImportSummary, Limits, require_within
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.staging import (
    HOURS_COLUMNS,
    HOURS_FIELDS,
    IN_MEMORY_BYTES,
    ROW_COLUMNS,
    STAGED_COLUMNS,
    CopyFile,
    StagedHours,
    copy_line,
    escaped,
)
from geo.imports.storable import fault_in

PROGRESS_EVERY_ROWS = 10_000
"""Rows between two progress reports: about half a second."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset to import.

    Attributes:
        name: its name, which with the external id identifies a facility.
        source: its source and licence.
        limits: what this import may lose.
    """

    name: str
    source: Source
    limits: Limits = USUAL_LIMITS


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
        dataset: the dataset.
        rows: all rows, from a reader.
        as_of: the time of the import, from which opening hours are compiled.
        progress: called regularly with the number of rows read.

    Raises:
        UnreadableFile: the reader failed, or no row is a facility, which would close the whole dataset. The caller must
            roll back.
        EditionRefused: more vanishes or is rejected than the dataset's limits allow. The caller must roll back.
        DatabaseUnavailable: the connection broke while the rows were sent.
    """
    summary = ImportSummary()
    for statement in (_PREPARE, _STAGE, _STAGE_HOURS, _STAGE_REJECTED):
        session.execute(statement)
    with (
        SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="ascii") as hours,
        SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="utf-8") as rejected,
    ):
        _copy(session, _COPY, CopyFile(_lines(rows, StagedHours(hours, as_of), rejected, summary, progress)))
        for copy, file in ((_COPY_HOURS, hours), (_COPY_REJECTED, rejected)):
            file.seek(0)
            _copy(session, copy, CopyFile(file))
    for external_id, repeats in session.execute(_DROP_REPEATED):
        for _ in range(repeats):
            summary.reject(external_id, "the same id is in an earlier row, which was imported")
    if summary.read == summary.rejected:
        raise UnreadableFile(f"there is no facility in {dataset.name}, so nothing was changed{_first_reason(summary)}")
    parameters = {"dataset_id": _dataset_id(session, dataset, as_of), "as_of": as_of}
    session.execute(_RESOLVE, parameters)
    for outcome, facilities in session.execute(_COUNT_OUTCOMES):
        setattr(summary, outcome, facilities)
    listed = session.execute(_COUNT_LISTED, parameters).scalar_one() if summary.vanished else 0
    require_within(dataset.limits, summary, listed)
    # Known facilities are processed before new ones are added: the planner does not expect the new rows, and would
    # choose a nested loop.
    for statement in (_JUDGE, _CHANGE_FACILITIES, _CLOSE_VANISHED, _NOTE_SOURCES, _ADD_FACILITIES, _ADD_SOURCES):
        session.execute(statement, parameters)
    session.execute(text("DROP TABLE staged, staged_hours, rejected, resolved, judged"))
    if summary.added or summary.changed or summary.vanished:
        # A large part of the table may have changed: update the planner's statistics without waiting for autovacuum.
        session.execute(text("ANALYZE facility, facility_source"))
    return summary


def _copy(session: Session, copy: str, file: CopyFile) -> None:
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


def _lines(
    rows: Iterable[FacilityRecord | Rejection],
    hours: StagedHours,
    rejected: IO[str],
    summary: ImportSummary,
    progress: Callable[[int], None],
) -> Iterator[str]:
    def reject(external_id: str, reason: str) -> None:
        summary.reject(_quoted(external_id), reason)
        rejected.write(escaped(_quoted(external_id)) + "\n")

    for row in rows:
        summary.read += 1
        if summary.read % PROGRESS_EVERY_ROWS == 0:
            progress(summary.read)
        if isinstance(row, Rejection):
            reject(row.external_id, row.reason)
        elif fault := fault_in(row):
            reject(row.external_id, fault)
        else:
            yield copy_line(summary.read, row, hours)
    progress(summary.read)


def _quoted(external_id: str) -> str:
    """Return an id in printable form."""
    return external_id.replace("\0", "\N{REPLACEMENT CHARACTER}")[:EXTERNAL_ID_MAX_CHARACTERS]


def _first_reason(summary: ImportSummary) -> str:
    return "".join(f": {first.external_id}: {first.reason}" for first in summary.rejections[:1])


def _dataset_id(session: Session, dataset: Dataset, as_of: datetime) -> int:
    source = dataset.source
    said = {"name": dataset.name, "licence": source.licence, "attribution": source.attribution, "url": source.url}
    dataset_id: int = session.execute(_DATASET, {**said, "as_of": as_of}).scalar_one()
    return dataset_id


_ROW_COLUMN_LIST = ", ".join(ROW_COLUMNS)
_COLUMN_LIST = ", ".join((*ROW_COLUMNS, *HOURS_COLUMNS))
_STAGED_COLUMN_LIST = ", ".join(
    (*(f"staged.{column}" for column in ROW_COLUMNS), *(f"staged_hours.{column}" for column in HOURS_COLUMNS))
)

# Statements may take long; another import of the same dataset may hold its lock for long; and a single command may use
# more memory for sorts and joins than the many connections of a server.
_PREPARE = text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL work_mem = '128MB'")

_STAGE = text(
    f"""
    CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
    SELECT NULL::integer AS row_number, NULL::text AS external_id, NULL::boolean AS closed, NULL::bytea AS digest,
           NULL::integer AS hours_number, {_ROW_COLUMN_LIST}
    FROM facility
    WITH NO DATA
    """  # noqa: S608 - joined from constants of staging.py
)

_STAGE_HOURS = text(
    f"""
    CREATE TEMPORARY TABLE staged_hours ON COMMIT DROP AS
    SELECT NULL::integer AS hours_number, {", ".join(HOURS_COLUMNS)} FROM facility WITH NO DATA
    """  # noqa: S608 - joined from constants of staging.py
)

_STAGE_REJECTED = text("CREATE TEMPORARY TABLE rejected (external_id text) ON COMMIT DROP")

_COPY = f"COPY staged ({', '.join(STAGED_COLUMNS)}) FROM STDIN"
_COPY_HOURS = f"COPY staged_hours ({', '.join(HOURS_FIELDS)}) FROM STDIN"

_COPY_REJECTED = "COPY rejected FROM STDIN"

_DROP_REPEATED = text(
    """
    WITH repeated AS (
        SELECT external_id, min(row_number) AS first FROM staged GROUP BY external_id HAVING count(*) > 1
    ), dropped AS (
        DELETE FROM staged USING repeated
        WHERE staged.external_id = repeated.external_id AND staged.row_number <> repeated.first
        RETURNING staged.external_id
    )
    SELECT external_id, count(*) FROM dropped GROUP BY external_id ORDER BY external_id
    """
)

# The row lock serialises imports of the same dataset.
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

# PostGIS orders points along a Hilbert curve. New facilities get their ids, and their positions in the tables, in that
# order, so that neighbours share pages: searches and foreign-key checks read few of them.
_RESOLVE = text(
    """
    CREATE TEMPORARY TABLE resolved ON COMMIT DROP AS
    SELECT row_number, external_id, outcome,
           coalesce(known_id, nextval((SELECT pg_get_serial_sequence('facility', 'id')::regclass))) AS facility_id
    FROM (
        SELECT staged.row_number, coalesce(staged.external_id, source.external_id) AS external_id,
               source.facility_id AS known_id,
               CASE WHEN source.external_id IS NULL THEN 'added'
                    WHEN staged.external_id IS NULL AND unread.external_id IS NOT NULL THEN 'kept'
                    WHEN staged.external_id IS NULL THEN 'vanished'
                    WHEN source.digest <> staged.digest OR source.vanished_at IS NOT NULL THEN 'changed'
                    ELSE 'unchanged' END AS outcome
        FROM staged
        FULL JOIN (SELECT * FROM facility_source WHERE dataset_id = :dataset_id) AS source USING (external_id)
        LEFT JOIN (SELECT DISTINCT external_id FROM rejected) AS unread USING (external_id)
        WHERE staged.external_id IS NOT NULL OR source.vanished_at IS NULL
        ORDER BY staged.location
    ) AS compared
    """
)

_COUNT_OUTCOMES = text("SELECT outcome, count(*) FROM resolved GROUP BY outcome")

_COUNT_LISTED = text("SELECT count(*) FROM facility_source WHERE dataset_id = :dataset_id AND vanished_at IS NULL")

_ADD_FACILITIES = text(
    f"""
    INSERT INTO facility (id, status, {_COLUMN_LIST})
    SELECT resolved.facility_id, CASE WHEN staged.closed THEN 'closed' ELSE 'active' END, {_STAGED_COLUMN_LIST}
    FROM staged JOIN resolved USING (row_number) LEFT JOIN staged_hours USING (hours_number)
    WHERE resolved.outcome = 'added'
    ORDER BY resolved.facility_id
    """  # noqa: S608 - joined from constants of staging.py
)

_ADD_SOURCES = text(
    """
    INSERT INTO facility_source (dataset_id, external_id, facility_id, digest, has_closed)
    SELECT :dataset_id, staged.external_id, resolved.facility_id, staged.digest, staged.closed
    FROM staged JOIN resolved USING (row_number)
    WHERE resolved.outcome = 'added'
    ORDER BY resolved.facility_id
    """
)

# A source closes active facilities, and reopens only those that it closed itself: decisions of staff take precedence.
# For a place that staff have hidden or closed, the source's state is stored for a revert of the decision. The lock
# keeps the status unchanged.
_JUDGE = text(
    """
    CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
    SELECT row_number, external_id, facility_id, vanished,
           CASE WHEN says_closed AND offered AND NOT has_closed THEN 'closed'
                WHEN NOT says_closed AND has_closed AND status = 'closed' AND NOT staff_closed THEN 'active'
                ELSE status END AS status,
           says_closed AND (has_closed OR offered OR status = 'hidden' OR staff_closed) AS has_closed
    FROM (
        SELECT resolved.row_number, resolved.external_id, resolved.facility_id,
               resolved.outcome = 'vanished' AS vanished,
               facility.status, facility.status IN ('active', 'reported_closed') AS offered,
               coalesce(staged.closed, true) AS says_closed, source.has_closed,
               facility.id IN (SELECT target_id FROM decision WHERE action = 'close_facility'
                               AND NOT EXISTS (SELECT FROM decision AS later WHERE later.reverts = decision.id)
                              ) AS staff_closed
        FROM resolved
        JOIN facility ON facility.id = resolved.facility_id
        JOIN facility_source source
            ON source.dataset_id = :dataset_id AND source.external_id = resolved.external_id
        LEFT JOIN staged ON staged.row_number = resolved.row_number
        WHERE resolved.outcome IN ('changed', 'vanished')
        FOR NO KEY UPDATE OF facility
    ) AS compared
    """
)

_CHANGE_FACILITIES = text(
    f"""
    UPDATE facility
    SET ({_COLUMN_LIST}) = ({_STAGED_COLUMN_LIST}), status = judged.status, updated_at = :as_of
    FROM staged JOIN judged USING (row_number) LEFT JOIN staged_hours USING (hours_number)
    WHERE facility.id = judged.facility_id
    """  # noqa: S608 - joined from constants of staging.py
)

_CLOSE_VANISHED = text(
    """
    UPDATE facility
    SET status = judged.status, updated_at = :as_of
    FROM judged
    WHERE judged.vanished AND facility.id = judged.facility_id AND facility.status <> judged.status
    """
)

_NOTE_SOURCES = text(
    """
    UPDATE facility_source source
    SET digest = coalesce(staged.digest, source.digest), has_closed = judged.has_closed,
        vanished_at = CASE WHEN judged.vanished THEN CAST(:as_of AS timestamptz) END
    FROM judged LEFT JOIN staged USING (row_number)
    WHERE source.dataset_id = :dataset_id AND source.external_id = judged.external_id
    """
)
