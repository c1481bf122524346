"""How far a rating or a report is trusted: MATH.md, trust weights. Each part is stored, so that it can be explained."""

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
"""A device of the first day: enough to be heard, too little to make throw-away devices worth it."""

ABSENT_WEIGHT = 0.5
"""A rating by somebody who does not say that they are there."""

PRESENT_TOGETHER = 10
"""Ratings of one network in a week that are believed to come from people who are there: a family, an office. Where
there are more, each counts as absent: to say so costs nothing, and a hundred that lied would move an honest record by
0.77 stars."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a request tells about who makes it; ratings that come by no request, such as synthetic ones, have none.

    Attributes:
        network: hash of the network that it came from.
        presence: what the phone says of its distance from the facility, None for nothing.
    """

    network: bytes
    presence: Presence | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """The parts of a weight that do not depend on other ratings.

    Attributes:
        age: of the device.
        presence: of the device at the facility.
    """

    age: float = 1.0
    presence: float = 1.0


FULL_TRUST = Trust()


def trust(registered_at: datetime, presence: Presence | None, as_of: datetime) -> Trust:
    """Weigh a device and its presence.

    Args:
        registered_at: when the device became known.
        presence: what its phone says.
        as_of: now.
    """
    return Trust(age_weight(registered_at, as_of), 1.0 if presence == "within_150_m" else ABSENT_WEIGHT)


def age_weight(registered_at: datetime, as_of: datetime) -> float:
    """ω_age: less in a device's first day."""
    return NEW_DEVICE_WEIGHT if as_of - registered_at < NEW_DEVICE else 1.0


def cluster_weight(count: int) -> float:
    """ω_cluster = f(k)/k with f(k) = 1 + ln k: a thousand voices from one room are not a thousand witnesses."""
    return (1 + log(count)) / count


def weigh_clusters(session: Session, facility_id: int, as_of: datetime) -> None:
    """Weigh the ratings of a facility that came from one network within a week together.

    What is older keeps the weight that it had. The caller holds the facility's row.
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
