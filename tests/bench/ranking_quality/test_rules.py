from datetime import timedelta

import numpy as np
import pytest

from bench.ranking_quality.components import credibility, sufficient_credibility
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.filters import Drift, kalman, random_walk
from bench.ranking_quality.raters import some
from bench.ranking_quality.regimes import REGIMES, ratings_of
from bench.ranking_quality.rules import (
    RULES,
    VARIANTS,
    TwoScales,
    imdb,
    josang,
    one_scale,
    town_mean,
    two_scales,
)
from bench.ranking_quality.world import World, towns
from bench.reference.priors import Place, kind_mean
from bench.reference.quality import WeightedStars, decayed_sums, quality
from geo.crowd.quality import LANDMARK, PRESENT_CREDIBILITY, RECORD_CREDIBILITY
from geo.crowd.wilson import wilson_interval

TOLERANCE = 1e-9

FIXED_NAMES = [
    "ours",
    "distance",
    "informed",
    "imdb-5",
    "imdb-25",
    "josang",
    "glicko",
    "kalman",
    "thompson",
    "ucb",
    "decay-365",
]


def known_at(evidence: Evidence, moment: int, place: int) -> list[WeightedStars]:
    """The input of the product's formulas."""
    ratings, weights = evidence.ratings, evidence.weights("ours")[moment]
    return [
        WeightedStars(LANDMARK + timedelta(days=float(ratings.day[at])), int(ratings.stars[at]), float(weights[at]))
        for at in np.flatnonzero(evidence.live[moment] & (ratings.place == place))
    ]


def test_the_rules_have_their_fixed_names() -> None:
    assert list(RULES)[: len(FIXED_NAMES)] == FIXED_NAMES


@pytest.mark.parametrize("moment", [0, 23])
def test_our_estimate_equals_the_quality_of_the_product(evidence: Evidence, moment: int) -> None:
    as_of = LANDMARK + timedelta(days=float(evidence.moments[moment]))
    sums = [decayed_sums(known_at(evidence, moment, place), as_of) for place in range(evidence.shape[1])]
    assert float(town_mean(evidence.sums(365.0, "ours"))[moment, 0]) == pytest.approx(
        kind_mean([Place(each.weight_slow, each.stars_slow) for each in sums]), abs=TOLERANCE
    )
    c0, c = 3.0, 7.0
    estimate = two_scales(evidence, TwoScales(record_credibility=c0, present_credibility=c, prior_stars=3.5))
    for place, each in enumerate(sums):
        expected = quality(each, 3.5, c0, c)
        assert estimate.q[moment, place] == pytest.approx(expected.q, abs=TOLERANCE)
        assert estimate.sd[moment, place] == pytest.approx(expected.sd, abs=TOLERANCE)


def test_credibility_is_fitted_only_where_the_pairs_of_ratings_weigh_enough(world: World, evidence: Evidence) -> None:
    mean = float(town_mean(evidence.sums(365.0, "ours"))[0, 0])
    fitted = credibility(evidence, "ours", mean)
    assert sufficient_credibility(evidence, "ours", mean) == fitted
    assert (fitted.record, fitted.present) != (RECORD_CREDIBILITY, PRESENT_CREDIBILITY)
    as_fitted = TwoScales(record_credibility=fitted.record, present_credibility=fitted.present)
    assert np.array_equal(two_scales(evidence, TwoScales()).q, two_scales(evidence, as_fitted).q)

    few = Evidence(ratings_of(world, REGIMES["budapest"]), world.moments, len(world.busyness))
    assert sufficient_credibility(few, "ours", mean) is None
    as_assumed = TwoScales(record_credibility=RECORD_CREDIBILITY, present_credibility=PRESENT_CREDIBILITY)
    assert np.array_equal(two_scales(few, TwoScales()).q, two_scales(few, as_assumed).q)


def test_other_rules_equal_their_definition(world: World, evidence: Evidence) -> None:
    wilson, mean, beta, weighted = (
        RULES["wilson"].estimate(world, evidence).q[7],
        RULES["mean"].estimate(world, evidence).q[7],
        josang(evidence).q[7],
        imdb(evidence, 25).q[7],
    )
    prior = float(town_mean(evidence.sums(365.0, "blind"))[7, 0])
    for place in range(evidence.shape[1]):
        here = np.flatnonzero(evidence.live[7] & (evidence.ratings.place == place))
        stars, age_days = evidence.ratings.stars[here], evidence.moments[7] - evidence.ratings.day[here]
        lower = wilson_interval(int((stars >= 4).sum()), len(stars))[0]
        praise, blame = (float((0.99**age_days * share).sum()) for share in ((stars - 1) / 4, (5 - stars) / 4))
        assert wilson[place] == pytest.approx(1 + 4 * lower, abs=TOLERANCE)
        assert mean[place] == pytest.approx(stars.mean() if len(stars) else prior, abs=1e-6)
        assert beta[place] == pytest.approx(1 + 4 * (praise + 1) / (praise + blame + 2), abs=TOLERANCE)
        assert weighted[place] == pytest.approx((stars.sum() + 25 * prior) / (len(stars) + 25), abs=TOLERANCE)


