"""Alarms: a rush of ratings that contradict the record of their place opens a queue item, which the place shows.

The item is open as long as the ratings of the last week would move the place so far. Every function requires a write
session that has locked the facility's row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, select, text, update

from geo.casework import queue
from geo.casework.decisions import REVERT, RecordedAction
from geo.casework.models import QueueItem
from geo.crowd.trust import RUSH_DAYS
from geo.database import Session
from geo.facilities.models import Facility

DISMISS_ALARM = RecordedAction("dismiss_alarm")
EXCLUDE = "exclude_ratings"

KIND = "rate_bomb"

MOVED_STARS = 0.5
"""How far the ratings of a rush would move the quality of their place if each had full weight: the distance between the
bounds of the verdicts ``sit`` and ``squat``."""

CONTRADICTION_STARS = 1.5
"""Minimum difference between a rating and the quality of its place: many good ratings of a good place are no alarm."""

RUSH_RATINGS = 3
"""Minimum number of ratings: two bad visits in a week are chance."""

RECORD_RATINGS = 5
"""Number of other ratings that make a record."""

RUSH_RATINGS_WITHOUT_RECORD = 10
"""Minimum number where the place has no record, but only what is expected of its kind."""

LOW_STARS = 2
HIGH_STARS = 4

IDS_SHOWN = 100
"""Number of ratings that an item names, the newest: as many as staff see of a place."""

# The condition on the most that so many ratings could move the place spares busy places the weights of all their
# ratings. With the ratings of the rush taken out, q = (C*base + S)/(C + W) changes by at most 4 stars times the terms.
_RUSH = text(
    """
    WITH place AS (
        SELECT f.id, f.rating_count, f.prior_stars, f.record_credibility AS c0, f.present_credibility AS c,
               f.weight_slow * decay.slow AS weight_slow, f.stars_slow * decay.slow AS stars_slow,
               f.weight_fast * decay.fast AS weight_fast, f.stars_fast * decay.fast AS stars_fast,
               facility_search.quality_at(f.weight_slow, f.stars_slow, f.weight_fast, f.stars_fast, f.prior_stars,
                   f.record_credibility, f.present_credibility, decay.slow, decay.fast) AS q
        FROM facility AS f,
             (SELECT facility_search.decay(:as_of, facility_search.slow_half_life_days()) AS slow,
                     facility_search.decay(:as_of, facility_search.fast_half_life_days()) AS fast) AS decay
        WHERE f.id = :facility_id
    ), dismissed AS (
        SELECT max(decided_at) AS at FROM decision
        WHERE target = 'facility' AND target_id = :facility_id
          AND (action = :dismissal
               OR action = :revert AND reverts IN (SELECT id FROM decision WHERE action = :exclusion))
    ), sided AS (
        SELECT array_agg(r.id ORDER BY r.rated_at DESC, r.id DESC) FILTER (WHERE news.is_new) AS ids,
               count(*) FILTER (WHERE news.is_new) AS ratings, count(*) FILTER (WHERE NOT news.is_new) AS dismissed
        FROM place, dismissed, rating AS r,
             LATERAL (SELECT dismissed.at IS NULL OR r.rated_at > dismissed.at AS is_new) AS news
        WHERE r.facility_id = :facility_id AND r.rated_at > :since AND NOT r.trusted
          AND abs(r.stars - place.q) >= :contradiction
          AND NOT EXISTS (SELECT FROM rating_exclusion AS e WHERE e.facility_id = :facility_id
                          AND e.lifted_at IS NULL AND e.during @> r.rated_at)
        GROUP BY sign(r.stars - place.q)
    )
    SELECT sided.ratings, sided.ids, rush.low, rush.high, rush.mean, rush.first, rush.last, rush.record_mean,
           moved.stars AS moved
    FROM place, sided,
         LATERAL (
             SELECT count(*) FILTER (WHERE is_in AND stars <= :low) AS low,
                    count(*) FILTER (WHERE is_in AND stars >= :high) AS high,
                    avg(stars) FILTER (WHERE is_in)::float8 AS mean,
                    avg(stars) FILTER (WHERE NOT is_in AND NOT excluded)::float8 AS record_mean,
                    min(rated_at) FILTER (WHERE is_in) AS first, max(rated_at) FILTER (WHERE is_in) AS last,
                    sum(weight * slow) FILTER (WHERE is_in) AS weight_slow,
                    sum(weight * slow * stars) FILTER (WHERE is_in) AS stars_slow,
                    sum(weight * fast) FILTER (WHERE is_in) AS weight_fast,
                    sum(weight * fast * stars) FILTER (WHERE is_in) AS stars_fast,
                    sum(slow) FILTER (WHERE is_in) AS full_slow,
                    sum(slow * stars) FILTER (WHERE is_in) AS full_stars_slow,
                    sum(fast) FILTER (WHERE is_in) AS full_fast,
                    sum(fast * stars) FILTER (WHERE is_in) AS full_stars_fast
             FROM facility_search.weighed_ratings(:facility_id) AS w
             CROSS JOIN LATERAL (SELECT w.rating_id = ANY (sided.ids) AS is_in,
                                        date_part('epoch', w.rated_at - :as_of) / 86400 AS days) AS at
             CROSS JOIN LATERAL (SELECT power(2, at.days / facility_search.slow_half_life_days()) AS slow,
                                        power(2, at.days / facility_search.fast_half_life_days()) AS fast) AS decayed
         ) AS rush,
         LATERAL (
             SELECT place.weight_slow - rush.weight_slow AS weight_slow,
                    place.stars_slow - rush.stars_slow AS stars_slow,
                    place.weight_fast - rush.weight_fast AS weight_fast,
                    place.stars_fast - rush.stars_fast AS stars_fast
         ) AS record,
         LATERAL (
             SELECT facility_search.quality(
                        record.weight_slow + rush.full_slow, record.stars_slow + rush.full_stars_slow,
                        record.weight_fast + rush.full_fast, record.stars_fast + rush.full_stars_fast,
                        place.prior_stars, place.c0, place.c)
                    - facility_search.quality(
                        record.weight_slow, record.stars_slow, record.weight_fast, record.stars_fast,
                        place.prior_stars, place.c0, place.c) AS stars
         ) AS moved
    WHERE sided.ratings > sided.dismissed
      AND sided.ratings >= CASE WHEN place.rating_count - sided.ratings >= :record THEN :least ELSE :least_unknown END
      AND 4 * sided.ratings * (1 + place.c / (place.c0 + place.weight_slow)) / (place.c + place.weight_fast) >= :moved
      AND abs(moved.stars) >= :moved
    ORDER BY abs(moved.stars) DESC
    LIMIT 1
    """
)


def watch(session: Session, facility_id: int, as_of: datetime) -> None:
    """Open, update or close the alarm of a place, whose sums must have been recomputed."""
    parameters = {
        "facility_id": facility_id,
        "as_of": as_of,
        "since": as_of - timedelta(days=RUSH_DAYS),
        "contradiction": CONTRADICTION_STARS,
        "moved": MOVED_STARS,
        "record": RECORD_RATINGS,
        "least": RUSH_RATINGS,
        "least_unknown": RUSH_RATINGS_WITHOUT_RECORD,
        "low": LOW_STARS,
        "high": HIGH_STARS,
        "dismissal": DISMISS_ALARM.name,
        "revert": REVERT.name,
        "exclusion": EXCLUDE,
    }
    rush = session.execute(_RUSH, parameters).mappings().one_or_none()
    if rush is None:
        if forget(session, facility_id):
            queue.end(session, KIND, facility_id, "moot", as_of)
        return
    until = rush["last"] + timedelta(days=RUSH_DAYS)
    facility = (Facility.id == facility_id) & Facility.rush_until.is_distinct_from(until)
    session.execute(update(Facility).where(facility).values(rush_until=until))
    details = _details(rush)
    if _named(session, facility_id) != details["rating_ids"]:
        queue.put(session, KIND, facility_id, as_of, score=float(rush["ratings"]), details=details)


def forget(session: Session, facility_id: int) -> bool:
    """Show a place without an alarm. Return whether it had one."""
    alarmed = (Facility.id == facility_id) & Facility.rush_until.is_not(None)
    return (
        session.execute(update(Facility).where(alarmed).values(rush_until=None).returning(Facility.id)).first()
        is not None
    )


def alarmed(session: Session) -> Sequence[int]:
    """Return the places with an alarm."""
    statement = select(Facility.id).where(Facility.rush_until.is_not(None)).order_by(Facility.id)
    return session.execute(statement).scalars().all()


def _named(session: Session, facility_id: int) -> list[int] | None:
    """Return the ratings that the open item of a place names; None if there is no such item."""
    item = select(QueueItem.details["rating_ids"]).where(
        QueueItem.kind == KIND, QueueItem.target_id == facility_id, QueueItem.state == "open"
    )
    return session.execute(item).scalar_one_or_none()


def _details(rush: RowMapping) -> dict[str, Any]:
    record_mean = rush["record_mean"]
    return {
        "ratings": rush["ratings"],
        "rating_ids": rush["ids"][:IDS_SHOWN],
        "low": rush["low"],
        "high": rush["high"],
        "mean": round(rush["mean"], 2),
        "record_mean": None if record_mean is None else round(record_mean, 2),
        "would_have_moved": round(rush["moved"], 2),
        "from": rush["first"].isoformat(),
        "until": rush["last"].isoformat(),
    }
