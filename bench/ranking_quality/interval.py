"""How sure a mean or a share over towns is: Student's t."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from bench.ranking_quality.cleanliness import Floats

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean and how far the true one may be from it on either side."""

    mean: float
    margin: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference that this is the mean of is more than chance."""
        return abs(self.mean) > self.margin


def student_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t (Abramowitz, Stegun 1964, 26.7.5: to 1e-3 from 15 degrees of freedom and 0.9999 down)."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))


def interval(values: Floats) -> Interval:
    """Bound a mean over towns with CONFIDENCE.

    Args:
        values: one a town.
    """
    quantile = student_quantile(1 - (1 - CONFIDENCE) / 2, len(values) - 1)
    return Interval(float(values.mean()), quantile * float(values.std(ddof=1)) / sqrt(len(values)))


def share_of(parts: Floats, wholes: Floats) -> Interval:
    """Bound the ratio of two sums over towns by the delta method.

    Args:
        parts: one a town.
        wholes: one a town, in the same order.
    """
    share = float(parts.sum() / wholes.sum())
    return Interval(share, interval(parts - share * wholes).margin / float(wholes.mean()))
