import numpy as np
import pytest

from bench.ndcg import dcg, ndcg, ndcg_of_rows


def test_the_gain_has_the_published_value() -> None:
    assert dcg([3, 2, 3, 0, 1, 2]) == pytest.approx(6.861127, abs=1e-6)


def test_the_normalised_gain_has_the_published_value() -> None:
    assert ndcg([3, 2, 3, 0, 1, 2]) == pytest.approx(0.960808, abs=1e-6)


def test_what_was_left_out_counts_against_an_order() -> None:
    assert ndcg([3, 2, 3, 0, 1, 2], unseen=[3, 2]) == pytest.approx(0.785002, abs=1e-6)


def test_the_best_order_scores_one_and_so_does_any_order_of_nothing() -> None:
    assert ndcg([3, 3, 2, 1, 0]) == 1
    assert ndcg([0, 0]) == 1


def test_many_orders_at_once_score_as_one_by_one() -> None:
    relevances = np.random.default_rng(8).integers(0, 5, (20, 12)).astype(float)
    relevances[3] = 0
    scores = ndcg_of_rows(relevances[:, :5], relevances)
    assert scores == pytest.approx([ndcg(list(row[:5]), row[5:]) for row in relevances], abs=1e-12)
