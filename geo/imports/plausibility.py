"""Checks whether an edition is plausible for its dataset. What is not is a warning that the caller must accept."""

from collections.abc import Iterator

from geo.database import Session
from geo.imports import statements
from geo.imports.edition import ImportSummary

FAR_M = 100_000
"""A dataset whose facilities move farther than this, in metres, is probably another dataset or misread."""

NEAR_DEG = 1.0
"""Distance in degrees within which another facility is near: some 100 km, less between east and west."""

GRID_DEG = 0.1
"""Grid of the former positions, in degrees: some 10 km, precise enough for FAR_M, and few even in a country."""

SAMPLE_ROWS = 1_000
"""Rows whose positions are compared. Half of them is as good an answer as half of all, and takes less than a second."""


def warnings_about(session: Session, dataset_id: int, summary: ImportSummary, listed: int) -> Iterator[str]:
    """Yield what makes the staged rows implausible, each in one sentence without a full stop.

    Args:
        session: the session of the import, after its rows were compared with the dataset.
        dataset_id: the dataset.
        summary: the figures so far.
        listed: number of facilities that the dataset listed before.
    """
    rows = summary.added + summary.changed + summary.unchanged
    twin = session.execute(statements.TWIN_DATASET, {"dataset_id": dataset_id}).one_or_none() if summary.added else None
    if twin and twin.listed * 2 > rows:
        yield (
            f"{twin.listed} of the {rows} facilities are in dataset {twin.name} with the same id and position;"
            f" to import an edition of it, use --dataset {twin.name}"
        )
    positions = {
        "dataset_id": dataset_id,
        "sample_rows": SAMPLE_ROWS,
        "far_m": FAR_M,
        "near_deg": NEAR_DEG,
        "grid_deg": GRID_DEG,
    }
    found = session.execute(statements.POSITIONS, positions).one()
    if summary.exchanged * 2 > summary.read:
        yield (
            f"{summary.exchanged} of the {summary.read} rows read would be valid with longitude and latitude exchanged;"
            " exchange the two columns"
        )
    elif found.exchanged * 2 > found.examined:
        yield (
            f"longitude and latitude seem to be exchanged: {found.exchanged} of {found.examined} positions are far from"
            " all known facilities, but with the two exchanged they are near some"
        )
    stayed = summary.unchanged + summary.changed - found.moved
    if found.far * 2 > found.examined and stayed * 2 < listed:  # a dataset that also keeps its places only grows
        yield (
            f"{found.far} of {found.examined} positions are more than {FAR_M // 1000} km from where this dataset listed"
            " its facilities"
        )
