"""What visitors get who follow an order: judged by the truth when they arrive."""

from typing import NamedTuple

import numpy as np

from bench.ndcg import ndcg_of_rows
from bench.ranking_quality.cleanliness import STEPS_PER_DAY, Floats
from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.world import World
from geo.facilities.ranking import RANKINGS, Mode, Rank, duration_s

DIRTY_BELOW_STARS = 2.5
"""A visit to a place that is truly worse than this ended in a dirty one."""

FIRST_PLACES = 10
"""Of an order, judged by nDCG."""

RELEVANT_STARS = 4.0
"""A place is relevant by how many stars it is less than this below the best one, 0 if it is more: the width of the
scale, so that relevance is never negative, and a place at the other end of town no more irrelevant than is fair."""

_SECONDS_PER_DAY = 86_400


class Score(NamedTuple):
    """Means over a town's visits.

    Attributes:
        regret: true utility lost by going to the first place offered rather than the best, in stars.
        ndcg: of the first ten places.
        dirty: share of visits that ended in a dirty place.
    """

    regret: float
    ndcg: float
    dirty: float


class Visits:
    """A town's visitors, all going on foot or all by car, all weighing stars and distance alike."""

    def __init__(self, world: World, rank: Rank, mode: Mode) -> None:
        """Measure every way, and look at every place as it will be on arrival."""
        ranking = RANKINGS[rank, mode]
        self._kappa = ranking.kappa
        offsets = world.places_km - world.origins_km[:, :, None, :]
        distance_km = np.sqrt((offsets**2).sum(axis=-1))
        arrival = world.moments[:, None, None] + duration_s(1.0, mode) * 1000 / _SECONDS_PER_DAY * distance_km
        step = (arrival * STEPS_PER_DAY).astype(np.int64)
        self._cost = ranking.beta_stars_per_km * distance_km
        self._stars = world.stars[np.arange(len(world.places_km)), step]
        self._utility = self._stars - self._cost
        self._best = self._utility.max(axis=-1)
        self._relevance = np.maximum(0.0, RELEVANT_STARS - self._best[..., None] + self._utility)

    def oracle(self) -> Score:
        """Score one who knows the truth on arrival."""
        return self._score(self._utility)

    def score(self, estimate: Estimate, kappa: float | None = None) -> Score:
        """Score the order by U = (q - kappa * sd) - beta * distance_km.

        Args:
            estimate: of every place at every moment.
            kappa: instead of that of RANKINGS.
        """
        sure_stars = estimate.q - (self._kappa if kappa is None else kappa) * estimate.sd
        return self._score(sure_stars[:, None, :] - self._cost)

    def _score(self, utility: Floats) -> Score:
        """Judge the order by falling utility, ties by index."""
        order = np.argsort(-utility, axis=-1, kind="stable")[..., :FIRST_PLACES]
        first = order[..., :1]
        regret = self._best - np.take_along_axis(self._utility, first, axis=-1)[..., 0]
        dirty = np.take_along_axis(self._stars, first, axis=-1) < DIRTY_BELOW_STARS
        ranked = np.take_along_axis(self._relevance, order, axis=-1)
        gain = ndcg_of_rows(ranked, self._relevance)
        return Score(float(regret.mean()), float(gain.mean()), float(dirty.mean()))
