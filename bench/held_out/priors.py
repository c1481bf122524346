"""The prior of the places of a file, estimated from the ratings until an instant as the product does each night.

The formulas are those of bench.reference.priors for all places at once; tests compare them.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bench.held_out.record import DAY_US, Floats, Sums, Table
from bench.reference.priors import LAG_EDGES_DAYS, fit_credibility
from geo.crowd.quality import PRESENT_CREDIBILITY, PRIOR_MEAN_STARS, RECORD_CREDIBILITY
from geo.priors.estimate import PAIR_WEIGHT_AT_LEAST


class Prior(NamedTuple):
    """What is expected of a place before it has ratings of its own.

    Attributes:
        stars: μ.
        record, present: C0 and C.
    """

    stars: float = PRIOR_MEAN_STARS
    record: float = RECORD_CREDIBILITY
    present: float = PRESENT_CREDIBILITY


class Pairs(NamedTuple):
    """How alike two ratings of a place are, by the time between them.

    Attributes:
        covariances: c of each bin of LAG_EDGES_DAYS, 0 where it has no pairs.
        weights: d of each bin.
        total_variance: of single ratings.
    """

    covariances: Floats
    weights: Floats
    total_variance: float


def estimate(ratings: Table, sums: Sums, as_of_us: int) -> Prior:
    """Estimate μ, C0 and C from live ratings. Those of a file are of one kind, and in no group."""
    live = np.flatnonzero(sums.weight)
    pairs = pairs_of(ratings, live, sums.weight[live], mean_stars(sums, as_of_us, RECORD_CREDIBILITY))
    record, present = RECORD_CREDIBILITY, PRESENT_CREDIBILITY
    if pairs.weights.sum() >= PAIR_WEIGHT_AT_LEAST:
        fitted = fit_credibility(pairs.covariances.tolist(), pairs.weights.tolist(), pairs.total_variance)
        record, present = fitted.record, fitted.present
    return Prior(mean_stars(sums, as_of_us, record), record, present)


def mean_stars(sums: Sums, as_of_us: int, record_credibility: float) -> float:
    """Return μ of the kind, the mean of its places by their credibility."""
    weight, stars = sums.slow(as_of_us)
    places = float((weight / (weight + record_credibility)).sum())
    total = float((stars / (weight + record_credibility)).sum())
    return min(max(total / places, 1.0), 5.0) if places > 1 else PRIOR_MEAN_STARS


def pairs_of(ratings: Table, rows: np.ndarray, weight: Floats, mean: float) -> Pairs:
    """Sum over the pairs of ratings of one place, each divided by the number of its ratings.

    Args:
        ratings: all of them.
        rows: those that are live.
        weight: of these.
        mean: μ of the kind.
    """
    order = np.argsort(ratings.place[rows], kind="stable")
    rows, weight = rows[order], weight[order]
    _, place, counts = np.unique(ratings.place[rows], return_inverse=True, return_counts=True)
    count = counts[place].astype(float)
    deviation = ratings.stars[rows] - mean
    days = (ratings.time_us[rows] - ratings.time_us[0]) / DAY_US
    # One clock for all places, on which no bin reaches from one place to the next.
    clock = days + place * (days.max(initial=0.0) + LAG_EDGES_DAYS[-1] + 1)
    weights_before, weighed_before = (np.concatenate([[0.0], np.cumsum(each)]) for each in (weight, weight * deviation))
    until = [np.arange(len(rows)), *(np.searchsorted(clock, clock - edge, side="right") for edge in LAG_EDGES_DAYS[1:])]
    weights, products = np.array(
        [
            (
                (weight * (weights_before[near] - weights_before[far]) / count).sum(),
                (weight * deviation * (weighed_before[near] - weighed_before[far]) / count).sum(),
            )
            for near, far in pairwise(until)
        ]
    ).T
    share = weight / np.sqrt(count)
    covariances = np.divide(products, weights, out=np.zeros(len(weights)), where=weights > 0)
    return Pairs(covariances, weights, float((share * deviation**2).sum() / share.sum()) if len(rows) else 0.0)
