"""Trust weights of ratings and reports: constants, and what is stored of them (docs/ranking.md).

The formulas are in geo/sql/22_trust.sql. A rating stores its weights of age, track record and presence. Its rush weight
depends on its neighbours in time and is computed with the sums, so that a rating changes no other row of its place.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import func, select, text

from geo.crowd.models import Rating
from geo.database import Session

Presence = Literal["within_150_m", "farther", "proved"]

NEW_DEVICE_WEIGHT = 0.3
"""Weight of a device's ratings on its first day: low enough that throw-away devices are not worthwhile."""

TRACK_RECORD_PLACES = 2
"""Places that a device must have rated to count fully: an attack on one place then takes ratings of others, too."""

NO_TRACK_RECORD_WEIGHT = 0.3
"""Weight of a device that has rated fewer places. In simulated towns it pays where brigades come slowly, and costs
at most 2 % of regret elsewhere (docs/ranking-quality.md)."""

ABSENT_WEIGHT = 0.8
"""Weight of a rating by a phone that does not report to be at the facility."""

PRESENT_TOGETHER = 10
"""Ratings of one network within a rush whose reported presence is believed: a family, an office. With more, each
counts as absent: presence is easy to fake."""

RUSH_DAYS = 7.0
"""Length of a rush: half before and half after each of its ratings."""

RECORD_DAYS = 365.0
"""Length of the record that tells how many ratings a place usually gets: a year, so that every season counts."""

YOUNGEST_RECORD_DAYS = 30.0
"""Age that a younger place is assumed to have: its first ratings are no rush."""

PRIOR_RECORD_DAYS = 60.0
"""Days with one rating that are assumed before the record, so that one rating a week is ordinary for no place without
ratings."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a request reveals about the rater. Ratings without a request, such as synthetic ones, have none.

    Attributes:
        network: hash of the network that the request came from.
        presence: the phone's reported distance from the facility, ``proved``, or None.
        origin: the web page of another site that sent it, or None.
    """

    network: bytes
    presence: Presence | None = None
    origin: str | None = None


class Weights(NamedTuple):
    """The weights of a rating.

    Attributes:
        age: for its device's first day.
        track: for how many places its device has rated.
        presence: for its device's presence at the place.
        rush: for the ratings that the place got at the same time.
        weight: their product.
    """

    age: float
    track: float
    presence: float
    rush: float
    weight: float


def lacking_trust(session: Session, device_id: int) -> Sequence[int]:
    """Return the facilities whose rating by a device may come to count more when it rates again."""
    lacking = (Rating.weight_age < 1) | (Rating.weight_track < 1)
    return session.execute(select(Rating.facility_id).where(Rating.device_id == device_id, lacking)).scalars().all()


def weigh_devices(session: Session, device_ids: Collection[int]) -> Sequence[int]:
    """Update the weights that ratings owe to what their devices have rated. Return the facilities that these are of.

    The caller must have locked the rows of the facilities of ``lacking_trust``, and that of the device if it has just
    rated.
    """
    return session.execute(_WEIGH_DEVICES, {"device_ids": list(device_ids)}).scalars().all()


def weigh_presence(session: Session, facility_id: int, as_of: datetime) -> None:
    """Update the presence weights of a facility's ratings of the last half rush.

    Older ratings keep theirs, because the hashes of networks are deleted. The caller must have locked the facility.
    """
    parameters = {
        "facility_id": facility_id,
        "since": as_of - timedelta(days=RUSH_DAYS / 2),
        "present_together": PRESENT_TOGETHER,
        "absent_weight": ABSENT_WEIGHT,
    }
    session.execute(_WEIGH_PRESENCE, parameters)


def weights_of(session: Session, facility_id: int, device_id: int) -> Weights:
    """Return the weights of a device's rating of a facility, which must exist."""
    weighed = weighed_ratings()
    statement = (
        select(Rating.weight_age, Rating.weight_track, Rating.weight_presence, weighed.c.weight_rush, weighed.c.weight)
        .join(weighed, weighed.c.rating_id == Rating.id)
        .where(Rating.facility_id == facility_id, Rating.device_id == device_id)
    )
    return Weights(*session.execute(statement).one())


def weighed_ratings() -> Any:
    """Return the weights of all ratings of the facility of a Rating, to be joined to it."""
    function = func.facility_search.weighed_ratings(Rating.facility_id)
    return function.table_valued("rating_id", "weight_rush", "weight").lateral("weighed")


def device_weight(session: Session, device_id: int, as_of: datetime) -> float:
    """Return how far a device's report made now is trusted: its age weight times its track weight."""
    weight: float = session.execute(_DEVICE_WEIGHT, {"device_id": device_id, "as_of": as_of}).scalar_one()
    return weight


_WEIGH_DEVICES = text(
    """
    UPDATE rating SET weight_age = weighed.age, weight_track = weighed.track
    FROM (
        SELECT rating.id,
               facility_search.age_weight(rating.rated_at - device.created_at, record.between_ratings,
                                          rating.presence IS NOT DISTINCT FROM 'proved') AS age,
               facility_search.track_weight(record.places, record.proved) AS track
        FROM device
        JOIN rating ON rating.device_id = device.id
        CROSS JOIN facility_search.device_record(device.id) AS record
        WHERE device.id = ANY (:device_ids) AND NOT rating.trusted
    ) AS weighed
    WHERE rating.id = weighed.id
      AND (rating.weight_age, rating.weight_track) IS DISTINCT FROM (weighed.age, weighed.track)
    RETURNING rating.facility_id
    """
)

_WEIGH_PRESENCE = text(
    """
    UPDATE rating SET weight_presence = heard.weight
    FROM (
        SELECT device_id, CASE WHEN presence = 'within_150_m' AND together <= :present_together
                               THEN 1 ELSE :absent_weight END AS weight
        FROM (SELECT device_id, presence, rated_at,
                     count(*) OVER (PARTITION BY network ORDER BY rated_at
                                    RANGE BETWEEN
                                        facility_search.just_less_than(facility_search.half_a_rush()) PRECEDING
                                        AND facility_search.half_a_rush() FOLLOWING) AS together
              FROM rating
              WHERE facility_id = :facility_id AND network IS NOT NULL
                AND rated_at > CAST(:since AS timestamptz) - facility_search.half_a_rush()
                AND presence IS DISTINCT FROM 'proved') AS near
        WHERE rated_at > :since
    ) AS heard
    WHERE rating.facility_id = :facility_id AND rating.device_id = heard.device_id
      AND rating.weight_presence IS DISTINCT FROM heard.weight
    """
)

_DEVICE_WEIGHT = text(
    """
    SELECT facility_search.age_weight(:as_of - device.created_at, record.between_ratings, false)
           * facility_search.track_weight(record.places, record.proved)
    FROM device CROSS JOIN facility_search.device_record(device.id) AS record
    WHERE device.id = :device_id
    """
)
