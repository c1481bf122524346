"""Facts that visitors observed: soap, paper, running water, a lock."""

from dataclasses import dataclass

from sqlalchemy import func, select

from geo.crowd.models import Rating
from geo.crowd.wilson import wilson_interval
from geo.database import Session

FACTS = ("soap", "paper", "running_water", "lock")
"""Facts that are answered with yes or no."""


@dataclass(frozen=True, slots=True)
class ObservedShare:
    """How many visitors observed a fact.

    Attributes:
        yes: number of visitors who answered yes.
        of: number of visitors who answered.
        low, high: Wilson's 95 % interval of the share.
    """

    yes: int
    of: int
    low: float
    high: float


def shares(session: Session, facility_id: int) -> dict[str, ObservedShare]:
    """Return the share of visitors who observed each fact, by name. Facts without answers are omitted."""
    columns = []
    for fact in FACTS:
        answer = Rating.observed[fact].astext
        columns += [
            func.count().filter(answer == "yes").label(f"{fact}_yes"),
            func.count().filter(answer.in_(("yes", "no"))).label(f"{fact}_of"),
        ]
    row = session.execute(select(*columns).where(Rating.facility_id == facility_id)).mappings().one()
    return {
        fact: ObservedShare(row[f"{fact}_yes"], of, *wilson_interval(row[f"{fact}_yes"], of))
        for fact in FACTS
        if (of := row[f"{fact}_of"])
    }
