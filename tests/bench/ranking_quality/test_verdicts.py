import numpy as np

from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.regimes import REGIMES
from bench.ranking_quality.rules import RULES
from bench.ranking_quality.verdicts import said_and_true, truths
from bench.ranking_quality.world import towns


def test_verdicts_are_true_by_the_thresholds_that_they_are_said_by() -> None:
    estimate = Estimate(np.array([[4.0, 4.0, 2.5, 2.5, 2.5, 3.2]]), np.array([[0.5, 0.5, 0.5, 0.5, 0.6, 0.1]]))
    stars = np.array([[3.5, 3.4, 3.0, 3.1, 1.0, 3.0]])
    rated = np.ones((1, 6), dtype=bool)
    assert said_and_true(estimate, stars, rated).tolist() == [[2, 1], [2, 1]]
    assert said_and_true(estimate, stars, ~rated).tolist() == [[0, 0], [0, 0]]


def test_squat_is_true_more_often_than_with_the_weights_of_2025_where_brigades_use_a_network_each() -> None:
    rules = {name: RULES[name] for name in ("ours", "ours-2025")}
    ours, before = (row for row in truths(towns(4, 30), {"spread": REGIMES["spread"]}, rules) if row.verdict == "squat")
    assert ours.true.mean > before.true.mean + 0.2
