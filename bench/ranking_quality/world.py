"""A made-up town: where its places are, how clean they are, who rated them, and who asks where."""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from bench.ranking_quality.cleanliness import (
    STEPS_PER_DAY,
    Floats,
    expected_stars,
    long_run_means,
    ornstein_uhlenbeck,
)
from bench.ranking_quality.raters import Ratings, rate


class Regime(NamedTuple):
    """What nobody knows of the true world, so that each is measured.

    Attributes:
        relaxation_days: after which a place that got dirtier or cleaner is 1/e as far from its own mean.
        median_ratings_a_year: of the median place.
        brigades_a_place_year: how often a place meets one.
        kind_mean: of the long-run means of all towns' places, as visitors feel it.
    """

    relaxation_days: float
    median_ratings_a_year: float
    brigades_a_place_year: float
    kind_mean: float


RELAXATIONS_DAYS = (5.0, 15.0, 45.0, 120.0)
"""From a place whose state is that of the week to one whose state is that of the season."""

MEDIANS_A_YEAR = (1.5, 6.0)
"""From a crowd that has just begun to a busy one."""

BRIGADES_A_PLACE_YEAR = (0.0, 0.1)
"""None, or ten a year in a town of a hundred places."""

KIND_MEANS = (3.3, 3.7, 4.1)
"""The middle one makes ratings average 3.6, PRIOR_MEAN_STARS; the others 0.35 less or more, so that nothing is judged
as if the prior mean were known to be right."""

REGIMES = [Regime(*each) for each in product(RELAXATIONS_DAYS, MEDIANS_A_YEAR, BRIGADES_A_PLACE_YEAR, KIND_MEANS)]
"""Each is met equally often."""

HISTORY_DAYS = 730
"""Before the first visitor asks."""

VISITING_DAYS = 182
"""While visitors ask and raters go on rating."""

MOMENTS = 24
"""At which visitors ask, so that the state of the places has changed between them."""

VISITORS = 30
"""Who ask at each moment, each from elsewhere."""

PLACES = (40, 150)
"""Of a town, any number between."""

SCALE_KM = (0.6, 1.5)
"""In which a town's density falls to 1/e: with 20,000 people a km² in its centre 45,000 to 280,000 inhabitants."""

TOWNS_SD = 0.2
"""Between the means of towns."""

PLACES_SD = (0.4, 0.8)
"""Between the long-run means of a town's places, any value between. The middle one makes their mean stars differ by
0.49, the 0.5 of RECORD_CREDIBILITY."""

DRIFT_SD = (0.3, 0.6)
"""Of the state of a place about its long-run mean, any value between."""


@dataclass(frozen=True, slots=True)
class World:
    """One town.

    Attributes:
        regime: that it was made by.
        places_sd, drift_sd: between the long-run means, and of the state about them, as visitors feel it.
        places_km: east and north of the centre, places by 2.
        stars: the true cleanliness, places by steps.
        ratings: all that were made; only those before the moment asked may be looked at.
        moments: days on which visitors ask.
        origins_km: from where, moments by visitors by 2.
    """

    regime: Regime
    places_sd: float
    drift_sd: float
    places_km: Floats
    stars: Floats
    ratings: Ratings
    moments: Floats
    origins_km: Floats


def make_world(regime: Regime, seed: int) -> World:
    """Make a town, the same one for the same seed."""
    random = np.random.default_rng(seed)
    places = int(random.integers(PLACES[0], PLACES[1] + 1))
    scale_km, places_sd, drift_sd = (random.uniform(*between) for between in (SCALE_KM, PLACES_SD, DRIFT_SD))
    steps = (HISTORY_DAYS + VISITING_DAYS + 1) * STEPS_PER_DAY
    felt = long_run_means(random, places, steps, random.normal(regime.kind_mean, TOWNS_SD), places_sd)
    felt += ornstein_uhlenbeck(random, places, steps, regime.relaxation_days * STEPS_PER_DAY, drift_sd)
    moments = HISTORY_DAYS + np.sort(random.uniform(0, VISITING_DAYS, MOMENTS))
    return World(
        regime,
        places_sd,
        drift_sd,
        _scatter(random, scale_km, places),
        expected_stars(felt),
        rate(random, felt, regime.median_ratings_a_year, regime.brigades_a_place_year),
        moments,
        _scatter(random, scale_km, MOMENTS * VISITORS).reshape(MOMENTS, VISITORS, 2),
    )


def _scatter(random: Generator, scale_km: float, count: int) -> Floats:
    """Points about a centre, as bench.synthetic scatters facilities: distances of gamma shape 2."""
    distance_km, bearing = random.gamma(2.0, scale_km, count), random.uniform(0, 2 * np.pi, count)
    return np.stack([distance_km * np.sin(bearing), distance_km * np.cos(bearing)], axis=1)
