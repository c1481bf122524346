"""Warns of imports that are probably a mistake: the wrong name, swapped coordinates, another region."""

from collections.abc import Sequence

from geo.database import Session
from geo.imports import statements
from geo.imports.edition import ImportSummary

JUMP_M = 100_000
"""Distance in metres by which no dataset of a city or a country moves between two editions."""

NEAR_DEG = 1.0
"""Distance in degrees within which another facility is near: some 100 km, less between east and west."""

SAMPLE_ROWS = 1_000
"""Rows whose positions are compared with all facilities: enough to know about most of them, in 0.1 s."""

_SHARE = 0.5
"""Share of the rows from which on a warning is given."""


def warnings_about(session: Session, dataset_id: int, summary: ImportSummary) -> Sequence[str]:
    """Return a sentence for each thing that is probably a mistake, from the staged rows.

    Args:
        session: the session of the import, after its rows were staged.
        dataset_id: the dataset.
        summary: the figures so far.
    """
    found = []
    rows = summary.read - summary.rejected
    parameters = {"dataset_id": dataset_id}
    same = session.execute(statements.SAME_ROWS, parameters).one_or_none()
    if same and same.rows > _SHARE * rows:
        found.append(f"{same.rows} of the {rows} rows are listed by the dataset {same.name}: is it the same file?")
    if summary.swapped > _SHARE * summary.read:
        found.append(f"{summary.swapped} of the {summary.read} rows would be valid with lon and lat swapped: are they?")
    near = session.execute(statements.SWAPPED, {"sample_rows": SAMPLE_ROWS, "near_deg": NEAR_DEG}).one()
    if near.swapped > _SHARE * near.examined:
        found.append(
            f"{near.swapped} of {near.examined} positions are far from all facilities, but near some with lon and lat"
            " swapped: are they?"
        )
    jump_m = session.execute(statements.DISPLACEMENT, parameters).scalar_one()
    if jump_m is not None and jump_m > JUMP_M:
        found.append(f"the dataset moves by {jump_m / 1000:.0f} km: is it the same dataset?")
    return tuple(found)
