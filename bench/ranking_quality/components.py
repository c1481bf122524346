"""What a town's own ratings tell of how its places differ and drift, before the first visitor asks."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.evidence import Evidence
from bench.reference.priors import LAG_EDGES_DAYS, Credibility, fit_credibility
from geo.priors.estimate import PAIR_WEIGHT_AT_LEAST

LATEST = 200
"""Ratings of a place that are paired: the busiest places would take hours and tell nothing more."""


def credibility(evidence: Evidence, trust: str, mean: float) -> Credibility:
    """Fit C0, C and the drift to the pairs of ratings of one place known at the first moment.

    Args:
        evidence: the town's ratings.
        trust: one of TRUSTS.
        mean: of the town's places in stars.
    """
    return fit_credibility(*_pairs(evidence, trust, mean))


def sufficient_credibility(evidence: Evidence, trust: str, mean: float) -> Credibility | None:
    """Fit them as the product does: only where the pairs weigh PAIR_WEIGHT_AT_LEAST."""
    pairs = _pairs(evidence, trust, mean)
    return fit_credibility(*pairs) if sum(pairs.weights) >= PAIR_WEIGHT_AT_LEAST else None


class _Pairs(NamedTuple):
    """The input of fit_credibility."""

    covariances: list[float]
    weights: list[float]
    total_variance: float


@lru_cache(maxsize=16)
def _pairs(evidence: Evidence, trust: str, mean: float) -> _Pairs:
    weights, ratings = evidence.weights(trust)[0], evidence.ratings
    bins = len(LAG_EDGES_DAYS) - 1
    weighed, covered, squares = np.zeros(bins), np.zeros(bins), np.zeros(2)
    edges = np.searchsorted(ratings.place, np.arange(evidence.shape[1] + 1))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        at = first + np.flatnonzero(evidence.live[0, first:last])
        if len(at):
            squares += _squares(weights[at], ratings.stars[at] - mean)
            _add_pairs(weighed, covered, (ratings.day[at], ratings.stars[at] - mean, weights[at]))
    covariances = np.divide(covered, weighed, out=np.zeros(bins), where=weighed > 0)
    total = squares[1] / squares[0] if squares[0] else 0.0
    return _Pairs(covariances.tolist(), weighed.tolist(), float(total))


def _squares(weights: Floats, deviations: Floats) -> Floats:
    shares = weights / np.sqrt(len(weights))
    return np.array([shares.sum(), (shares * deviations**2).sum()])


def _add_pairs(weighed: Floats, covered: Floats, place: tuple[Floats, Floats, Floats]) -> None:
    """Add the pairs of a place to their bins, each divided by the number of its ratings."""
    day, deviation, weight = (field[-LATEST:] for field in place)
    earlier, later = np.triu_indices(len(day), 1)
    lag = np.searchsorted(LAG_EDGES_DAYS, day[later] - day[earlier], side="right") - 1
    inside = lag < len(weighed)
    tells = (weight[earlier] * weight[later] / len(day))[inside]
    weighed += np.bincount(lag[inside], tells, len(weighed))
    covered += np.bincount(lag[inside], tells * (deviation[earlier] * deviation[later])[inside], len(weighed))
