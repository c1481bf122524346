"""What visitors saw with their own eyes: soap, paper, water, a lock."""

from dataclasses import dataclass

from sqlalchemy import func, select

from geo.crowd.models import Rating
from geo.crowd.wilson import wilson_interval
from geo.database import Session

FACTS = ("soap", "paper", "running_water", "lock")
"""Facts with a yes or a no."""


@dataclass(frozen=True, slots=True)
class ObservedShare:
    """How many of those who looked saw it.

    Attributes:
        yes: how many saw it.
        of: how many looked.
        low, high: Wilson's 95 % interval of the share.
    """

    yes: int
    of: int
    low: float
    high: float


def shares(session: Session, facility_id: int) -> dict[str, ObservedShare]:
    """The share of visitors who saw each fact, by its name; a fact that nobody looked for is left out."""
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
