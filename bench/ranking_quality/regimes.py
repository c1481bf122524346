"""Who rates in a town: how often honest visitors do, and who comes in crowds."""

from typing import NamedTuple

import numpy as np

from bench.ranking_quality.raters import Crowds, Density, Ratings, by_place, crowd_ratings, honest_ratings
from bench.ranking_quality.world import BUSYNESS_SIGMA, World

CROWDS_A_PLACE_YEAR = 0.1
"""Ten a year in a town of a hundred places. Chosen."""

BUDAPEST_MEAN_A_YEAR = 1.2
"""Ratings a place and year: 801 dated votes on 630 public toilets of Budapest (budipest/api, 2016 to 2024)."""

BUDAPEST_RATINGS_A_RATER = 1.4
"""801 votes by 574 people, 55 % of the votes from people who voted once."""

RATINGS_A_RATER = 5.0
"""In one town, on average. Chosen."""


class Regime(NamedTuple):
    """A way in which a town's ratings are made.

    Attributes:
        crowds: who rates a place together; None for nobody.
        median_ratings_a_year: of the median place, instead of that of the town's conditions.
        ratings_a_rater: on average.
    """

    crowds: Crowds | None = None
    median_ratings_a_year: float | None = None
    ratings_a_rater: float = RATINGS_A_RATER


_BUDAPEST = Regime(
    median_ratings_a_year=BUDAPEST_MEAN_A_YEAR / float(np.exp(BUSYNESS_SIGMA**2 / 2)),
    ratings_a_rater=BUDAPEST_RATINGS_A_RATER,
)
_BRIGADES = Crowds(days=2, stars=(1.0, 5.0))
_DRIPS = Crowds(days=60, stars=(1.0, 5.0))

REGIMES = {
    "clean": Regime(),
    "one-network": Regime(_BRIGADES._replace(networks=1, new_share=0.5)),
    "spread": Regime(_BRIGADES),
    "drip-60d": Regime(_DRIPS),
    "drip-3-networks": Regime(_DRIPS._replace(days=30, networks=3)),
    "drip-with-record": Regime(_DRIPS._replace(record=2)),
    "owner": Regime(Crowds(days=30, stars=(5.0,))),
    "festival": Regime(Crowds(days=2)),
    "budapest": _BUDAPEST,
    "budapest-spread": _BUDAPEST._replace(crowds=_BRIGADES),
}
"""Attackers claim to be at the place, are older than a day but for half of those in one network, and rate nothing else
but in ``drip-with-record``. Visitors of a festival are honest, and most of them use the app for the first time."""


def median_a_year(world: World, regime: Regime) -> float:
    """Return how many ratings the median place of a town gets in a year."""
    return regime.median_ratings_a_year or world.conditions.median_ratings_a_year


def ratings_of(world: World, regime: Regime) -> Ratings:
    """Let raters rate; the honest ones outside crowds are the same in each regime of the same density."""
    density = Density(median_a_year(world, regime), regime.ratings_a_rater)
    honest = honest_ratings(np.random.default_rng([world.seed, 1]), world, density)
    if regime.crowds is None:
        return by_place([honest])
    random = np.random.default_rng([world.seed, 2])
    return by_place([honest, crowd_ratings(random, world, regime.crowds, CROWDS_A_PLACE_YEAR)])
