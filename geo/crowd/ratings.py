"""Ratings: one live one for each facility and device, the past kept, and the facility's sums always recomputed.

Whoever changes a rating holds the facility's row lock until the commit, so that the sums are those of the ratings that
everybody sees, however many rate at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from geo.crowd.models import PastRating, Rating
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.errors import FacilityNotFound, RatingNotFound
from geo.facilities.models import Facility

REPEAT_WINDOW = timedelta(minutes=10)
"""The same rating again within this time is the same visit, most likely a retry whose answer was lost; later it is a
new visit with the same verdict, and counts as fresh."""

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class NewRating:
    """What a visitor says.

    Attributes:
        stars: 1 to 5.
        comment: in the visitor's words, None for none.
        observed: facts seen, by name (``soap``: ``yes``, ``queue_min``: 4).
    """

    stars: int
    comment: str | None = None
    observed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRating:
    """A rating as it stands.

    Attributes:
        rating_id: the public handle.
        stars, comment, observed: what was said.
        rated_at: when.
        demo: it is invented.
    """

    rating_id: int
    stars: int
    comment: str | None
    observed: dict[str, Any]
    rated_at: datetime
    demo: bool


def rate(  # noqa: PLR0913 - who, what, which, when, and whether it is invented
    session: Session,
    facility_id: int,
    device_id: int,
    said: NewRating,
    as_of: datetime,
    *,
    demo: bool = False,
) -> bool:
    """Make this the device's one live rating of the facility.

    Args:
        session: a write session.
        facility_id: the facility.
        device_id: the rater.
        said: the rating.
        as_of: now.
        demo: the rating is invented, and every reply says so.

    Returns:
        Whether it is the device's first of this facility.

    Raises:
        FacilityNotFound: there is none of that id, or none that may be shown.
    """
    _lock_facility(session, facility_id)
    before = _read(session, Rating.facility_id == facility_id, Rating.device_id == device_id)
    if before:
        if _same_visit(before[0], said, as_of):
            return False
        _keep_past(session, facility_id, device_id, as_of, "replaced")
    values = {
        "stars": said.stars,
        "comment": said.comment,
        "observed": said.observed,
        "weight": 1.0,
        "rated_at": as_of,
        "demo": demo,
    }
    session.execute(
        upsert(Rating)
        .values(facility_id=facility_id, device_id=device_id, **values)
        .on_conflict_do_update(index_elements=[Rating.facility_id, Rating.device_id], set_=values)
    )
    recompute(session, [facility_id])
    return not before


def withdraw(session: Session, facility_id: int, device_id: int, as_of: datetime) -> None:
    """Take back the device's rating of the facility, if there is one.

    Raises:
        FacilityNotFound: there is no such facility.
    """
    _lock_facility(session, facility_id)
    _keep_past(session, facility_id, device_id, as_of, "withdrawn")
    session.execute(delete(Rating).where(Rating.facility_id == facility_id, Rating.device_id == device_id))
    recompute(session, [facility_id])


def own(session: Session, facility_id: int, device_id: int) -> LiveRating:
    """The device's rating of the facility.

    Raises:
        RatingNotFound: it has none.
    """
    found = _read(session, Rating.facility_id == facility_id, Rating.device_id == device_id)
    if not found:
        raise RatingNotFound("this device has no rating of this facility")
    return found[0]


def of_facility(
    session: Session, facility_id: int, limit: int, before: tuple[datetime, int] | None = None
) -> Sequence[LiveRating]:
    """The ratings of a facility, newest first.

    Args:
        session: a read session.
        facility_id: the facility.
        limit: how many at most.
        before: only those older than the rating of this time and id.
    """
    older = [] if before is None else [func.row(Rating.rated_at, Rating.id) < func.row(*before)]
    return _read(session, Rating.facility_id == facility_id, *older, limit=limit)


def recompute(session: Session, facility_ids: Sequence[int]) -> None:
    """Set the sums of the facilities to those of their ratings (MATH.md, forward decay)."""
    session.execute(
        _RECOMPUTE,
        {
            "facility_ids": list(facility_ids),
            "landmark": LANDMARK,
            "slow_half_life_s": SLOW_HALF_LIFE_DAYS * SECONDS_PER_DAY,
            "fast_half_life_s": FAST_HALF_LIFE_DAYS * SECONDS_PER_DAY,
        },
    )


def _lock_facility(session: Session, facility_id: int) -> None:
    """Hold the facility's row until the end of the transaction; foreign keys may still point at it."""
    locked = session.execute(
        select(Facility.id)
        .where(Facility.id == facility_id, Facility.status != "hidden")
        .with_for_update(key_share=True)
    ).one_or_none()
    if locked is None:
        raise FacilityNotFound(facility_id)


def _same_visit(before: LiveRating, said: NewRating, as_of: datetime) -> bool:
    same = (before.stars, before.comment, before.observed) == (said.stars, said.comment, said.observed)
    return same and as_of - before.rated_at < REPEAT_WINDOW


def _keep_past(session: Session, facility_id: int, device_id: int, as_of: datetime, ended_by: str) -> None:
    said = ("stars", "comment", "observed", "weight", "rated_at", "demo")
    session.execute(
        insert(PastRating).from_select(
            ["rating_id", "facility_id", "device_id", "ended_at", "ended_by", *said],
            select(
                Rating.id,
                Rating.facility_id,
                Rating.device_id,
                literal(as_of),
                literal(ended_by),
                *(getattr(Rating, column) for column in said),
            ).where(Rating.facility_id == facility_id, Rating.device_id == device_id),
        )
    )


def _read(session: Session, *where: ColumnElement[bool], limit: int = 1) -> Sequence[LiveRating]:
    rows = session.execute(
        select(
            Rating.id.label("rating_id"),
            Rating.stars,
            Rating.comment,
            Rating.observed,
            Rating.rated_at,
            Rating.demo,
        )
        .where(*where)
        .order_by(Rating.rated_at.desc(), Rating.id.desc())
        .limit(limit)
    )
    return [LiveRating(**row) for row in rows.mappings()]


_RECOMPUTE = text(
    """
    UPDATE facility
    SET (rating_count, demo_rating_count, stars_total,
         weight_slow, stars_slow, weight_fast, stars_fast, last_rated_at) = (
        SELECT count(*), count(*) FILTER (WHERE demo), coalesce(sum(stars), 0),
               coalesce(sum(slow), 0), coalesce(sum(slow * stars), 0),
               coalesce(sum(fast), 0), coalesce(sum(fast * stars), 0), max(rated_at)
        FROM rating
        CROSS JOIN LATERAL (SELECT extract(epoch FROM rated_at - :landmark)::float8 AS age_s) AS since_landmark
        CROSS JOIN LATERAL (SELECT weight * power(2, age_s / :slow_half_life_s) AS slow,
                                   weight * power(2, age_s / :fast_half_life_s) AS fast) AS decayed
        WHERE rating.facility_id = facility.id
    )
    WHERE id = ANY (:facility_ids)
    """
)
