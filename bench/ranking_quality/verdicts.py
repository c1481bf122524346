"""How often a verdict is true: of all places with ratings at all moments, those of which it is said."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.ranking_quality.cleanliness import STEPS_PER_DAY, Floats
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.interval import Interval, share_of
from bench.ranking_quality.regimes import Regime, ratings_of
from bench.ranking_quality.rules import Rule
from bench.ranking_quality.world import World
from geo.crowd.quality import SIT_AT_LEAST_STARS, SQUAT_AT_MOST_STARS

Said = Literal["sit", "squat"]


class Truth(NamedTuple):
    """How often a verdict is said, and how often it is true then.

    Attributes:
        regime: its name.
        rule: its name.
        verdict: that is said.
        said: how often.
        true: share that is true.
    """

    regime: str
    rule: str
    verdict: Said
    said: int
    true: Interval


def truths(worlds: Iterable[World], regimes: Mapping[str, Regime], rules: Mapping[str, Rule]) -> list[Truth]:
    """Count verdicts of rules that have a standard deviation. Those that are never said have no row."""
    counts = np.array(
        [[_counts(world, regime, list(rules.values())) for regime in regimes.values()] for world in worlds]
    )
    verdicts: tuple[Said, Said] = ("sit", "squat")
    return [
        Truth(regime, rule, verdict, int(said.sum()), share_of(true, said))
        for at_regime, regime in enumerate(regimes)
        for at_rule, rule in enumerate(rules)
        for at_verdict, verdict in enumerate(verdicts)
        for said, true in [counts[:, at_regime, at_rule, at_verdict].T]
        if said.any()
    ]


def _counts(world: World, regime: Regime, rules: list[Rule]) -> list[Floats]:
    evidence = Evidence(ratings_of(world, regime), world.moments, len(world.places_km))
    stars = world.stars[:, (world.moments * STEPS_PER_DAY).astype(np.int64)].T
    rated = evidence.count() > 0
    return [said_and_true(rule.estimate(world, evidence), stars, rated) for rule in rules]


def said_and_true(estimate: Estimate, stars: Floats, rated: NDArray[np.bool_]) -> Floats:
    """Count how often ``sit`` and ``squat`` are said of rated places, and how often they are true: verdicts by 2."""
    sit = rated & (estimate.q - estimate.sd >= SIT_AT_LEAST_STARS)
    squat = rated & (estimate.q + estimate.sd <= SQUAT_AT_MOST_STARS)
    clean, dirty = stars >= SIT_AT_LEAST_STARS, stars <= SQUAT_AT_MOST_STARS
    return np.array([[sit.sum(), (sit & clean).sum()], [squat.sum(), (squat & dirty).sum()]], dtype=float)
