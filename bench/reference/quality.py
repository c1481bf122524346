"""The formulas of geo/sql/20_quality.sql and the sums of geo/crowd/ratings.py in Python, for tests and the bench."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum, sqrt
from typing import NamedTuple

from geo.crowd.quality import (
    FAST_HALF_LIFE_DAYS,
    LANDMARK,
    PRESENT_CREDIBILITY,
    PRIOR_MEAN_STARS,
    RECORD_CREDIBILITY,
    SIT_AT_LEAST_STARS,
    SLOW_HALF_LIFE_DAYS,
    SQUAT_AT_MOST_STARS,
    STARS_SIGMA,
    Verdict,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WeightedStars:
    """A rating as input of the formulas.

    Attributes:
        rated_at: when it was made, an aware datetime.
        stars: 1 to 5.
        weight: ω, its trust weight; 1 is full trust.
    """

    rated_at: datetime
    stars: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class DecayedSums:
    """W = Σ w and S = Σ w·stars on both time scales, at an instant or relative to LANDMARK.

    Attributes:
        weight_slow, stars_slow: W and S with SLOW_HALF_LIFE_DAYS.
        weight_fast, stars_fast: W and S with FAST_HALF_LIFE_DAYS.
    """

    weight_slow: float
    stars_slow: float
    weight_fast: float
    stars_fast: float


@dataclass(frozen=True, slots=True)
class Quality:
    """The estimated present quality of a facility.

    Attributes:
        q: the estimate in stars, 1 to 5.
        sd: its standard deviation in stars.
    """

    q: float
    sd: float


class WeightedSum(NamedTuple):
    """Σ w and Σ w·value."""

    weight: float
    value: float


def forward_decay(observations: Iterable[tuple[float, float, float]], g: Callable[[float], float]) -> WeightedSum:
    """Return the sums of observations with forward decay. For the sums at a time n after L, divide both by g(n).

    Args:
        observations: (n, value, weight), n the time from the landmark L to the observation.
        g: the decay function, positive and non-decreasing.
    """
    weighed = [(weight * g(n), value) for n, value, weight in observations]
    return WeightedSum(fsum(w for w, _ in weighed), fsum(w * value for w, value in weighed))


def bayesian_average(total: float, count: float, prior_mean: float, prior_count: float) -> float:
    """Return the mean of ``count`` values with the sum ``total`` and ``prior_count`` values equal to ``prior_mean``."""
    return (prior_count * prior_mean + total) / (prior_count + count)


def forward_sums(ratings: Iterable[WeightedStars]) -> DecayedSums:
    """Return the sums relative to LANDMARK, which the database stores for a facility's ratings."""
    return _sums(ratings, LANDMARK)


def at(forward: DecayedSums, as_of: datetime) -> DecayedSums:
    """Return the sums at an instant, computed from the stored ones."""
    days = (as_of - LANDMARK) / _DAY
    slow = 2.0 ** (-days / SLOW_HALF_LIFE_DAYS)
    fast = 2.0 ** (-days / FAST_HALF_LIFE_DAYS)
    return DecayedSums(
        forward.weight_slow * slow,
        forward.stars_slow * slow,
        forward.weight_fast * fast,
        forward.stars_fast * fast,
    )


def decayed_sums(ratings: Iterable[WeightedStars], as_of: datetime) -> DecayedSums:
    """Return the sums at an instant by their definition: w = ω · 2^(-(as_of - rated_at) / half-life)."""
    return _sums(ratings, as_of)


def record_mean(
    sums: DecayedSums, prior_mean: float = PRIOR_MEAN_STARS, record_credibility: float = RECORD_CREDIBILITY
) -> float:
    """Return ``base``: the facility's long-term record in stars, shrunk to the prior mean."""
    return bayesian_average(sums.stars_slow, sums.weight_slow, prior_mean, record_credibility)


def quality(
    sums: DecayedSums,
    prior_mean: float = PRIOR_MEAN_STARS,
    record_credibility: float = RECORD_CREDIBILITY,
    present_credibility: float = PRESENT_CREDIBILITY,
) -> Quality:
    """Estimate the present state of a facility.

    Args:
        sums: W and S at the requested instant.
        prior_mean: μ in stars.
        record_credibility: C0.
        present_credibility: C.
    """
    base = record_mean(sums, prior_mean, record_credibility)
    present = present_credibility + sums.weight_fast
    q = bayesian_average(sums.stars_fast, sums.weight_fast, base, present_credibility)
    record_variance = STARS_SIGMA**2 / (record_credibility + sums.weight_slow)
    variance = STARS_SIGMA**2 / present + (present_credibility / present) ** 2 * record_variance
    return Quality(q, sqrt(variance))


def verdict(quality: Quality, count: int) -> Verdict:
    """Return the verdict for a quality.

    Args:
        quality: the quality at the requested instant.
        count: number of the facility's ratings of any age.
    """
    if count == 0:
        return "unrated"
    if quality.q - quality.sd >= SIT_AT_LEAST_STARS:
        return "sit"
    if quality.q + quality.sd <= SQUAT_AT_MOST_STARS:
        return "squat"
    return "unsure"


def _sums(ratings: Iterable[WeightedStars], origin: datetime) -> DecayedSums:
    """Return the sums weighted by 2^(days from the origin to the rating / half-life)."""
    observations = [((r.rated_at - origin) / _DAY, float(r.stars), r.weight) for r in ratings]
    slow = forward_decay(observations, lambda n: 2.0 ** (n / SLOW_HALF_LIFE_DAYS))
    fast = forward_decay(observations, lambda n: 2.0 ** (n / FAST_HALF_LIFE_DAYS))
    return DecayedSums(slow.weight, slow.value, fast.weight, fast.value)
