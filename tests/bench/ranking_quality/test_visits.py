from dataclasses import replace

import numpy as np
import pytest

from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.experiment import BALANCED, compare
from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.regimes import REGIMES
from bench.ranking_quality.rules import RULES, TwoScales, distance, two_scales
from bench.ranking_quality.visits import Score, Visits
from bench.ranking_quality.world import World, towns


def test_the_oracle_has_no_regret(world: World) -> None:
    for rank, mode in BALANCED:
        score = Visits(world, rank, mode).oracle()
        assert score.regret == 0
        assert score.ndcg == pytest.approx(1)


def test_every_order_but_the_oracles_has_regret(world: World, evidence: Evidence) -> None:
    visits = Visits(world, "balanced", "walk")
    for estimate in (distance(evidence), two_scales(evidence, TwoScales())):
        score = visits.score(estimate)
        assert score.regret > 0
        assert 0 < score.ndcg < 1


def test_the_first_choice_is_scored_by_stars_minus_distance(world: World) -> None:
    two = replace(
        world,
        places_km=np.array([[0.0, 0.1], [0.0, 0.2]]),
        stars=np.broadcast_to([[2.0], [4.0]], (2, world.stars.shape[1])),
        origins_km=np.zeros_like(world.origins_km),
    )
    alike = Estimate(np.zeros((len(world.moments), 2)), np.zeros((len(world.moments), 2)))
    nearest = Visits(two, "balanced", "walk").score(alike)
    assert nearest.regret == pytest.approx((4.0 - 4 * 0.2) - (2.0 - 4 * 0.1))
    assert nearest.dirty == 1


def test_the_same_towns_give_the_same_figures() -> None:
    rules = {name: RULES[name] for name in ("ours", "distance", "thompson")}
    regimes = {name: REGIMES[name] for name in ("clean", "festival")}
    outcomes = [compare(towns(2, 9), regimes, rules, BALANCED) for _ in range(2)]
    assert (outcomes[0].scores == outcomes[1].scores).all()
    assert outcomes[0].scores.shape == (2, 2, 3, 2, len(Score._fields))
    clean, festival = (outcomes[0].of("regret", regime, "distance", BALANCED[0]) for regime in regimes)
    assert (clean == festival).all()
