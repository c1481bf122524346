"""A Kalman filter of the ratings that knows how this town drifts, its mean, and who is honest.

No product knows that: it bounds what better constants or another formula could still gain.
"""

from math import exp, inf, sqrt

import numpy as np

from bench.ranking_quality.cleanliness import MANAGEMENT_DAYS
from bench.ranking_quality.world import World
from bench.reference.estimates import Estimate
from geo.crowd.quality import STARS_SIGMA

STARS_PER_FELT = 0.82
"""How much of a difference that is felt shows in the mean of stars, as the scale ends at 1 and 5."""


class _Place:
    """Mean and covariance of (long-run mean, deviation from it) of one place."""

    def __init__(self, world: World, town_mean: float) -> None:
        self._town_mean = town_mean
        self._stationary = (STARS_PER_FELT * world.places_sd) ** 2, (STARS_PER_FELT * world.drift_sd) ** 2
        self._rates = 1 / MANAGEMENT_DAYS, 1 / world.regime.relaxation_days
        self._means = [0.0, 0.0]
        self._covariance = [self._stationary[0], 0.0, self._stationary[1]]
        self._day = 0.0

    def pass_to(self, day: float) -> None:
        slow, fast = (exp(-rate * (day - self._day)) for rate in self._rates)
        self._day = day
        self._means = [slow * self._means[0], fast * self._means[1]]
        mean, joint, drift = self._covariance
        self._covariance = [
            slow**2 * mean + (1 - slow**2) * self._stationary[0],
            slow * fast * joint,
            fast**2 * drift + (1 - fast**2) * self._stationary[1],
        ]

    def hear(self, stars: float, variance: float) -> None:
        mean, joint, drift = self._covariance
        with_mean, with_drift = mean + joint, joint + drift
        total = with_mean + with_drift + variance
        surprise = stars - self._town_mean - sum(self._means)
        self._means[0] += with_mean / total * surprise
        self._means[1] += with_drift / total * surprise
        self._covariance = [mean - with_mean**2 / total, joint - with_mean * with_drift / total,
                            drift - with_drift**2 / total]  # fmt: skip

    def estimate(self) -> tuple[float, float]:
        mean, joint, drift = self._covariance
        return self._town_mean + sum(self._means), sqrt(mean + 2 * joint + drift)


def informed(world: World) -> Estimate:
    """Filter each place's honest ratings in the order of time; one that its rater has replaced still counts."""
    ratings = world.ratings
    town_mean = float(world.stars.mean())
    noise = STARS_SIGMA**2 - (STARS_PER_FELT * world.drift_sd) ** 2
    q = np.empty((len(world.moments), len(world.places_km)))
    sd = np.empty_like(q)
    for place in range(q.shape[1]):
        state = _Place(world, town_mean)
        first, last = np.searchsorted(ratings.place, [place, place + 1])
        heard = iter(zip(*(f[first:last].tolist() for f in (ratings.day, ratings.stars, ratings.honest)), strict=True))
        day, stars, honest = next(heard, (inf, 0.0, True))
        for moment, until_day in enumerate(world.moments.tolist()):
            while day <= until_day:
                if honest:
                    state.pass_to(day)
                    state.hear(stars, noise)
                day, stars, honest = next(heard, (inf, 0.0, True))
            state.pass_to(until_day)
            q[moment, place], sd[moment, place] = state.estimate()
    return Estimate(q, sd)
