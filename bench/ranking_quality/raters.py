"""Who rates: few, noisy, most of them once; and sometimes many at once from one room."""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.ranking_quality.cleanliness import RATING_SD, STEPS_PER_DAY, Floats
from geo.crowd.trust import ABSENT_WEIGHT, NEW_DEVICE_WEIGHT, PRESENT_TOGETHER

Integers = NDArray[np.int64]

BUSYNESS_SIGMA = 1.7
"""Of the logarithm of a place's ratings a year. With a median of 6, a third of the places get under three a year
and one in thirty over 150."""

BIAS_SD = 0.5
"""Between the tastes of raters, part of RATING_SD."""

RATINGS_A_RATER = 5
"""In one town, on average."""

NEW_DEVICE_SHARE = 0.3
"""Of honest ratings made in a device's first day: many install the app where they need it. Chosen."""

PRESENT_SHARE = 0.6
"""Of honest ratings whose phone says that it is there. Chosen."""

BRIGADE_MEDIAN, BRIGADE_SIGMA, BRIGADE_MAX = 12, 0.8, 100
"""Ratings of a brigade, lognormal: a class of pupils, or one person with many devices."""

BRIGADE_DAYS = 2.0
"""How long it lasts."""

BRIGADE_NEW_SHARE = 0.5
"""Of its devices in their first day; all of them say that they are there, as it costs nothing."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """All ratings of a town, by place and then in time; each field has one entry a rating.

    Attributes:
        place: index of the place.
        day: when it was made.
        until: the day on which the same rater rates the place again, infinity for never.
        stars: 1 to 5.
        weight: ω, how far it is trusted.
        honest: 1, or 0 from a brigade; only the informed may look at it.
    """

    place: Integers
    day: Floats
    until: Floats
    stars: Floats
    weight: Floats
    honest: Floats


def rate(random: Generator, felt: Floats, median_a_year: float, brigades_a_place_year: float) -> Ratings:
    """Let raters and brigades rate.

    Args:
        random: where chance comes from.
        felt: the state of each place at each step, before rounding to stars.
        median_a_year: ratings that the median place gets.
        brigades_a_place_year: how often a place meets one.
    """
    days = felt.shape[1] / STEPS_PER_DAY
    honest = _honest(random, felt, median_a_year, days)
    brigades = _brigades(random, len(felt), days, len(felt) * days / 365 * brigades_a_place_year)
    place, rater, day, stars, weight = (np.concatenate(parts) for parts in zip(honest, brigades, strict=True))
    order = np.lexsort((day, rater, place))
    again = (np.diff(place[order]) == 0) & (np.diff(rater[order]) == 0)
    until = np.full(len(day), np.inf)
    until[order[:-1]] = np.where(again, day[order[1:]], np.inf)
    by_place = np.lexsort((day, place))
    honestly = (rater >= 0).astype(float)
    return Ratings(
        place[by_place].astype(np.int64), *(field[by_place] for field in (day, until, stars, weight, honestly))
    )


def _honest(random: Generator, felt: Floats, median_a_year: float, days: float) -> tuple[Floats, ...]:
    """Place, rater, day, stars and weight of honest ratings."""
    busyness = random.lognormal(log(median_a_year), BUSYNESS_SIGMA, len(felt))
    counts = random.poisson(busyness * days / 365)
    place = np.repeat(np.arange(len(felt)), counts)
    total = len(place)
    raters = max(1, total // RATINGS_A_RATER)
    rater = random.integers(raters, size=total)
    day = random.uniform(0, days, total)
    bias = random.normal(0, BIAS_SD, raters)[rater]
    noise = random.normal(0, (RATING_SD**2 - BIAS_SD**2) ** 0.5, total)
    stars = np.clip(np.rint(felt[place, (day * STEPS_PER_DAY).astype(int)] + bias + noise), 1, 5)
    new, present = random.random(total) < NEW_DEVICE_SHARE, random.random(total) < PRESENT_SHARE
    weight = np.where(new, NEW_DEVICE_WEIGHT, 1.0) * np.where(present, 1.0, ABSENT_WEIGHT)
    return place.astype(float), rater.astype(float), day, stars, weight


def _brigades(random: Generator, places: int, days: float, expected: float) -> tuple[Floats, ...]:
    """Place, rater (below 0: each is new), day, stars and weight of the ratings of brigades."""
    count = random.poisson(expected)
    sizes = random.lognormal(log(BRIGADE_MEDIAN), BRIGADE_SIGMA, count).astype(int).clip(2, BRIGADE_MAX)
    total = int(sizes.sum())
    place: Integers = np.repeat(random.integers(places, size=count), sizes)
    begin: Floats = np.repeat(random.uniform(0, days - BRIGADE_DAYS, count), sizes)
    stars: Floats = np.repeat(random.choice([1.0, 5.0], count), sizes)
    new = random.random(total) < BRIGADE_NEW_SHARE
    together: Floats = np.repeat(np.array([brigade_weight(int(size)) for size in sizes]), sizes)
    weight = together * np.where(new, NEW_DEVICE_WEIGHT, 1.0)
    day = begin + random.uniform(0, BRIGADE_DAYS, total)
    strangers = -np.arange(1, total + 1, dtype=np.float64)
    return place.astype(float), strangers, day, stars, weight


def brigade_weight(size: int) -> float:
    """ω_presence · ω_cluster of each of so many that say that they are there, by the former rule."""
    return (1 + log(size)) / size * (1.0 if size <= PRESENT_TOGETHER else ABSENT_WEIGHT)
