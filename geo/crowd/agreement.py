"""Decides when reports take effect automatically: when enough networks agree with enough total weight."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from geo.crowd.networks import NETWORK_LIFETIME
from geo.database import Session

NETWORKS_TO_ACT = 3
"""Networks that must agree: two may be a dispute between neighbours. Only reports whose network hash is still stored
count, which is those of the last week."""

ORDINARY_REPORTS = 3.0
"""Reports that count as an ordinary week of a place: as many as networks that must agree, so that those of three known
visitors count fully. Any number of devices without a record (0.3 each) weighs 0.9 together, below each threshold."""

WEIGHT_TO_ACT = 2.0
"""Minimum total weight, where each network counts with its heaviest report: two devices with a record, of those that
must agree."""

DISMISSED_FOR = timedelta(days=30)
"""How long a device's reports of a place do not count after staff dismissed one with the same reason: as long as a
place stays reported closed."""

WEIGHT_DECIMALS = 6
"""Precision for comparing total weights, which are sums of tenths in any order."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The total of the open reports about a target.

    Attributes:
        networks: number of networks that they came from.
        weight: sum of each network's heaviest report, a rush of them counted as one ordinary week.
    """

    networks: int
    weight: float

    @property
    def is_enough(self) -> bool:
        """Whether the reports take effect automatically."""
        return self.networks >= NETWORKS_TO_ACT and self.weight >= WEIGHT_TO_ACT


def of_reports(  # noqa: PLR0913 - the target, and which of its reports
    session: Session,
    target: str,
    target_id: int,
    as_of: datetime,
    *,
    since: datetime | None = None,
    reason: str | None = None,
) -> Agreement:
    """Return the agreement of the open reports about a target.

    Args:
        session: a write session that has locked the facility's row.
        target: kind of the target, as in Report.target.
        target_id: id of the target.
        as_of: now.
        since: only reports made after this instant.
        reason: only reports with this reason.
    """
    week = as_of - NETWORK_LIFETIME
    parameters = {
        "target": target,
        "target_id": target_id,
        "since": max(week, since) if since else week,
        "reason": reason,
        "dismissed_since": as_of - DISMISSED_FOR,
    }
    row = session.execute(_AGREED, parameters).one()
    return Agreement(row.networks, round(row.weight, WEIGHT_DECIMALS))


def of_visits(session: Session, facility_id: int, since: datetime) -> float:
    """Return the total weight of the ratings since an instant by devices that have not reported the place closed.

    Ratings that staff excluded do not count. Each network counts with its heaviest rating, as for reports. Network
    hashes are deleted after a week; older ratings count together as one network.
    """
    weight: float = session.execute(_VISITS, {"facility_id": facility_id, "since": since}).scalar_one()
    return round(weight, WEIGHT_DECIMALS)


def enough_since(  # noqa: PLR0913 - the place, and which of its reports
    session: Session, facility_id: int, reason: str, as_of: datetime, *, since: datetime, weight: float
) -> datetime | None:
    """Return when the oldest of the youngest reports of a place was made that together have a weight.

    Args:
        session: a write session that has locked the facility's row.
        facility_id: the place.
        reason: of the reports.
        as_of: now.
        since: only reports made after this instant.
        weight: the weight.

    Returns:
        None if all of them together weigh less.
    """
    parameters = {
        "target": "facility",
        "target_id": facility_id,
        "since": since,
        "reason": reason,
        "dismissed_since": as_of - DISMISSED_FOR,
        "weight": weight - 10**-WEIGHT_DECIMALS,
    }
    found: datetime | None = session.execute(_ENOUGH_SINCE, parameters).scalar_one()
    return found


# A comment's reports are dismissed by approving its text, which no report hides again: only places need the exclusion.
_COUNTED = """
    SELECT weight, network, created_at FROM report
    WHERE target = :target AND target_id = :target_id AND closed_at IS NULL AND network IS NOT NULL
      AND created_at > :since AND (CAST(:reason AS text) IS NULL OR reason = :reason)
      AND (target <> 'facility' OR NOT EXISTS (
          SELECT FROM report AS earlier
          WHERE earlier.device_id = report.device_id AND earlier.target = 'facility'
            AND earlier.target_id = report.target_id AND earlier.reason = report.reason
            AND earlier.outcome = 'dismissed' AND earlier.closed_at > :dismissed_since))
"""
"""The reports that count."""

_AGREED = text(
    f"""
    SELECT count(*) AS networks, facility_search.total_weight(array_agg(weight)) AS weight
    FROM (SELECT max(weight) AS weight FROM ({_COUNTED}) AS counted GROUP BY network) AS by_network
    """  # noqa: S608 - a constant
)

_ENOUGH_SINCE = text(
    f"""
    WITH counted AS ({_COUNTED})
    SELECT max(oldest.created_at)
    FROM counted AS oldest
    WHERE (SELECT facility_search.total_weight(array_agg(weight))
           FROM (SELECT max(weight) AS weight FROM counted
                 WHERE counted.created_at >= oldest.created_at GROUP BY network) AS by_network) >= :weight
    """  # noqa: S608 - a constant
)

# With the weights of a report, which depend on the device only: a report does not say whether its phone is there.
_VISITS = text(
    """
    SELECT facility_search.total_weight(array_agg(weight))
    FROM (SELECT max(weight_age * weight_track) AS weight FROM rating
          WHERE facility_id = :facility_id AND rated_at >= :since
            AND NOT EXISTS (SELECT FROM report WHERE report.target = 'facility' AND report.target_id = :facility_id
                            AND report.reason = 'closed' AND report.closed_at IS NULL
                            AND report.device_id = rating.device_id)
            AND NOT EXISTS (SELECT FROM rating_exclusion AS e WHERE e.facility_id = rating.facility_id
                            AND e.lifted_at IS NULL AND e.during @> rating.rated_at)
          GROUP BY network) AS by_network
    """
)
