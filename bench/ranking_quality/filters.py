"""Filters that take a place's ratings in the order of time, for all places and moments at once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import MANAGEMENT_DAYS, Floats
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.raters import Integers
from geo.crowd.quality import STARS_SIGMA


class Estimate(NamedTuple):
    """In stars, each moments by places.

    Attributes:
        q: the estimate.
        sd: its standard deviation; 0 for formulas without one.
    """

    q: Floats
    sd: Floats


class Drift(NamedTuple):
    """How a town's places differ and change.

    Attributes:
        mean: of all places in stars, one a moment or one for all.
        places_variance, drift_variance: between long-run means, and of the state about them, in stars².
        relaxation_days: of the state; long-run means change once in MANAGEMENT_DAYS.
        noise_variance: of one rating with the weight 1, in stars².
    """

    mean: Floats | float
    places_variance: float
    drift_variance: float
    relaxation_days: float
    noise_variance: float


class _Step(NamedTuple):
    """The next rating of each of the first places: their number, days since the last one, stars, weight."""

    places: int
    days: Floats
    stars: Floats
    weight: Floats


def kalman(evidence: Evidence, weights: Floats, drift: Drift) -> Estimate:
    """Filter a long-run mean and a deviation from it, two Ornstein-Uhlenbeck processes; a weight divides the noise."""
    steps, order, remaining = _in_turn(evidence, weights)
    shape = evidence.shape
    mean, deviation, joint = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    mean_variance, deviation_variance = np.full(shape, drift.places_variance), np.full(shape, drift.drift_variance)
    center = np.broadcast_to(drift.mean, (shape[0], 1)) if np.ndim(drift.mean) == 0 else np.asarray(drift.mean)

    def forget(days: Floats, n: int) -> None:
        slow, fast = np.exp(-days / MANAGEMENT_DAYS), np.exp(-days / drift.relaxation_days)
        mean[:, :n] *= slow
        deviation[:, :n] *= fast
        joint[:, :n] *= slow * fast
        mean_variance[:, :n] += (1 - slow**2) * (drift.places_variance - mean_variance[:, :n])
        deviation_variance[:, :n] += (1 - fast**2) * (drift.drift_variance - deviation_variance[:, :n])

    for n, days, stars, weight in steps:
        forget(days, n)
        with_mean, with_deviation = mean_variance[:, :n] + joint[:, :n], deviation_variance[:, :n] + joint[:, :n]
        gain = weight / (weight * (with_mean + with_deviation) + drift.noise_variance)
        surprise = gain * (stars - center - mean[:, :n] - deviation[:, :n])
        mean[:, :n] += with_mean * surprise
        deviation[:, :n] += with_deviation * surprise
        mean_variance[:, :n] -= with_mean**2 * gain
        deviation_variance[:, :n] -= with_deviation**2 * gain
        joint[:, :n] -= with_mean * with_deviation * gain
    forget(remaining, shape[1])
    variance = mean_variance + 2 * joint + deviation_variance
    return _restored(Estimate(center + mean + deviation, np.sqrt(variance)), order)


def random_walk(evidence: Evidence, weights: Floats, mean: Floats, start_variance: float, a_day: float) -> Estimate:
    """Filter a state whose doubt grows with time up to what it began with, as a Glicko rating does.

    Args:
        evidence: the town's ratings.
        weights: divide the noise.
        mean: estimate of an unrated place, moments by 1.
        start_variance: of an unrated place, in stars².
        a_day: growth of the variance in stars².
    """
    steps, order, remaining = _in_turn(evidence, weights)
    q, variance = np.repeat(mean, evidence.shape[1], axis=1), np.full(evidence.shape, start_variance)
    for n, days, stars, weight in steps:
        doubt = np.minimum(start_variance, variance[:, :n] + a_day * days)
        gain = weight * doubt / (weight * doubt + STARS_SIGMA**2)
        q[:, :n] += gain * (stars - q[:, :n])
        variance[:, :n] = (1 - gain) * doubt
    doubt = np.minimum(start_variance, variance + a_day * remaining)
    return _restored(Estimate(q, np.sqrt(doubt)), order)


def _in_turn(evidence: Evidence, weights: Floats) -> tuple[Iterator[_Step], Integers, Floats]:
    """The first rating of each place, the second, and so on, places with most ratings first.

    Returns:
        The steps; the places in their order; the days from the last rating to each moment, moments by places.
    """
    ratings, moments = evidence.ratings, evidence.moments[:, None]
    counts = np.bincount(ratings.place, minlength=evidence.shape[1])
    order = np.argsort(-counts, kind="stable")
    first = np.searchsorted(ratings.place, order)
    counts = counts[order]
    begin = float(ratings.day.min(initial=0.0))
    last = np.full(evidence.shape, begin)
    remaining = moments - last
    until = np.minimum(ratings.day, moments)
    for place, (start, count) in enumerate(zip(first.tolist(), counts.tolist(), strict=True)):
        if count:
            remaining[:, place] = evidence.moments - until[:, start + count - 1]

    def steps() -> Iterator[_Step]:
        for turn in range(int(counts.max(initial=0))):
            n = int(np.searchsorted(-counts, -turn, side="left"))
            at = first[:n] + turn
            day = until[:, at]
            days = day - last[:, :n]
            last[:, :n] = day
            yield _Step(n, days, ratings.stars[at], weights[:, at])

    return steps(), order, remaining


def _restored(estimate: Estimate, order: Integers) -> Estimate:
    """Undo the order of places."""
    back = np.argsort(order)
    return Estimate(estimate.q[:, back], estimate.sd[:, back])
