"""Places with given sums, and what is stored with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.crowd.quality import LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.priors import storage
from geo.priors.estimate import Prior, estimate
from tests.conftest import NOON
from tests.factories import add_facility, facility_row

Sums = tuple[float, float]
"""W and S of a place at NOON."""


def add_place(session: Session, sums: Sums = (0, 0), **columns: Any) -> int:
    """A facility whose slow sums at NOON are these. Returns its id."""
    forward = 2.0 ** ((NOON - LANDMARK).total_seconds() / 86_400 / SLOW_HALF_LIFE_DAYS)
    return add_facility(session, weight_slow=sums[0] * forward, stars_slow=sums[1] * forward, **columns)


def add_groups(session: Session, groups: list[list[Sums]], **columns: Any) -> list[list[int]]:
    """Places of one operator for each group. Returns their ids."""
    return [
        [add_place(session, sums, operator=f"Operator {number}", **columns) for sums in group]
        for number, group in enumerate(groups)
    ]


def store_all(session: Session, as_of: datetime = NOON) -> int:
    """Estimate and store the priors of all places. Returns the number of changed ones."""
    priors, changed, after = estimate(session, as_of), 0, 0
    while batch := storage.next_batch(session, after):
        changed += storage.store(session, batch, priors)
        after = batch[-1].id
    return changed


def prior(session: Session, place: int) -> Prior:
    """What is stored with a place."""
    row = facility_row(session, place)
    return Prior(*(row[name] for name in ("prior_stars", "prior_group", "record_credibility", "present_credibility")))


def versions(session: Session) -> list[Any]:
    """The version of each row of the table: a row that is written moves."""
    return list(session.execute(text("SELECT id, ctid::text, xmin::text FROM facility ORDER BY id")).all())
