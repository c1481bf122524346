"""Detects rate bombs: adds a queue item for a burst of one-sided ratings. Nothing else happens automatically."""

from datetime import datetime, timedelta

from sqlalchemy import text

from geo.casework import queue
from geo.casework.decisions import RecordedAction
from geo.database import Session

DISMISS_ALARM = RecordedAction("dismiss_alarm")

BURST_WINDOW = timedelta(hours=24)
"""Length of a burst: a campaign takes a day, while a change of the cleaning staff shows over weeks."""

BURST_RATINGS = 10
"""Minimum number of ratings of a burst: fewer can come on a busy day."""

BURST_SIDED_SHARE = 0.9
"""Minimum share of a burst that is bad (LOW_STARS or fewer) or good (HIGH_STARS or more)."""

LOW_STARS = 2
HIGH_STARS = 4

RECORD_RATINGS = 5
"""Number of older ratings required to compare the burst with."""

RECORD_SHIFT_STARS = 1.5
"""Minimum difference between the burst's mean and that of the older ratings: many good ratings of a good place are no
alarm."""

_BURST = text(
    """
    WITH news AS (
        SELECT greatest(CAST(:since AS timestamptz), max(decided_at)) AS since FROM decision
        WHERE target = 'facility' AND target_id = :facility_id AND action = :dismissal
    )
    SELECT burst.*, record.ratings AS record_ratings, record.mean AS record_mean
    FROM news,
         LATERAL (SELECT count(*) AS ratings, avg(stars)::float8 AS mean, min(rated_at) AS first, max(rated_at) AS last,
                         count(*) FILTER (WHERE stars <= :low) AS low, count(*) FILTER (WHERE stars >= :high) AS high
                  FROM rating
                  WHERE facility_id = :facility_id AND rated_at > news.since
                    AND NOT EXISTS (SELECT FROM rating_exclusion AS e WHERE e.facility_id = rating.facility_id
                                    AND e.lifted_at IS NULL AND e.during @> rating.rated_at)) AS burst,
         LATERAL (SELECT count(*) AS ratings, avg(stars)::float8 AS mean
                  FROM rating WHERE facility_id = :facility_id AND rated_at <= news.since) AS record
    WHERE burst.ratings >= :least AND greatest(burst.low, burst.high) >= :share * burst.ratings
      AND NOT EXISTS (SELECT FROM queue_item WHERE kind = 'rate_bomb' AND target_id = :facility_id AND state = 'open')
    """
)


def watch(session: Session, facility_id: int, as_of: datetime) -> None:
    """Add a queue item if a burst reaches the thresholds, unless staff have already dismissed it."""
    parameters = {
        "facility_id": facility_id,
        "since": as_of - BURST_WINDOW,
        "least": BURST_RATINGS,
        "share": BURST_SIDED_SHARE,
        "low": LOW_STARS,
        "high": HIGH_STARS,
        "dismissal": DISMISS_ALARM.name,
    }
    burst = session.execute(_BURST, parameters).one_or_none()
    if burst is None:
        return
    if burst.record_ratings >= RECORD_RATINGS and abs(burst.mean - burst.record_mean) < RECORD_SHIFT_STARS:
        return
    details = {
        "ratings": burst.ratings,
        "low": burst.low,
        "high": burst.high,
        "mean": round(burst.mean, 2),
        "record_mean": burst.record_mean and round(burst.record_mean, 2),
        "from": burst.first.isoformat(),
        "until": burst.last.isoformat(),
    }
    queue.put(session, "rate_bomb", facility_id, as_of, score=float(burst.ratings), details=details)
