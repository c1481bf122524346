"""Stores the priors of places with them, so that a search reads columns, and returns them for explanations."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from geo.database import Session
from geo.priors.estimate import Prior, Priors
from geo.rows import sql_file

BATCH = 1_000
"""Places read and written at once: a short time with locks."""

STARS_TOLERANCE = 1e-4
"""Change of μ in stars that is not written. It is the last digit that answers show; each rating of a kind changes the
mean of all its places a little, and to rewrite them all each night would double the table."""

CREDIBILITY_TOLERANCE = 0.01
"""Relative change of C0 and C that is not written, for the same reason. It changes a quality by 0.01 stars at most, and
the values of the grid that they come from are 20 % apart."""


class StoredPrior(NamedTuple):
    """A place with its stored prior: the columns of 40_next.sql."""

    id: int
    kind: str
    operator: str | None
    brand: str | None
    stars: float
    group: str | None
    record_credibility: float
    present_credibility: float


class ExplainedPrior(NamedTuple):
    """The prior of a place in an explanation.

    Attributes:
        stars, group: as in Prior.
        weight: C0 / (C0 + W), its share in the place's record.
    """

    stars: float
    group: str | None
    weight: float


def next_batch(session: Session, after: int) -> Sequence[StoredPrior]:
    """Return the next places by id; empty at the end."""
    return [StoredPrior(*row) for row in session.execute(_NEXT, {"after": after, "batch": BATCH})]


def store(session: Session, places: Sequence[StoredPrior], priors: Priors) -> int:
    """Store the priors of a batch that changed, and return their number.

    Places that another transaction has locked are skipped.
    """
    estimated = [(place, priors.of_place(place.kind, place.operator, place.brand)) for place in places]
    changed = [(place.id, *prior) for place, prior in estimated if _differs(place, prior)]
    if not changed:
        return 0
    columns = dict(zip(_STORE_PARAMETERS, map(list, zip(*changed, strict=True)), strict=True))
    count: int = session.execute(_STORE, columns).rowcount  # type: ignore[attr-defined]  # of an update
    return count


def explained(session: Session, facility_ids: Sequence[int], as_of: datetime) -> list[ExplainedPrior]:
    """Return the prior of each facility, in order. Only explanations need it, so searches do not read it."""
    if not facility_ids:
        return []
    rows = session.execute(_EXPLAINED, {"ids": list(facility_ids), "as_of": as_of})
    known = {facility_id: ExplainedPrior(*prior) for facility_id, *prior in rows}
    return [known[facility_id] for facility_id in facility_ids]


def _differs(place: StoredPrior, prior: Prior) -> bool:
    return (
        place.group != prior.group
        or abs(place.stars - prior.stars) > STARS_TOLERANCE
        or _is_far(place.record_credibility, prior.record_credibility)
        or _is_far(place.present_credibility, prior.present_credibility)
    )


def _is_far(stored: float, estimated: float) -> bool:
    return abs(stored - estimated) > CREDIBILITY_TOLERANCE * stored


_FILES = Path(__file__).parent / "sql"
_NEXT = text(sql_file(_FILES / "40_next.sql", {}))
_STORE = text(sql_file(_FILES / "50_store.sql", {}))
_STORE_PARAMETERS = ("ids", "stars", "groups", "record_credibilities", "present_credibilities")

_EXPLAINED = text(
    """
    SELECT id, prior_stars, prior_group,
           record_credibility / (record_credibility + weight_slow
               * facility_search.decay(:as_of, facility_search.slow_half_life_days()))
    FROM facility WHERE id = ANY (CAST(:ids AS bigint[]))
    """
)