def test_one_scale_equals_two_scales_without_a_record(evidence: Evidence) -> None:
    mean = float(town_mean(evidence.sums(365.0, "ours"))[0, 0])
    without_record = TwoScales(record_credibility=1e12, present_credibility=5.0, prior_stars=mean)
    assert one_scale(evidence, 30.0, "ours").q[0] == pytest.approx(two_scales(evidence, without_record).q[0], abs=1e-6)


def test_no_rule_uses_later_ratings(world: World, evidence: Evidence) -> None:
    earlier = some(evidence.ratings, np.flatnonzero(evidence.ratings.day <= world.moments[0]))
    before = Evidence(earlier, world.moments, evidence.shape[1])
    for name, rule in (RULES | VARIANTS).items():
        if name != "thompson":
            both = [rule.estimate(world, each).q[0] for each in (evidence, before)]
            assert both[0] == pytest.approx(both[1], abs=TOLERANCE), name


def test_the_informed_filter_is_closest_to_the_truth_and_knows_how_close() -> None:
    errors: dict[str, list[np.ndarray]] = {}
    for world in towns(6, 300):
        evidence = Evidence(ratings_of(world, REGIMES["one-network"]), world.moments, len(world.busyness))
        truth = world.stars[:, (world.moments * 4).astype(int)].T
        for name in ("informed", "kalman", "ours", "decay-365"):
            estimate = RULES[name].estimate(world, evidence)
            errors.setdefault(name, []).append((estimate.q - truth).ravel())
            if name == "informed":
                errors.setdefault("in deviations", []).append(((estimate.q - truth) / estimate.sd).ravel())
    spread = {name: np.concatenate(each).std() for name, each in errors.items()}
    assert spread["informed"] < min(spread["kalman"], spread["ours"]) < spread["decay-365"]
    assert spread["in deviations"] == pytest.approx(1, abs=0.1)


def test_the_kalman_filter_equals_gaussian_regression(evidence: Evidence) -> None:
    drift = Drift(3.6, 0.25, 0.15, 30.0, 1.1)
    weights = evidence.weights("ours")
    estimate = kalman(evidence, weights, drift)
    moment, as_of = 9, evidence.moments[9]
    for place in range(evidence.shape[1]):
        at = np.flatnonzero((weights[moment] > 0) & (evidence.ratings.place == place))
        lag = np.abs(np.subtract.outer(evidence.ratings.day[at], evidence.ratings.day[at]))
        cross = as_of - evidence.ratings.day[at]

        def covariance(days: np.ndarray) -> np.ndarray:
            return 0.25 * np.exp(-days / 1095) + 0.15 * np.exp(-days / 30)

        gain = np.linalg.solve(covariance(lag) + np.diag(1.1 / weights[moment][at]), covariance(cross))
        assert estimate.q[moment, place] == pytest.approx(3.6 + gain @ (evidence.ratings.stars[at] - 3.6), abs=1e-7)
        assert estimate.sd[moment, place] ** 2 == pytest.approx(0.4 - gain @ covariance(cross), abs=1e-7)


def test_the_doubt_of_a_random_walk_grows_up_to_what_it_began_with(evidence: Evidence) -> None:
    mean = np.full((len(evidence.moments), 1), 3.6)
    certain = random_walk(evidence, evidence.weights("ours"), mean, 0.4, 0.0)
    forgetful = random_walk(evidence, evidence.weights("ours"), mean, 0.4, 100.0)
    weight, stars = evidence.sums(np.inf, "ours")
    assert certain.q == pytest.approx((1.21 / 0.4 * 3.6 + stars) / (1.21 / 0.4 + weight), abs=1e-7)
    assert forgetful.sd == pytest.approx(np.full(evidence.shape, 0.4**0.5))


def test_upper_confidence_prefers_doubt_where_ours_avoids_it() -> None:
    assert RULES["ucb"].kappa == -0.5
    assert RULES["ours"].kappa is None
