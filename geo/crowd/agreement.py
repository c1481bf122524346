"""When reports act by themselves: enough networks agree, and together they weigh enough."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from geo.crowd.networks import NETWORK_LIFETIME
from geo.database import Session

NETWORKS_TO_ACT = 3
"""Networks that must agree: two may be a quarrel of neighbours. Only reports whose network is still known count, those
of a week."""

WEIGHT_TO_ACT = 2.0
"""How much their reports must weigh together, each network as much as its weightiest report: devices in their first day
(0.3 each) must come from seven networks."""

DISMISSED_FOR = timedelta(days=30)
"""How long a device does not count for a reason that staff have dismissed at the same place: as long as a place stays
reported closed."""

WEIGHT_DECIMALS = 6
"""Sums of weights are compared at this precision: they are sums of tenths, added in any order."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What open reports of a thing come to.

    Attributes:
        networks: how many networks they came from.
        weight: the sum of each network's weightiest report.
    """

    networks: int
    weight: float

    @property
    def is_enough(self) -> bool:
        """Whether it acts by itself."""
        return self.networks >= NETWORKS_TO_ACT and self.weight >= WEIGHT_TO_ACT


def of_reports(  # noqa: PLR0913 - of which thing, and which of its reports
    session: Session,
    thing: str,
    thing_id: int,
    as_of: datetime,
    *,
    since: datetime | None = None,
    reason: str | None = None,
) -> Agreement:
    """Weigh the open reports of a thing.

    Args:
        session: a write session that holds the facility's row.
        thing: as a report names it.
        thing_id: as a report names it.
        as_of: now.
        since: only reports made later than this.
        reason: only reports of this reason.
    """
    week = as_of - NETWORK_LIFETIME
    parameters = {
        "thing": thing,
        "thing_id": thing_id,
        "since": max(week, since) if since else week,
        "reason": reason,
        "dismissed_since": as_of - DISMISSED_FOR,
    }
    row = session.execute(_AGREED, parameters).one()
    return Agreement(row.networks, round(row.weight, WEIGHT_DECIMALS))


# A comment's reports are dismissed by approving its text, which no report hides again: only places need the exclusion.
_AGREED = text(
    """
    SELECT count(*) AS networks, coalesce(sum(weight), 0) AS weight
    FROM (SELECT max(weight) AS weight FROM report
          WHERE thing = :thing AND thing_id = :thing_id AND closed_at IS NULL AND network IS NOT NULL
            AND created_at > :since AND (CAST(:reason AS text) IS NULL OR reason = :reason)
            AND (thing <> 'facility' OR NOT EXISTS (
                SELECT FROM report AS earlier
                WHERE earlier.device_id = report.device_id AND earlier.thing = 'facility'
                  AND earlier.thing_id = report.thing_id AND earlier.reason = report.reason
                  AND earlier.outcome = 'dismissed' AND earlier.closed_at > :dismissed_since))
          GROUP BY network) AS by_network
    """
)
