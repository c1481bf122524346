"""The places of a simulated day: a city in a plane, or the service areas of a motorway."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.reference.quality import DecayedSums, quality, verdict
from geo.crowd.quality import PRIOR_MEAN_STARS, Verdict
from geo.facilities.ranking import CIRCUITY, RANKINGS, SPEED_M_PER_S, Mode

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HOUR_S = 3600.0

CITY_PLACES = 100
"""Number of places of a city."""

CITY_SCALE_M = 2_000.0
"""Distance from the centre in which the density of places falls to 1/e: with CITY_PLACES four a square kilometre in the
centre, as the 435 public toilets of Paris on 105 square kilometres."""

MEAN_GAP_M = 25_000.0
"""Mean distance between places of a motorway. The German guideline (ERS 2011) has a serviced area each 50 to 60 km and
another each 15 to 20 km, of which about half have toilets."""

GAP_SHAPE = 2.0
"""Shape of the gamma distribution of these distances: neither regular nor purely random. Chosen."""

RATED_SHARE = 0.5
"""Share of places with ratings. Chosen."""

PLACES_SD = 0.5
"""Standard deviation of the places' mean stars, that of RECORD_CREDIBILITY."""

MEDIAN_WEIGHT, WEIGHT_SIGMA = 6.0, 1.0
"""Of the lognormal summed weight of a rated place's ratings: six ratings a year. Chosen."""

FAST_OF_SLOW = 30 / 365
"""Ratio of the summed weights on the two time scales for ratings at a constant rate: that of the half-lives."""

HOURS_SHARE, CLOSES_S = 0.25, (17 * HOUR_S, 22 * HOUR_S)
"""Share of the city's places with known hours, and when they close, seconds since midnight; the others
never close. Chosen."""

PARKING_S = 180.0
"""Time to park in a city. Chosen."""

SHORTEST_EXIT_M = 500.0
"""A place of a motorway nearer than this can no longer be reached: the first sign stands 500 m before its exit."""


class Places(NamedTuple):
    """Places, one an entry, all of them with toilets.

    Attributes:
        east_m, north_m: position in the plane; on a motorway east_m is the distance from its start.
        closes_s: when it closes, seconds since midnight; infinity for never.
        q, sd: estimated quality in stars, and its standard deviation.
        verdict: its verdict.
    """

    east_m: Floats
    north_m: Floats
    closes_s: Floats
    q: Floats
    sd: Floats
    verdict: list[Verdict]

    def sure_stars(self, mode: Mode) -> Floats:
        """Quality minus its uncertainty, as in the ranking."""
        return self.q - RANKINGS["balanced", mode].kappa * self.sd

    @property
    def is_acceptable(self) -> Bools:
        """Whether a place may be suggested at all."""
        return np.array([verdict != "squat" for verdict in self.verdict], dtype=np.bool_)


class Here(NamedTuple):
    """Where a person is, and when.

    Attributes:
        at_s: seconds since midnight.
        mode: travel mode.
        east_m, north_m: position.
        heading_deg, speed_m_s: course and speed; None and 0 while standing.
        gone_m: distance travelled on this day.
    """

    at_s: float
    mode: Mode
    east_m: float
    north_m: float
    heading_deg: float | None
    speed_m_s: float
    gone_m: float = 0.0


class World(NamedTuple):
    """Places, and how long it takes to them.

    Attributes:
        places: all places.
        road_m: length of the motorway; None in a city.
    """

    places: Places
    road_m: float | None = None

    def distances_m(self, here: Here) -> Floats:
        """Distance of each place: straight in a city, forward along a motorway (negative for passed places)."""
        if self.road_m is None:
            return np.hypot(self.places.east_m - here.east_m, self.places.north_m - here.north_m)
        return self.places.east_m - here.east_m

    def travel_s(self, here: Here) -> Floats:
        """Travel time to each place that can be reached before it closes, otherwise infinity."""
        distance_m = self.distances_m(here)
        if self.road_m is None:
            parking_s = PARKING_S if here.mode == "drive" else 0.0
            travel_s = distance_m * CIRCUITY[here.mode] / SPEED_M_PER_S[here.mode] + parking_s
        else:
            travel_s = np.where(distance_m >= SHORTEST_EXIT_M, distance_m / here.speed_m_s, np.inf)
        can_use = self.places.is_acceptable & (here.at_s + travel_s < self.places.closes_s)
        return np.where(can_use, travel_s, np.inf)

    def nearest_s(self, here: Here) -> float:
        """Travel time to the nearest of these."""
        return float(self.travel_s(here).min(initial=np.inf))


def make_city(random: Generator) -> World:
    """Create a city about the origin."""
    east_m, north_m = scatter(random, CITY_SCALE_M, CITY_PLACES)
    closes_s = np.where(random.random(CITY_PLACES) < HOURS_SHARE, random.uniform(*CLOSES_S, CITY_PLACES), np.inf)
    return World(_places(random, east_m, north_m, closes_s))


def make_motorway(random: Generator, road_m: float) -> World:
    """Create a motorway of that length, all of whose places never close."""
    gaps_m = random.gamma(GAP_SHAPE, MEAN_GAP_M / GAP_SHAPE, int(road_m / MEAN_GAP_M) * 3 + 10)
    along_m = np.cumsum(gaps_m)
    along_m = along_m[along_m < road_m]
    return World(_places(random, along_m, np.zeros_like(along_m), np.full_like(along_m, np.inf)), road_m)


def scatter(random: Generator, scale_m: float, count: int) -> tuple[Floats, Floats]:
    """Draw positions about the origin whose density falls exponentially: to 1/e in ``scale_m``."""
    distance_m, bearing = random.gamma(2.0, scale_m, count), random.uniform(0, 2 * np.pi, count)
    return distance_m * np.sin(bearing), distance_m * np.cos(bearing)


def _places(random: Generator, east_m: Floats, north_m: Floats, closes_s: Floats) -> Places:
    count = len(east_m)
    stars = np.clip(random.normal(PRIOR_MEAN_STARS, PLACES_SD, count), 1, 5)
    weight = random.lognormal(np.log(MEDIAN_WEIGHT), WEIGHT_SIGMA, count) * (random.random(count) < RATED_SHARE)
    slow, fast = weight, weight * FAST_OF_SLOW
    estimates = [
        quality(DecayedSums(*sums))
        for sums in zip(slow.tolist(), (slow * stars).tolist(), fast.tolist(), (fast * stars).tolist(), strict=True)
    ]
    verdicts = [verdict(estimate, w > 0) for estimate, w in zip(estimates, weight.tolist(), strict=True)]
    q, sd = (np.array([getattr(estimate, name) for estimate in estimates]) for name in ("q", "sd"))
    return Places(east_m, north_m, closes_s, q, sd, verdicts)
