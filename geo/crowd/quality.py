"""Quality of a facility: a Bayesian average of its stars with decay on two time scales (docs/ranking.md).

The facility's long-term record (half-life a year) is shrunk to the prior mean; its present state (half-life a month) is
shrunk to its own record. With one scale a bad record would vanish without new ratings; with two it does not.

The database stores forward-decayed sums (Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009), which are
relative to a fixed landmark, so that the passage of time changes no row.
The formulas are in geo/sql/20_quality.sql.
"""

from datetime import UTC, datetime
from typing import Literal, get_args

SLOW_HALF_LIFE_DAYS = 365.0
"""Half-life of the record in days: a year, so that every season counts. In simulated towns 180 days are worse, and two
and four years are not significantly better (docs/ranking-quality.md)."""

FAST_HALF_LIFE_DAYS = 30.0
"""Half-life of the present state in days: a month, about the time after which a change of staff or cleaning plan shows.
In simulated towns 14 to 60 days are equally good."""

RECORD_CREDIBILITY = 5.0
"""C0: weight of the prior mean in the facility's record, in ratings. Bühlmann credibility is the variance within a
facility over the variance between facilities, 1.1² / 0.5² = 4.84, rounded."""

PRESENT_CREDIBILITY = 5.0
"""C: weight of the facility's record in its present state, in ratings; the same credibility."""

PRIOR_MEAN_STARS = 3.6
"""μ: the assumed mean of facilities in stars, which is the estimate of an unrated one."""

STARS_SIGMA = 1.1
"""Sigma: standard deviation of the ratings of one facility in stars, as in RECORD_CREDIBILITY."""

LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
"""L: the instant that stored sums are relative to. It must not change while sums are stored. A weight is
2^(days since L / half-life) and float8 ends at 2^1023, so the fast sums are valid until 2110."""

SIT_AT_LEAST_STARS = 3.5
"""Verdict ``sit``: q minus one standard deviation is at least this. One fresh 5★ rating is not enough, two are."""

SQUAT_AT_MOST_STARS = 3.0
"""Verdict ``squat``: q plus one standard deviation is at most this, the middle of the scale from 1 to 5."""

Verdict = Literal["sit", "squat", "unsure", "unrated"]

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
