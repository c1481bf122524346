"""Predicts each rating of a place from the ratings before it, by every rule."""

from typing import NamedTuple

import numpy as np

from bench.held_out.calibration import LIKED_STARS, Calibration, fit, log_loss, logit
from bench.held_out.priors import Prior, estimate
from bench.held_out.record import DAY_US, Floats, Integers, Record, Table
from bench.reference.quality import bayesian_average, quality
from geo.crowd.quality import PRESENT_CREDIBILITY

OURS = "ours"

RULES = {
    "base-rate": "mean of all ratings",
    "plain-mean": "mean of the place's ratings",
    "bayesian": "the same and 5 ratings of the base rate",
    "decay-365": "the same with a half-life of 365 days",
    OURS: "two scales, trust weights, estimated priors",
    "ours-unweighted": "ours with all ratings weighing 1",
    "ours-default": "ours with the priors of a new deployment",
}
"""What each rule predicts from."""

GROWTH = 1.01
"""Growth of the number of known ratings after which priors and calibrations are estimated anew, at the next midnight
UTC. The product estimates its priors each night; 1 % more ratings change next to nothing, and a file of 100,000 ratings
takes seconds instead of an hour."""


class Predictions(NamedTuple):
    """What the rules predicted of the ratings whose place had earlier ones, in order of time.

    Attributes:
        row: of each predicted rating in the table.
        estimates: in stars, predictions by RULES.
        log_losses: the same in nats.
    """

    row: Integers
    estimates: Floats
    log_losses: Floats


def predict(ratings: Table) -> Predictions:
    """Predict, going through the ratings by time. Ratings of one instant are predicted before any of them is known."""
    instants = np.flatnonzero(np.diff(ratings.time_us, prepend=ratings.time_us[0] - 1))
    replay = _Replay(ratings)
    for first, last in zip(instants.tolist(), [*instants.tolist()[1:], len(ratings.time_us)], strict=True):
        replay.begin(first)
        for row in range(first, last):
            replay.predict(row)
        for row in range(first, last):
            replay.record.add(row)
    return replay.predictions()


class _Replay:
    """The state of all rules between two instants."""

    def __init__(self, ratings: Table) -> None:
        size = len(ratings.time_us), len(RULES)
        self._ratings = ratings
        self._liked = (ratings.stars >= LIKED_STARS).astype(float)
        self.record = Record(ratings)
        self._priors = Prior(), Prior()
        self._calibrations = [Calibration()] * len(RULES)
        self._fitted_at = 0
        self._day = int(ratings.time_us[0]) // DAY_US
        self._rows: list[int] = []
        self._estimates, self._x, self._losses = np.zeros(size), np.zeros(size), np.zeros(size)

    def begin(self, row: int) -> None:
        """Fit what is fitted when a day begins; the rating and all later ones are not yet known."""
        day = int(self._ratings.time_us[row]) // DAY_US
        if day > self._day and row >= self._fitted_at * GROWTH:
            self._fit(day * DAY_US)
            self._fitted_at = row
        self._day = day

    def predict(self, row: int) -> None:
        """Predict a rating if its place has others."""
        place, as_of_us = int(self._ratings.place[row]), int(self._ratings.time_us[row])
        if not self.record.count[place]:
            return
        at = len(self._rows)
        self._rows.append(row)
        self._estimates[at] = self._of(place, as_of_us)
        self._x[at] = logit(self._estimates[at])
        intercepts, slopes = np.array(self._calibrations).T
        self._losses[at] = log_loss(self._x[at], self._liked[row], Calibration(intercepts, slopes))

    def predictions(self) -> Predictions:
        """Return what was predicted."""
        known = len(self._rows)
        return Predictions(np.array(self._rows, dtype=np.int64), self._estimates[:known], self._losses[:known])

    def _of(self, place: int, as_of_us: int) -> list[float]:
        """Return the estimates in stars in the order of RULES."""
        count, stars = int(self.record.count[place]), int(self.record.stars[place])
        base_rate = self.record.stars_of_all / self.record.count_of_all
        equal, trusted = self.record.equal.at(place, as_of_us), self.record.trusted.at(place, as_of_us)
        prior, prior_unweighted = self._priors
        return [
            base_rate,
            stars / count,
            bayesian_average(stars, count, base_rate, PRESENT_CREDIBILITY),
            bayesian_average(equal.stars_slow, equal.weight_slow, base_rate, PRESENT_CREDIBILITY),
            quality(trusted, *prior).q,
            quality(equal, *prior_unweighted).q,
            quality(trusted).q,
        ]

    def _fit(self, as_of_us: int) -> None:
        self._priors = (
            estimate(self._ratings, self.record.trusted, as_of_us),
            estimate(self._ratings, self.record.equal, as_of_us),
        )
        known = len(self._rows)
        liked = self._liked[self._rows]
        self._calibrations = [fit(self._x[:known, rule], liked, start) for rule, start in enumerate(self._calibrations)]
