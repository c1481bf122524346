"""Who rates: few, noisy, most of them once; and sometimes many together."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import log
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.ranking_quality.cleanliness import RATING_SD, STEPS_PER_DAY, Floats
from bench.ranking_quality.world import World

Integers = NDArray[np.int64]

BIAS_SD = 0.5
"""Between the tastes of raters, part of RATING_SD."""

INSTALLED_ON_SITE_SHARE = 0.4
"""Of honest devices whose first rating is made in their first 24 hours: many install the app where they need it.
Chosen."""

PRESENT_SHARE = 0.6
"""Of honest ratings whose phone reports to be at the place. Chosen."""

CARRIERS = 3
"""Mobile networks of a town, each of which shares its addresses among its customers."""

CARRIER_SHARE, WIFI_SHARE = 0.5, 0.2
"""Of honest ratings sent through a carrier and through the Wi-Fi of the place; the others come from networks of their
own. Chosen."""

CROWD_MEDIAN, CROWD_SIGMA, CROWD_MAX = 12, 0.8, 100
"""Ratings of a crowd, lognormal: a class of pupils, or one person with many devices."""

CAMOUFLAGE_DAYS = 60.0
"""Within which attackers rate other places before the attack. Chosen."""


class Crowds(NamedTuple):
    """People who rate one place together.

    Attributes:
        days: how long a crowd takes.
        stars: all ratings of an attack have the same, one of these; empty for honest crowds.
        networks: that an attack comes from; None for one a device.
        new_share: of attacking devices in their first 24 hours.
        record: other places that each attacker has rated before, as they are.
    """

    days: float
    stars: tuple[float, ...] = ()
    networks: int | None = None
    new_share: float = 0.0
    record: int = 0


@dataclass(frozen=True, slots=True)
class Ratings:
    """All ratings of a town, by place and then in time; each field has one entry a rating.

    Attributes:
        place: index of the place.
        device: that made it.
        day: when it was made.
        stars: 1 to 5.
        new: 1 in the device's first 24 hours, else 0.
        present: 1 if the phone reports to be at the place, else 0.
        network: that it was sent from.
        honest: 1, or 0 from an attack; only the informed may look at it.
        proved: 1 if the visit is proved by a sign at the door and all ratings of the device are, else 0.
    """

    place: Integers
    device: Integers
    day: Floats
    stars: Floats
    new: Floats
    present: Floats
    network: Integers
    honest: Floats
    proved: Floats


def by_place(parts: Sequence[Ratings]) -> Ratings:
    """Join ratings whose devices and networks differ but for the shared ones, and sort them by place and time."""
    joined = Ratings(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Ratings)}
    )
    return some(joined, np.lexsort((joined.day, joined.place)))


def some(ratings: Ratings, at: Integers) -> Ratings:
    """Return those ratings, in this order."""
    return Ratings(**{field.name: getattr(ratings, field.name)[at] for field in fields(Ratings)})


class Density(NamedTuple):
    """How often visitors rate.

    Attributes:
        median_a_year: ratings that the median place gets.
        a_rater: ratings of one person on average, geometrically distributed.
        since_day: when they begin.
    """

    median_a_year: float
    a_rater: float
    since_day: float = 0.0


def honest_ratings(random: Generator, world: World, density: Density) -> Ratings:
    """Let visitors rate at any time."""
    days = world.felt.shape[1] / STEPS_PER_DAY
    counts = random.poisson(density.median_a_year * world.busyness * (days - density.since_day) / 365)
    place = np.repeat(np.arange(len(counts)), counts)
    total = len(place)
    device = random.permutation(np.cumsum(random.random(total) < 1 / density.a_rater))
    return _honest(random, world, place, device, random.uniform(density.since_day, days, total))


def crowd_ratings(random: Generator, world: World, crowds: Crowds, a_place_year: float) -> Ratings:
    """Let crowds rate. Nobody in them rates anything else but for the record of attackers.

    Args:
        random: where chance comes from.
        world: the town.
        crowds: of which kind.
        a_place_year: how often a place meets one.
    """
    places, days = len(world.busyness), world.felt.shape[1] / STEPS_PER_DAY
    count = random.poisson(places * days / 365 * a_place_year)
    sizes = random.lognormal(log(CROWD_MEDIAN), CROWD_SIGMA, count).astype(int).clip(2, CROWD_MAX)
    total = int(sizes.sum())
    place = np.repeat(random.integers(places, size=count), sizes)
    day = np.repeat(random.uniform(0, days - crowds.days, count), sizes) + random.uniform(0, crowds.days, total)
    device = -1 - np.arange(total)
    if not crowds.stars:
        return _honest(random, world, place, device, day)
    stars = np.repeat(random.choice(crowds.stars, count), sizes)
    networks = crowds.networks or total
    crowd = np.repeat(np.arange(count), sizes)
    network = -1 - crowd * networks - np.arange(total) % networks
    new = (random.random(total) < crowds.new_share).astype(float)
    attack = Ratings(place, device, day, stars, new, np.ones(total), network, np.zeros(total), np.zeros(total))
    return by_place([attack, *(_camouflage(random, world, attack) for _ in range(crowds.record))])


def _camouflage(random: Generator, world: World, attack: Ratings) -> Ratings:
    """Let each attacker rate another place as it is, up to CAMOUFLAGE_DAYS before the attack."""
    total = len(attack.day)
    place = random.integers(len(world.busyness), size=total)
    day = np.maximum(0.0, attack.day - random.uniform(1, CAMOUFLAGE_DAYS, total))
    felt = world.felt[place, (day * STEPS_PER_DAY).astype(int)]
    return replace(attack, place=place, day=day, stars=np.clip(np.rint(felt), 1, 5), new=np.zeros(total))


def _honest(random: Generator, world: World, place: Integers, device: Integers, day: Floats) -> Ratings:
    """Rate what is felt at that moment, with the rater's taste and chance."""
    total = len(place)
    _, rater = np.unique(device, return_inverse=True)
    raters = int(rater.max(initial=-1)) + 1
    bias, on_site = random.normal(0, BIAS_SD, raters), random.random(raters) < INSTALLED_ON_SITE_SHARE
    noise = random.normal(0, (RATING_SD**2 - BIAS_SD**2) ** 0.5, total)
    stars = np.clip(np.rint(world.felt[place, (day * STEPS_PER_DAY).astype(int)] + bias[rater] + noise), 1, 5)
    first_day = np.full(raters, np.inf)
    np.minimum.at(first_day, rater, day)
    new = on_site[rater] & (day < first_day[rater] + 1)
    via = random.random(total)
    shared = np.where(via < CARRIER_SHARE, random.integers(CARRIERS, size=total), CARRIERS + place)
    own = CARRIERS + len(world.busyness) + np.abs(device) * 2 + (device < 0)
    network = np.where(via < CARRIER_SHARE + WIFI_SHARE, shared, own)
    present = (random.random(total) < PRESENT_SHARE).astype(float)
    return Ratings(place, device, day, stars, new.astype(float), present, network, np.ones(total), np.zeros(total))
