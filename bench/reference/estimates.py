"""What the known formulas make of a town's ratings: stars and doubt of every place at every moment.

They are those of bench.reference.quality and geo.crowd.wilson for whole towns at once; tests compare them.
"""

from typing import Literal, NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats, expected_stars
from bench.ranking_quality.world import World
from geo.crowd import quality
from geo.crowd.wilson import Z_95_PERCENT

LIKED_STARS = 4
"""From so many stars a rating counts as a thumb up, for Wilson's bound."""

Trust = Literal["weighed", "blind", "known"]
"""Whether a rating has the weight ω, or 1, or 1 if it is honest and 0 if it is of a brigade, which no product knows."""


class Estimate(NamedTuple):
    """In stars, each moments by places.

    Attributes:
        q: the estimate.
        sd: its standard deviation; 0 for formulas without one.
    """

    q: Floats
    sd: Floats


class Sums(NamedTuple):
    """W = Σ w and S = Σ w·value, each moments by places."""

    weight: Floats
    value: Floats


class Evidence:
    """A town's ratings as they stood at each moment."""

    def __init__(self, world: World) -> None:
        """Prepare a town's ratings. Only the trust ``known`` uses more of the town than these."""
        self.world = world
        ratings, moments = world.ratings, world.moments[:, None]
        self._ratings = ratings
        self._live = (ratings.day <= moments) & (moments < ratings.until)
        self._age_days = np.where(self._live, moments - ratings.day, 0.0)
        self._rated, self._first = np.unique(ratings.place, return_index=True)
        self.shape = len(world.moments), len(world.places_km)
        self._known: dict[tuple[float, Trust], Sums] = {}

    def sums(self, half_life_days: float, trust: Trust = "weighed") -> Sums:
        """Decayed sums of stars; an infinite half-life forgets nothing."""
        key = half_life_days, trust
        if key not in self._known:
            ratings = self._ratings
            weight = {"weighed": ratings.weight, "blind": np.ones_like(ratings.weight), "known": ratings.honest}[trust]
            self._known[key] = self._sums(weight * 2.0 ** (-self._age_days / half_life_days), self._ratings.stars)
        return self._known[key]

    def liked(self) -> Sums:
        """How many ratings there are, and how many of them like the place."""
        return self._sums(np.ones(self._live.shape), (self._ratings.stars >= LIKED_STARS).astype(float))

    def _sums(self, weights: Floats, values: Floats) -> Sums:
        weights = np.where(self._live, weights, 0.0)
        return Sums(self._by_place(weights), self._by_place(weights * values))

    def _by_place(self, addends: Floats) -> Floats:
        totals = np.zeros(self.shape)
        if len(self._rated):
            totals[:, self._rated] = np.add.reduceat(addends, self._first, axis=1)
        return totals


class TwoScales(NamedTuple):
    """The constants of geo.crowd.quality, to be varied.

    Attributes:
        slow_days, fast_days: half-lives.
        record_credibility, present_credibility: C0 and C.
        prior_stars: μ; or the mean of the town's own ratings, or that of all towns' places, which a product knows
            that has been rated for a while.
        trust: in ratings.
    """

    slow_days: float = quality.SLOW_HALF_LIFE_DAYS
    fast_days: float = quality.FAST_HALF_LIFE_DAYS
    record_credibility: float = quality.RECORD_CREDIBILITY
    present_credibility: float = quality.PRESENT_CREDIBILITY
    prior_stars: float | Literal["town", "kind"] = quality.PRIOR_MEAN_STARS
    trust: Trust = "weighed"


def two_scales(evidence: Evidence, constants: TwoScales) -> Estimate:
    """bench.reference.quality.quality for a town."""
    slow = evidence.sums(constants.slow_days, constants.trust)
    fast = evidence.sums(constants.fast_days, constants.trust)
    c0, c = constants.record_credibility, constants.present_credibility
    prior: Floats | float
    match constants.prior_stars:
        case "town":
            prior = _town_mean(slow, c0)
        case "kind":
            prior = expected_stars(np.array([evidence.world.regime.kind_mean]))
        case float(stars):
            prior = stars
    base = (c0 * prior + slow.value) / (c0 + slow.weight)
    q = (c * base + fast.value) / (c + fast.weight)
    record_variance = quality.STARS_SIGMA**2 / (c0 + slow.weight)
    present = c + fast.weight
    return Estimate(q, np.sqrt(quality.STARS_SIGMA**2 / present + (c / present) ** 2 * record_variance))


def one_scale(evidence: Evidence, half_life_days: float, credibility: float = quality.PRESENT_CREDIBILITY) -> Estimate:
    """A Bayesian average of stars that forgets on one scale, or not at all if that is infinite."""
    weight, stars = evidence.sums(half_life_days)
    q = (credibility * quality.PRIOR_MEAN_STARS + stars) / (credibility + weight)
    return Estimate(q, quality.STARS_SIGMA / np.sqrt(credibility + weight))


def nothing_known(evidence: Evidence) -> Estimate:
    """All places alike, so that distance alone decides."""
    return Estimate(np.zeros(evidence.shape), np.zeros(evidence.shape))


def plain_mean(evidence: Evidence) -> Estimate:
    """The mean of all stars, the prior mean where there are none, as most sites show it."""
    count, stars = evidence.sums(np.inf, "blind")
    q = np.where(count > 0, stars / np.maximum(count, 1), quality.PRIOR_MEAN_STARS)
    return Estimate(q, np.zeros_like(q))


def wilson(evidence: Evidence) -> Estimate:
    """Lower bound of the share of those who like the place, 0 for none, spread over 1 to 5 stars."""
    count, liked = evidence.liked()
    trials = np.maximum(count, 1)
    share = liked / trials
    margin = Z_95_PERCENT * np.sqrt(share * (1 - share) / trials + Z_95_PERCENT**2 / (4 * trials**2))
    lower = (share + Z_95_PERCENT**2 / (2 * trials) - margin) / (1 + Z_95_PERCENT**2 / trials)
    return Estimate(1 + 4 * np.where(count > 0, lower, 0.0), np.zeros_like(share))


def _town_mean(slow: Sums, credibility: float) -> Floats:
    """Credibility-weighted mean of the town's places at each moment (Bühlmann, Straub 1970): moments by 1."""
    places = slow.weight / (slow.weight + credibility)
    stars = slow.value / (slow.weight + credibility)
    total = places.sum(axis=1, keepdims=True)
    enough = total > 1
    return np.where(enough, stars.sum(axis=1, keepdims=True) / np.where(enough, total, 1), quality.PRIOR_MEAN_STARS)
