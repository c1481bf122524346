"""How well the rules predicted, with intervals from resampled places."""

from typing import NamedTuple

import numpy as np

from bench.held_out.prediction import OURS, RULES, Predictions
from bench.held_out.record import Floats, Table

RESAMPLES = 2_000
"""Bootstrap samples of places: the ends of an interval vary by a few per cent of its width."""

SEED = 0
"""Of the bootstrap: the same file gives the same intervals."""

CONFIDENCE_PERCENT = 95.0

PLACES_AT_LEAST = 10
"""Predicted places from which on intervals are given: a bootstrap of fewer is far too narrow."""


class Bounded(NamedTuple):
    """A figure with its 95 % interval, whose ends are None where there are too few places."""

    value: float
    low: float | None
    high: float | None

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is more than chance."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class Score(NamedTuple):
    """The score of a rule.

    Attributes:
        rule: one of RULES.
        log_loss: mean, in nats.
        rmse: root of the mean squared error, in stars.
        log_loss_less_ours, rmse_less_ours: paired differences; above 0, ours is better. None for ours.
    """

    rule: str
    log_loss: Bounded
    rmse: Bounded
    log_loss_less_ours: Bounded | None
    rmse_less_ours: Bounded | None


def score(ratings: Table, predictions: Predictions) -> list[Score]:
    """Score the rules by their predictions; the list is empty if there are none."""
    if not len(predictions.row):
        return []
    errors = predictions.estimates - ratings.stars[predictions.row, None]
    _, place = np.unique(ratings.place[predictions.row], return_inverse=True)
    sums = np.concatenate([np.ones((len(place), 1)), predictions.log_losses, errors**2], axis=1)
    by_place = np.zeros((int(place.max()) + 1, sums.shape[1]))
    np.add.at(by_place, place, sums)
    # The first row has the figures of the file, the others those of the resampled places.
    totals = np.concatenate([by_place.sum(axis=0)[None], _resampled(by_place)])
    log_losses, squares = np.split(totals[:, 1:] / totals[:, :1], 2, axis=1)
    rmses = np.sqrt(squares)
    ours = list(RULES).index(OURS)
    return [
        Score(
            rule,
            _bounded(log_losses[:, at]),
            _bounded(rmses[:, at]),
            None if at == ours else _bounded(log_losses[:, at] - log_losses[:, ours]),
            None if at == ours else _bounded(rmses[:, at] - rmses[:, ours]),
        )
        for at, rule in enumerate(RULES)
    ]


def _resampled(by_place: Floats) -> Floats:
    """Return the sums over places drawn with replacement: samples by columns; no samples of too few places."""
    places = len(by_place)
    if places < PLACES_AT_LEAST:
        return np.zeros((0, by_place.shape[1]))
    chance = np.random.default_rng(SEED)
    drawn = (np.bincount(chance.integers(places, size=places), minlength=places) for _ in range(RESAMPLES))
    return np.array([times @ by_place for times in drawn])


def _bounded(figures: Floats) -> Bounded:
    if len(figures) == 1:
        return Bounded(float(figures[0]), None, None)
    tail = (100 - CONFIDENCE_PERCENT) / 2
    low, high = np.percentile(figures[1:], (tail, 100 - tail))
    return Bounded(float(figures[0]), float(low), float(high))
