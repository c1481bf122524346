from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from bench.ranking_quality.informed import informed
from bench.ranking_quality.world import REGIMES, World, make_world
from bench.reference.estimates import Evidence, TwoScales, one_scale, plain_mean, two_scales, wilson
from bench.reference.quality import WeightedStars, decayed_sums, quality
from geo.crowd.quality import LANDMARK
from geo.crowd.wilson import wilson_interval

TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(REGIMES[1], seed=5)


def ratings_known(world: World, moment: int, place: int) -> list[WeightedStars]:
    """What the product's own formulas would be given."""
    as_of_day, ratings = world.moments[moment], world.ratings
    known = (ratings.place == place) & (ratings.day <= as_of_day) & (as_of_day < ratings.until)
    return [
        WeightedStars(LANDMARK + timedelta(days=float(day)), int(stars), float(weight))
        for day, stars, weight in zip(ratings.day[known], ratings.stars[known], ratings.weight[known], strict=True)
    ]


def test_our_estimate_equals_the_quality_of_the_product(world: World) -> None:
    estimate = two_scales(Evidence(world), TwoScales())
    for moment in (0, 23):
        as_of = LANDMARK + timedelta(days=float(world.moments[moment]))
        for place in range(len(world.places_km)):
            expected = quality(decayed_sums(ratings_known(world, moment, place), as_of))
            assert estimate.q[moment, place] == pytest.approx(expected.q, abs=TOLERANCE)
            assert estimate.sd[moment, place] == pytest.approx(expected.sd, abs=TOLERANCE)


def test_wilsons_bound_and_the_mean_equal_those_of_the_ratings(world: World) -> None:
    evidence = Evidence(world)
    bound, mean = wilson(evidence).q[7], plain_mean(evidence).q[7]
    for place in range(len(world.places_km)):
        stars = [rating.stars for rating in ratings_known(world, 7, place)]
        lower = wilson_interval(sum(s >= 4 for s in stars), len(stars))[0]
        assert bound[place] == pytest.approx(1 + 4 * lower, abs=TOLERANCE)
        assert mean[place] == pytest.approx(np.mean(stars) if stars else 3.6, abs=TOLERANCE)


def test_one_scale_equals_two_scales_without_a_record(world: World) -> None:
    evidence = Evidence(world)
    record_of_nothing = two_scales(evidence, TwoScales(record_credibility=1e12))
    assert one_scale(evidence, 30.0).q == pytest.approx(record_of_nothing.q, abs=1e-6)


def test_no_estimate_uses_later_ratings(world: World) -> None:
    later = world.ratings.day > world.moments[0]
    other = replace(world, ratings=replace(world.ratings, stars=np.where(later, 1.0, world.ratings.stars)))
    assert (two_scales(Evidence(other), TwoScales()).q[0] == two_scales(Evidence(world), TwoScales()).q[0]).all()
    assert (informed(other).q[0] == informed(world).q[0]).all()


def test_the_informed_filter_is_closer_to_the_truth_than_our_estimate(world: World) -> None:
    step = (world.moments * 4).astype(int)
    truth = world.stars[:, step].T
    ours, best = two_scales(Evidence(world), TwoScales()), informed(world)
    assert ((best.q - truth) ** 2).mean() < ((ours.q - truth) ** 2).mean()
    assert ((best.q - truth) / best.sd).std() == pytest.approx(1, abs=0.15)
