"""Trust weights of ratings and reports (docs/ranking.md). Each factor is stored, so that a weight can be explained."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from typing import Literal

from sqlalchemy import text

from geo.crowd.networks import NETWORK_LIFETIME
from geo.database import Session

Presence = Literal["within_150_m", "farther"]

NEW_DEVICE = timedelta(hours=24)
NEW_DEVICE_WEIGHT = 0.3
"""Weight of a device on its first day: low enough that throw-away devices are not worthwhile."""

ABSENT_WEIGHT = 0.5
"""Weight of a rating by a phone that does not report to be at the facility."""

PRESENT_TOGETHER = 10
"""Ratings of one network in a week whose reported presence is trusted: a family, an office. With more, each counts as
absent: presence is easy to fake, and a hundred false ratings would change an honest record by 0.77 stars."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a request reveals about the rater. Ratings without a request, such as synthetic ones, have none.

    Attributes:
        network: hash of the network that the request came from.
        presence: the phone's reported distance from the facility, or None.
    """

    network: bytes
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """The factors of a weight that do not depend on other ratings.

    Attributes:
        age: weight for the age of the device.
        presence: weight for the presence of the device at the facility.
    """

    age: float = 1.0
    presence: float = 1.0


FULL_TRUST = Trust()


def trust(registered_at: datetime, presence: Presence | None, as_of: datetime) -> Trust:
    """Return the weights for a device's age and presence.

    Args:
        registered_at: when the device was registered.
        presence: the phone's reported distance.
        as_of: now.
    """
    return Trust(age_weight(registered_at, as_of), 1.0 if presence == "within_150_m" else ABSENT_WEIGHT)


def age_weight(registered_at: datetime, as_of: datetime) -> float:
    """Return ω_age, which is lower on a device's first day."""
    return NEW_DEVICE_WEIGHT if as_of - registered_at < NEW_DEVICE else 1.0


def cluster_weight(count: int) -> float:
    """Return ω_cluster = f(k)/k with f(k) = 1 + ln k, for k ratings from one network."""
    return (1 + log(count)) / count


def weigh_clusters(session: Session, facility_id: int, as_of: datetime) -> None:
    """Update the cluster weights of a facility's ratings that came from one network within a week.

    Older ratings keep their weights. The caller must have locked the facility's row.
    """
    session.execute(
        _WEIGH,
        {
            "facility_id": facility_id,
            "since": as_of - NETWORK_LIFETIME,
            "present_together": PRESENT_TOGETHER,
            "absent_weight": ABSENT_WEIGHT,
        },
    )


_WEIGH = text(
    """
    UPDATE rating
    SET weight_cluster = heard.cluster, weight_presence = heard.presence,
        weight = weight_age * heard.presence * heard.cluster
    FROM (
        SELECT device_id, (1 + ln(voices)) / voices AS cluster,
               CASE WHEN presence = 'within_150_m' AND voices <= :present_together
                    THEN 1 ELSE :absent_weight END AS presence
        FROM (SELECT device_id, presence, count(*) OVER (PARTITION BY network)::float8 AS voices
              FROM rating
              WHERE facility_id = :facility_id AND network IS NOT NULL AND rated_at > :since) AS recent
    ) AS heard
    WHERE rating.facility_id = :facility_id AND rating.device_id = heard.device_id
      AND rating.weight_cluster IS DISTINCT FROM heard.cluster
    """
)
