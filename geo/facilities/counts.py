"""How many facilities there are."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from geo.database import Session
from geo.facilities.attributes import offered
from geo.facilities.models import Facility


class KindCount(NamedTuple):
    """Facilities of one kind.

    Attributes:
        kind: of attributes.KINDS.
        stand_alone: that stand by themselves.
        in_venues: that are part of something else (OSM's toilets=yes).
        offered: of both, those that a search may offer: neither closed nor hidden, and offering something.
    """

    kind: str
    stand_alone: int
    in_venues: int
    offered: int


def by_kind(session: Session) -> Sequence[KindCount]:
    """All facilities, kind by kind; a kind with none is left out."""
    rows = session.execute(
        select(
            Facility.kind,
            func.count().filter(Facility.venue.is_(None)),
            func.count(Facility.venue),
            func.count().filter(
                Facility.status.in_(("active", "reported_closed")), Facility.traits.bitwise_and(offered(None)) != 0
            ),
        )
        .group_by(Facility.kind)
        .order_by(func.count().desc(), Facility.kind)
    )
    return [KindCount(*row) for row in rows]
