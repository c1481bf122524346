"""Ratings: one current rating per facility and device, a history, and the facility's recomputed sums.

Every change of a rating locks the facility's row until the commit, so that the sums match the visible ratings even with
concurrent changes.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from geo import paging
from geo.crowd import closures, comments, outages, rate_bombs, trust
from geo.crowd.models import PastRating, Rating
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, SLOW_HALF_LIFE_DAYS
from geo.database import Session
from geo.errors import RatingNotFound
from geo.facilities import locks, merged
from geo.facilities.models import PUBLIC_STATUSES
from geo.paging import Page

REPEAT_WINDOW = timedelta(minutes=10)
"""An identical rating within this time is the same visit, most likely a retry after a lost response. Later it counts as
a new visit."""

SECONDS_PER_DAY = 86_400

WEIGHTS = ("weight_age", "weight_track", "weight_presence")
"""The weights that are stored with a rating."""


@dataclass(frozen=True, slots=True)
class NewRating:
    """The content of a rating.

    Attributes:
        stars: 1 to 5.
        comment: the visitor's text, or None.
        observed: observed facts, by name (``soap``: ``yes``, ``queue_min``: 4).
    """

    stars: int
    comment: str | None = None
    observed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRating:
    """A current rating.

    Attributes:
        rating_id: its public id.
        stars, comment, observed: its content.
        rated_at: when it was made.
        demo: whether it is invented.
        comment_state: one of COMMENT_STATES.
    """

    rating_id: int
    stars: int
    comment: str | None
    observed: dict[str, Any]
    rated_at: datetime
    demo: bool
    comment_state: str


def rate(  # noqa: PLR0913 - who, what, which, when, under which circumstances, and whether it is invented
    session: Session,
    facility_id: int,
    device_id: int,
    new: NewRating,
    as_of: datetime,
    *,
    circumstances: trust.Circumstances | None = None,
    demo: bool = False,
) -> bool:
    """Create or replace the device's current rating of the facility.

    A text with contact details is held for review. A text that was hidden or approved before keeps that state.

    Args:
        session: a write session.
        facility_id: the facility.
        device_id: the rater.
        new: the rating.
        as_of: now.
        circumstances: what the request reveals about the rater. Default: the rating has full weight.
        demo: whether the rating is invented, which every response shows.

    Returns:
        Whether it is the device's first rating of this facility.

    Raises:
        FacilityNotFound: the facility does not exist or is hidden.
    """
    lacking = trust.lacking_trust(session, device_id)
    if lacking:
        # These ratings may come to count more, which changes the sums of their places.
        locks.lock_current(session, lambda: [facility_id, *trust.lacking_trust(session, device_id)])
    facility = locks.lock_visible(session, facility_id)
    before = _current(session, facility_id, device_id)
    if before and _same_visit(before, new, as_of):
        return False
    visibility = comments.visibility(session, facility_id, device_id, new.comment, facility.country)
    if before:
        _keep_past(session, facility_id, device_id, as_of, "replaced")
    values = {
        "stars": new.stars,
        "comment": new.comment,
        "comment_state": visibility.state,
        "comment_approved": visibility.approved,
        "observed": new.observed,
        "presence": circumstances and circumstances.presence,
        "network": circumstances and circumstances.network,
        "origin": circumstances and circumstances.origin,
        "trusted": circumstances is None,
        **dict.fromkeys(WEIGHTS, 1.0),
        "rated_at": as_of,
        "demo": demo,
        "moved_from": None,
    }
    rating_id = session.execute(
        upsert(Rating)
        .values(facility_id=facility_id, device_id=device_id, **values)
        .on_conflict_do_update(index_elements=[Rating.facility_id, Rating.device_id], set_=values)
        .returning(Rating.id)
    ).scalar_one()
    weighed = [facility_id]
    if circumstances is not None:
        trust.weigh_presence(session, facility_id, as_of)
    if lacking or circumstances is not None:
        weighed += trust.weigh_devices(session, [device_id])
    recompute(session, weighed)
    rate_bombs.watch(session, facility_id, as_of)
    if before and before.comment != new.comment:
        comments.replace_text(session, rating_id, before.comment, new.comment, as_of)
    if facility.status == "reported_closed":
        closures.reopen_if_visited(session, facility_id, as_of)
    outages.end_if_visited(session, facility, as_of)
    if visibility.contact_details:
        comments.hold_for_review(session, rating_id, device_id, visibility.contact_details, as_of)
    return before is None


def withdraw(session: Session, facility_id: int, device_id: int, as_of: datetime) -> None:
    """Delete the device's rating of the facility, if there is one.

    Raises:
        FacilityMerged: the facility was merged into another one.
        FacilityNotFound: there is no such facility, or it is hidden and the device has not rated it.
    """
    facility = locks.lock(session, facility_id)
    is_unseen = facility is None or facility.status not in PUBLIC_STATUSES
    if is_unseen and _current(session, facility_id, device_id) is None:
        merged.refuse_unseen(session, facility_id)
    _keep_past(session, facility_id, device_id, as_of, "withdrawn")
    rating_id = session.execute(
        delete(Rating).where(Rating.facility_id == facility_id, Rating.device_id == device_id).returning(Rating.id)
    ).scalar_one_or_none()
    if rating_id is not None:
        trust.weigh_presence(session, facility_id, as_of)
        comments.forget_text(session, rating_id, as_of)
    recompute(session, [facility_id])
    rate_bombs.watch(session, facility_id, as_of)


def own(session: Session, facility_id: int, device_id: int) -> LiveRating:
    """Return the device's rating of the facility.

    Raises:
        RatingNotFound: the device has no rating of this facility.
    """
    found = _current(session, facility_id, device_id)
    if found is None:
        raise RatingNotFound("this device has no rating of this facility")
    return found


def of_facility(
    session: Session, facility_id: int, limit: int, before: tuple[datetime, int] | None = None
) -> Page[LiveRating]:
    """Return a page of the ratings of a facility, newest first, with their texts where those are public.

    Args:
        session: a read session.
        facility_id: the facility.
        limit: the maximum number of ratings.
        before: only ratings older than the one with this time and id.
    """
    older = [] if before is None else [func.row(Rating.rated_at, Rating.id) < func.row(*before)]
    page = paging.read(session, _select(Rating.facility_id == facility_id, *older), limit)
    return page.convert(lambda row: _public(LiveRating(**row)))


def recompute(session: Session, facility_ids: Collection[int]) -> None:
    """Recompute the sums of facilities from their ratings (docs/ranking.md), without those that staff excluded."""
    session.execute(
        _RECOMPUTE,
        {
            "facility_ids": list(facility_ids),
            "landmark": LANDMARK,
            "slow_half_life_s": SLOW_HALF_LIFE_DAYS * SECONDS_PER_DAY,
            "fast_half_life_s": FAST_HALF_LIFE_DAYS * SECONDS_PER_DAY,
        },
    )


def _same_visit(before: LiveRating, new: NewRating, as_of: datetime) -> bool:
    same = (before.stars, before.comment, before.observed) == (new.stars, new.comment, new.observed)
    return same and as_of - before.rated_at < REPEAT_WINDOW


def _keep_past(session: Session, facility_id: int, device_id: int, as_of: datetime, ended_by: str) -> None:
    copied = (
        "stars",
        "comment",
        "comment_state",
        "comment_approved",
        "observed",
        "rated_at",
        "demo",
        "moved_from",
        *WEIGHTS,
        "presence",
        "origin",
        "trusted",
    )
    session.execute(
        insert(PastRating).from_select(
            ["rating_id", "facility_id", "device_id", "ended_at", "ended_by", *copied],
            select(
                Rating.id,
                Rating.facility_id,
                Rating.device_id,
                literal(as_of),
                literal(ended_by),
                *(getattr(Rating, column) for column in copied),
            ).where(Rating.facility_id == facility_id, Rating.device_id == device_id),
        )
    )


def _current(session: Session, facility_id: int, device_id: int) -> LiveRating | None:
    statement = _select(Rating.facility_id == facility_id, Rating.device_id == device_id)
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else LiveRating(**row)


def _select(*where: ColumnElement[bool]) -> Select[Any]:
    """Select the columns of LiveRating, newest first."""
    columns = (Rating.stars, Rating.comment, Rating.observed, Rating.rated_at, Rating.demo, Rating.comment_state)
    statement = select(Rating.id.label("rating_id"), *columns).where(*where)
    return statement.order_by(Rating.rated_at.desc(), Rating.id.desc())


def _public(rating: LiveRating) -> LiveRating:
    """Return the rating as others see it."""
    return rating if rating.comment_state == "visible" else replace(rating, comment=None)


# The order makes the sums depend only on the set of ratings, to the last bit: adding floats in another order would
# round differently.
_RECOMPUTE = text(
    """
    UPDATE facility
    SET (rating_count, demo_rating_count, excluded_rating_count, weight_total, stars_total,
         weight_slow, stars_slow, weight_fast, stars_fast, last_rated_at) = (
        SELECT count(*) FILTER (WHERE NOT excluded), count(*) FILTER (WHERE demo AND NOT excluded),
               count(*) FILTER (WHERE excluded),
               coalesce(sum(weight) FILTER (WHERE NOT excluded), 0),
               coalesce(sum(weight * stars) FILTER (WHERE NOT excluded), 0),
               coalesce(sum(slow) FILTER (WHERE NOT excluded), 0),
               coalesce(sum(slow * stars) FILTER (WHERE NOT excluded), 0),
               coalesce(sum(fast) FILTER (WHERE NOT excluded), 0),
               coalesce(sum(fast * stars) FILTER (WHERE NOT excluded), 0),
               max(rated_at) FILTER (WHERE NOT excluded)
        FROM (
            -- date_part and not extract, whose numeric takes four times as long.
            SELECT *, date_part('epoch', rated_at - :landmark) AS age_s
            FROM facility_search.weighed_ratings(facility.id)
            ORDER BY rated_at, stars, weight
        ) AS weighed
        CROSS JOIN LATERAL (SELECT weight * power(2, age_s / :slow_half_life_s) AS slow,
                                   weight * power(2, age_s / :fast_half_life_s) AS fast OFFSET 0) AS decayed
    )
    WHERE id = ANY (:facility_ids)
    """
)
