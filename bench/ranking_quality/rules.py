"""The rules that are compared: ours, its variants, and those of others. Each estimates every place at every moment."""

from collections.abc import Callable
from math import inf, log
from typing import Literal, NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.components import credibility, sufficient_credibility
from bench.ranking_quality.evidence import Evidence, Sums
from bench.ranking_quality.filters import Drift, Estimate, kalman, random_walk
from bench.ranking_quality.world import World
from geo.crowd import quality
from geo.crowd.wilson import Z_95_PERCENT

LIKED_STARS = 4
"""From so many stars a rating counts as a thumb up, for Wilson's bound."""

STARS_PER_FELT = 0.82
"""How much of a difference that is felt shows in the mean of stars, as the scale ends at 1 and 5."""

JOSANG_LONGEVITY = 0.99
"""λ a day (Jøsang, Ismail, 2002): what is left of a rating after a day."""

GLICKO_VARIANCE = 0.4
"""Of an unrated place in stars²: between places and of the drift."""

GLICKO_DAYS = 365.0
"""After which a well known place is as doubtful as an unrated one (Glickman, 1999, asks for such a time)."""

UCB_DEVIATIONS = 0.5
"""Standard deviations that are added."""


class Rule(NamedTuple):
    """An order of places by stars less doubt less distance.

    Attributes:
        estimate: of every place's stars; only the informed filter looks at the town, all others at its ratings.
        kappa: standard deviations to subtract; None for those of RANKINGS.
    """

    estimate: Callable[[World, Evidence], Estimate]
    kappa: float | None = 0.0


class TwoScales(NamedTuple):
    """The constants of geo.crowd.quality, to be varied.

    Attributes:
        slow_days, fast_days: half-lives.
        record_credibility, present_credibility: C0 and C; None for those that the product would estimate.
        prior_stars: μ, or the mean of the town's own ratings.
        trust: one of TRUSTS.
    """

    slow_days: float = quality.SLOW_HALF_LIFE_DAYS
    fast_days: float = quality.FAST_HALF_LIFE_DAYS
    record_credibility: float | None = None
    present_credibility: float | None = None
    prior_stars: float | Literal["town"] = "town"
    trust: str = "ours"


def two_scales(evidence: Evidence, constants: TwoScales) -> Estimate:
    """bench.reference.quality.quality for a town."""
    slow = evidence.sums(constants.slow_days, constants.trust)
    fast = evidence.sums(constants.fast_days, constants.trust)
    c0, c = constants.record_credibility, constants.present_credibility
    if c0 is None or c is None:
        fitted = sufficient_credibility(evidence, constants.trust, float(town_mean(slow)[0, 0]))
        c0 = c0 or (fitted.record if fitted else quality.RECORD_CREDIBILITY)
        c = c or (fitted.present if fitted else quality.PRESENT_CREDIBILITY)
    prior = town_mean(slow, c0) if constants.prior_stars == "town" else constants.prior_stars
    base = (c0 * prior + slow.value) / (c0 + slow.weight)
    present = c + fast.weight
    variance = quality.STARS_SIGMA**2 * (1 / present + (c / present) ** 2 / (c0 + slow.weight))
    return Estimate((c * base + fast.value) / present, np.sqrt(variance))


def town_mean(slow: Sums, record_credibility: float = quality.RECORD_CREDIBILITY) -> Floats:
    """bench.reference.priors.kind_mean of the town at each moment: moments by 1."""
    places, stars = (field / (slow.weight + record_credibility) for field in slow)
    total = places.sum(axis=1, keepdims=True)
    enough = total > 1
    return np.where(enough, stars.sum(axis=1, keepdims=True) / np.where(enough, total, 1), quality.PRIOR_MEAN_STARS)


def one_scale(
    evidence: Evidence, half_life_days: float, trust: str, prior_weight: float = quality.RECORD_CREDIBILITY
) -> Estimate:
    """Bayesian average with exponential decay, or none if the half-life is infinite, about the town's mean."""
    weight, stars = evidence.sums(half_life_days, trust)
    prior = town_mean(evidence.sums(quality.SLOW_HALF_LIFE_DAYS, trust))
    q = (prior_weight * prior + stars) / (prior_weight + weight)
    return Estimate(q, quality.STARS_SIGMA / np.sqrt(prior_weight + weight))


def distance(evidence: Evidence) -> Estimate:
    """All places alike, so that distance alone decides."""
    return Estimate(np.zeros(evidence.shape), np.zeros(evidence.shape))


def imdb(evidence: Evidence, prior_count: float) -> Estimate:
    """IMDb's weighted rating: (v·R + m·mean) / (v + m), every rating the same, nothing forgotten."""
    return one_scale(evidence, inf, "blind", prior_count)


def plain_mean(evidence: Evidence) -> Estimate:
    """The mean of all stars, the town's mean where there are none, as most sites show it."""
    return one_scale(evidence, inf, "blind", 1e-9)


def wilson(evidence: Evidence) -> Estimate:
    """Lower bound of the share of those who like the place, 0 for none, spread over 1 to 5 stars."""
    count, liked = evidence.count(), evidence.count(LIKED_STARS)
    trials = np.maximum(count, 1)
    share = liked / trials
    margin = Z_95_PERCENT * np.sqrt(share * (1 - share) / trials + Z_95_PERCENT**2 / (4 * trials**2))
    lower = (share + Z_95_PERCENT**2 / (2 * trials) - margin) / (1 + Z_95_PERCENT**2 / trials)
    return Estimate(1 + 4 * np.where(count > 0, lower, 0.0), np.zeros_like(share))


