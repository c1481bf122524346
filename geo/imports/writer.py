"""Imports a dataset: streams its rows into temporary tables, compares them with the database, and applies the changes.

An import contains the whole dataset: facilities that it lists are added or changed; those that it no longer lists have
vanished and are closed, but keep their id and ratings. A facility whose row is rejected stays as it is. An import that
loses more than its limits allow is refused. Imports are idempotent by (dataset, external id), run in the caller's
transaction, and do not change ratings.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from geo.conflation import merging, records
from geo.conflation.conflate import NOTHING_MERGED, Conflation, conflate
from geo.database import Session
from geo.errors import UnreadableFile
from geo.facilities import locks, recompile
from geo.facilities.models import EXTERNAL_ID_MAX_CHARACTERS
from geo.imports import statements
from geo.imports.edition import USUAL_LIMITS, ImportSummary, Limits, require_within
from geo.imports.record import FacilityRecord, Rejection, Source
from geo.imports.staging import IN_MEMORY_BYTES, ROW_COLUMNS, CopyFile, StagedHours, copy_into, copy_line, escaped
from geo.imports.storable import fault_in, fit_to_print
from geo.imports.warnings import warnings_about

PROGRESS_EVERY_ROWS = 10_000
"""Rows between two progress reports: about half a second."""

EXAMPLES_KEPT = 10
"""Facilities of each outcome that a summary names."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset to import.

    Attributes:
        name: its name, which with the external id identifies a facility.
        source: its source and licence.
        authority: who maintains it, one of AUTHORITIES; None: as before, ``community`` for a new dataset.
        limits: what this import may lose.
    """

    name: str
    source: Source
    authority: str | None = None
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
        EditionRefused: more vanishes or is rejected than the dataset's limits allow, or there is a warning that they do
            not accept. The caller must roll back.
        DatabaseUnavailable: the connection broke while the rows were sent.
    """
    summary = ImportSummary()
    for statement in statements.PREPARE:
        session.execute(statement)
    with (
        SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="ascii") as hours,
        SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="utf-8") as rejected,
    ):
        copy_into(
            session,
            statements.COPY_ROWS,
            CopyFile(_lines(rows, StagedHours(hours, as_of), rejected, summary, progress)),
        )
        for copy, file in ((statements.COPY_HOURS, hours), (statements.COPY_REJECTED, rejected)):
            file.seek(0)
            copy_into(session, copy, CopyFile(file))
    for external_id, repeats in session.execute(statements.DROP_REPEATED):
        for _ in range(repeats):
            summary.reject(Rejection(external_id, "the same id is in an earlier row, which was imported"))
    if summary.read == summary.rejected:
        raise UnreadableFile(f"there is no facility in {dataset.name}, so nothing was changed{_first_reason(summary)}")
    merging.exclude_others(session)
    authority = session.execute(statements.AUTHORITY, {"name": dataset.name}).scalar_one_or_none()
    parameters = {"dataset_id": _dataset_id(session, dataset, as_of), "as_of": as_of}
    changed_by_proposals = session.execute(statements.PLACES_WITH_CHANGES, parameters).scalars().all()
    records.add_records(session, changed_by_proposals, as_of)
    _compare(session, dataset.limits, parameters, summary)
    for statement in statements.APPLY:
        session.execute(statement, parameters)
    if summary.added or summary.changed or summary.vanished:
        session.execute(statements.ANALYZE)
    changed = session.execute(statements.PLACES, parameters).all()
    session.execute(statements.DROP_TABLES)
    composed = {row.facility_id for row in changed if row.has_record}
    if session.execute(statements.AUTHORITY, {"name": dataset.name}).scalar_one() != authority:
        composed |= set(session.execute(statements.COMPOSED_PLACES, parameters).scalars())
    summary.conflation = _unite(session, composed, [row.facility_id for row in changed], as_of)
    recompile.recompile_changed(session, as_of)
    return summary


def _compare(session: Session, limits: Limits, parameters: Mapping[str, Any], summary: ImportSummary) -> None:
    """Compare the staged rows with the dataset, and check what the import would do."""
    session.execute(statements.RESOLVE, parameters)
    session.execute(statements.ANALYZE_STAGED)
    for outcome, facilities in session.execute(statements.COUNT_OUTCOMES):
        setattr(summary, outcome, facilities)
    shown = {**parameters, "most": EXAMPLES_KEPT, "columns": [*ROW_COLUMNS]}
    for outcome, external_id, name, changes in session.execute(statements.EXAMPLES, shown):
        what = f"{external_id} ({name})" if name else external_id
        summary.examples.setdefault(outcome, []).append(f"{what}: {', '.join(changes)}" if changes else what)
    summary.warnings = warnings_about(session, parameters["dataset_id"], summary)
    listed = session.execute(statements.COUNT_LISTED, parameters).scalar_one() if summary.vanished else 0
    require_within(limits, summary, listed)


def _unite(session: Session, composed: Collection[int], changed: Collection[int], as_of: datetime) -> Conflation:
    """Compose places from the records of their sources, and merge the changed ones with those near them."""
    locks.lock_all(session, composed)
    records.compose(session, composed, as_of)
    return conflate(session, as_of, place_ids=changed) if changed else NOTHING_MERGED


def _lines(
    rows: Iterable[FacilityRecord | Rejection],
    hours: StagedHours,
    rejected: IO[str],
    summary: ImportSummary,
    progress: Callable[[int], None],
) -> Iterator[str]:
    def reject(rejection: Rejection) -> None:
        printable = replace(rejection, external_id=_quoted(rejection.external_id))
        summary.reject(printable)
        rejected.write(escaped(printable.external_id) + "\n")

    for row in rows:
        summary.read += 1
        if summary.read % PROGRESS_EVERY_ROWS == 0:
            progress(summary.read)
        if isinstance(row, Rejection):
            reject(row)
        elif fault := fault_in(row):
            reject(Rejection(row.external_id, fault))
        else:
            yield copy_line(summary.read, row, hours)
    progress(summary.read)


def _quoted(external_id: str) -> str:
    """Return an id in printable form."""
    return fit_to_print(external_id)[:EXTERNAL_ID_MAX_CHARACTERS]


def _first_reason(summary: ImportSummary) -> str:
    if summary.swapped * 2 > summary.read:
        return f"; {summary.swapped} of the {summary.read} rows would be valid with lon and lat swapped"
    return "".join(f": {first.external_id}: {first.reason}" for first in summary.rejections[:1])


def _dataset_id(session: Session, dataset: Dataset, as_of: datetime) -> int:
    source = dataset.source
    parameters = {
        "name": dataset.name,
        "licence": source.licence,
        "attribution": source.attribution,
        "url": source.url,
        "authority": dataset.authority,
        "as_of": as_of,
    }
    dataset_id: int = session.execute(statements.DATASET, parameters).scalar_one()
    return dataset_id
