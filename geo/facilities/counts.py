"""Counts facilities."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from geo.database import Session
from geo.facilities.attributes import offered
from geo.facilities.models import LISTED_STATUSES, Facility


class KindCount(NamedTuple):
    """Facilities of one kind.

    Attributes:
        kind: of attributes.KINDS.
        stand_alone: number of facilities on their own.
        in_venues: number of facilities that are part of a venue (OSM's toilets=yes).
        offered: number of both that a search may return: neither closed nor hidden, and with an offer.
    """

    kind: str
    stand_alone: int
    in_venues: int
    offered: int


def by_kind(session: Session) -> Sequence[KindCount]:
    """Return the counts of all kinds that have facilities."""
    rows = session.execute(
        select(
            Facility.kind,
            func.count().filter(Facility.venue.is_(None)),
            func.count(Facility.venue),
            func.count().filter(Facility.status.in_(LISTED_STATUSES), Facility.traits.bitwise_and(offered(None)) != 0),
        )
        .where(Facility.merged_into.is_(None))
        .group_by(Facility.kind)
        .order_by(func.count().desc(), Facility.kind)
    )
    return [KindCount(*row) for row in rows]
