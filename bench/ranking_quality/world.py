"""A simulated town: where its places are, how clean they are at each moment, and where visitors ask."""

from collections.abc import Iterable
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


class Conditions(NamedTuple):
    """Unknown facts of the real world, each varied over several values.

    Attributes:
        relaxation_days: time after which a place's deviation from its own mean has fallen to 1/e.
        median_ratings_a_year: of the median place.
        kind_mean: mean of the long-run means of all towns' places, as visitors feel it.
    """

    relaxation_days: float
    median_ratings_a_year: float
    kind_mean: float


RELAXATIONS_DAYS = (5.0, 15.0, 45.0, 120.0)
"""From a place whose state is that of the week to one whose state is that of the season."""

MEDIANS_A_YEAR = (1.5, 6.0)
"""From a crowd that has just begun to a busy one."""

KIND_MEANS = (3.3, 3.7, 4.1)
"""The middle one makes ratings average 3.6, PRIOR_MEAN_STARS; the others 0.35 less or more, so that nothing is judged
as if the prior mean were known to be right."""

CONDITIONS = [Conditions(*each) for each in product(RELAXATIONS_DAYS, MEDIANS_A_YEAR, KIND_MEANS)]
"""Each is met equally often in a multiple of 24 towns."""

_STRIDE = 7
"""Coprime to the number of conditions, so that a few towns meet different values of each."""

HISTORY_DAYS = 730
"""Before the first visitor asks."""

VISITING_DAYS = 182
"""While visitors ask and raters continue to rate."""

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

BUSYNESS_SIGMA = 1.7
"""Of the logarithm of a place's ratings a year. With a median of 6, a third of the places get under three a year
and one in thirty over 150."""


@dataclass(frozen=True, slots=True)
class World:
    """One town. Its ratings are made for each regime separately.

    Attributes:
        seed: of the town.
        conditions: that it was made by.
        places_sd, drift_sd: between the long-run means, and of the state about them, as visitors feel it.
        places_km: east and north of the centre, places by 2.
        felt: state of each place at each step as visitors feel it, before rounding to stars: places by steps.
        stars: the true cleanliness, places by steps.
        busyness: ratings of each place relative to the median place.
        moments: days on which visitors ask.
        origins_km: where visitors ask, moments by visitors by 2.
    """

    seed: int
    conditions: Conditions
    places_sd: float
    drift_sd: float
    places_km: Floats
    felt: Floats
    stars: Floats
    busyness: Floats
    moments: Floats
    origins_km: Floats


def make_world(conditions: Conditions, seed: int) -> World:
    """Make a town, the same one for the same seed."""
    random = np.random.default_rng([seed, 0])
    places = int(random.integers(PLACES[0], PLACES[1] + 1))
    scale_km, places_sd, drift_sd = (random.uniform(*between) for between in (SCALE_KM, PLACES_SD, DRIFT_SD))
    steps = (HISTORY_DAYS + VISITING_DAYS + 1) * STEPS_PER_DAY
    felt = long_run_means(random, places, steps, random.normal(conditions.kind_mean, TOWNS_SD), places_sd)
    felt += ornstein_uhlenbeck(random, places, steps, conditions.relaxation_days * STEPS_PER_DAY, drift_sd)
    return World(
        seed,
        conditions,
        places_sd,
        drift_sd,
        _scatter(random, scale_km, places),
        felt,
        expected_stars(felt),
        random.lognormal(0, BUSYNESS_SIGMA, places),
        HISTORY_DAYS + np.sort(random.uniform(0, VISITING_DAYS, MOMENTS)),
        _scatter(random, scale_km, MOMENTS * VISITORS).reshape(MOMENTS, VISITORS, 2),
    )


def towns(count: int, first_seed: int) -> Iterable[World]:
    """Make towns under varying conditions."""
    for number in range(count):
        yield make_world(CONDITIONS[number * _STRIDE % len(CONDITIONS)], first_seed + number)


def _scatter(random: Generator, scale_km: float, count: int) -> Floats:
    """Points about a centre, as bench.synthetic scatters facilities: distances of gamma shape 2."""
    distance_km, bearing = random.gamma(2.0, scale_km, count), random.uniform(0, 2 * np.pi, count)
    return np.stack([distance_km * np.sin(bearing), distance_km * np.cos(bearing)], axis=1)