def josang(evidence: Evidence) -> Estimate:
    """Beta reputation with forgetting: the expectation of a beta distribution from aged praise and blame."""
    weight, stars = evidence.sums(log(0.5) / log(JOSANG_LONGEVITY), "blind")
    praise = (stars - weight) / 4
    return Estimate(1 + 4 * (praise + 1) / (weight + 2), np.zeros(evidence.shape))


def glicko(evidence: Evidence) -> Estimate:
    """A random walk whose doubt grows with time (Glickman, 1999), with our weights."""
    mean = town_mean(evidence.sums(quality.SLOW_HALF_LIFE_DAYS, "ours"))
    return random_walk(evidence, evidence.weights("ours"), mean, GLICKO_VARIANCE, GLICKO_VARIANCE / GLICKO_DAYS)


def estimated_kalman(evidence: Evidence) -> Estimate:
    """A Kalman filter with our weights whose parameters are fitted to the town's ratings."""
    mean = town_mean(evidence.sums(quality.SLOW_HALF_LIFE_DAYS, "ours"))
    fitted = credibility(evidence, "ours", float(mean[0, 0]))
    parameters = fitted.places_variance, fitted.drift_variance, fitted.relaxation_days, fitted.noise_variance
    return kalman(evidence, evidence.weights("ours"), Drift(mean, *parameters))


def informed(world: World, evidence: Evidence) -> Estimate:
    """A Kalman filter that knows how this town drifts, its mean and who is honest; replaced ratings count."""
    places, drift = (STARS_PER_FELT * world.places_sd) ** 2, (STARS_PER_FELT * world.drift_sd) ** 2
    parameters = float(world.stars.mean()), places, drift, world.conditions.relaxation_days
    honest = evidence.known * evidence.ratings.honest
    return kalman(evidence, honest, Drift(*parameters, quality.STARS_SIGMA**2 - drift))


def thompson(evidence: Evidence) -> Estimate:
    """A draw from what ours holds possible, for each moment anew."""
    ours = two_scales(evidence, TwoScales())
    chance = np.random.default_rng(len(evidence.ratings.day)).standard_normal(ours.q.shape)
    return Estimate(ours.q + chance * ours.sd, ours.sd)


def variant(kappa: float | None = None, **constants: float | str | None) -> Rule:
    """Ours with other constants."""
    formula = TwoScales(**constants)  # type: ignore[arg-type]
    return Rule(lambda _, evidence: two_scales(evidence, formula), kappa)


FIXED = {"record_credibility": quality.RECORD_CREDIBILITY, "present_credibility": quality.PRESENT_CREDIBILITY}
"""C0 and C of a new deployment, not estimated."""

RULES: dict[str, Rule] = {
    "ours": variant(),
    "distance": Rule(lambda _, evidence: distance(evidence)),
    "informed": Rule(informed),
    "imdb-5": Rule(lambda _, evidence: imdb(evidence, 5)),
    "imdb-25": Rule(lambda _, evidence: imdb(evidence, 25)),
    "josang": Rule(lambda _, evidence: josang(evidence)),
    "glicko": Rule(lambda _, evidence: glicko(evidence)),
    "kalman": Rule(lambda _, evidence: estimated_kalman(evidence)),
    "thompson": Rule(lambda _, evidence: thompson(evidence)),
    "ucb": variant(-UCB_DEVIATIONS),
    "decay-365": Rule(lambda _, evidence: one_scale(evidence, 365, "ours")),
    "decay-365-unweighted": Rule(lambda _, evidence: one_scale(evidence, 365, "blind")),
    "decay-90": Rule(lambda _, evidence: one_scale(evidence, 90, "ours")),
    "decay-30": Rule(lambda _, evidence: one_scale(evidence, 30, "ours")),
    "no-decay": Rule(lambda _, evidence: one_scale(evidence, inf, "ours")),
    "mean": Rule(lambda _, evidence: plain_mean(evidence)),
    "wilson": Rule(lambda _, evidence: wilson(evidence)),
    "ours-2025": variant(prior_stars=quality.PRIOR_MEAN_STARS, trust="network", **FIXED),
}
"""By the names of the table."""

VARIANTS: dict[str, Rule] = {
    "without track record": variant(trust="without track"),
    "with network weight": variant(trust="with network"),
    "rush weight alone": variant(trust="rush only"),
    "unweighted": variant(trust="blind"),
    "knowing who is honest": variant(trust="honest"),
    "μ 3.6": variant(prior_stars=quality.PRIOR_MEAN_STARS),
    "C0 and C 5": variant(**FIXED),
    **{f"κ {kappa:g}": variant(kappa) for kappa in (0.0, 0.25, 0.5, 1.0)},
    **{f"C0 {ratings:g}": variant(**FIXED | {"record_credibility": ratings}) for ratings in (3.0, 4.0, 10.0)},
    **{f"C {ratings:g}": variant(**FIXED | {"present_credibility": ratings}) for ratings in (2.0, 10.0)},
    **{f"fast half-life {days:g}": variant(fast_days=days) for days in (14.0, 60.0)},
    **{f"slow half-life {days:g}": variant(slow_days=days) for days in (180.0, 730.0)},
}
"""Ours with one part changed."""
