from dataclasses import replace

import numpy as np
import pytest

from bench.ranking_quality.experiment import BALANCED, compare, towns
from bench.ranking_quality.rankers import OURS, changed, together
from bench.ranking_quality.visits import Score, Visits
from bench.ranking_quality.world import REGIMES, World, make_world
from bench.reference.estimates import Evidence, TwoScales, nothing_known, two_scales


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(REGIMES[2], seed=6)


def test_the_oracle_has_no_regret(world: World) -> None:
    for rank, mode in BALANCED:
        score = Visits(world, rank, mode).oracle()
        assert score.regret == 0
        assert score.ndcg == pytest.approx(1)


def test_every_order_but_the_oracles_has_regret(world: World) -> None:
    visits = Visits(world, "balanced", "walk")
    evidence = Evidence(world)
    for estimate in (nothing_known(evidence), two_scales(evidence, TwoScales())):
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
    nearest = Visits(two, "balanced", "walk").score(nothing_known(Evidence(two)))
    assert nearest.regret == pytest.approx((4.0 - 4 * 0.2) - (2.0 - 4 * 0.1))
    assert nearest.dirty == 1


def test_the_same_towns_give_the_same_figures() -> None:
    outcomes = [compare(towns(2, 9), [OURS, changed([("kappa", 0.0)])], BALANCED) for _ in range(2)]
    assert (outcomes[0].scores == outcomes[1].scores).all()
    assert outcomes[0].scores.shape == (2, 3, 2, len(Score._fields))


def test_changed_constants_are_named_and_tested_in_every_set_of_two_or_more() -> None:
    sets = together([("kappa", 0.0), ("prior_stars", "town"), ("fast_days", 14.0)])
    assert [ranker.name for ranker in sets] == [
        "μ of the town, fast half-life 14",
        "κ 0, fast half-life 14",
        "κ 0, μ of the town",
        "κ 0, μ of the town, fast half-life 14",
    ]
