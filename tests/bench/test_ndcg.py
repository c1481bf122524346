import numpy as np
import pytest

from bench.ndcg import dcg, ndcg, ndcg_of_rows


def test_the_gain_has_the_published_value() -> None:
    assert dcg([3, 2, 3, 0, 1, 2]) == pytest.approx(6.861127, abs=1e-6)


def test_the_normalised_gain_has_the_published_value() -> None:
    assert ndcg([3, 2, 3, 0, 1, 2]) == pytest.approx(0.960808, abs=1e-6)


def test_omitted_items_lower_the_score_of_an_order() -> None:
    assert ndcg([3, 2, 3, 0, 1, 2], unseen=[3, 2]) == pytest.approx(0.785002, abs=1e-6)


def test_the_best_order_and_an_order_of_nothing_score_one() -> None:
    assert ndcg([3, 3, 2, 1, 0]) == 1
    assert ndcg([0, 0]) == 1


def test_a_batch_of_orders_scores_the_same_as_single_orders() -> None:
    relevances = np.random.default_rng(8).integers(0, 5, (20, 12)).astype(float)
    relevances[3] = 0
    scores = ndcg_of_rows(relevances[:, :5], relevances)
    assert scores == pytest.approx([ndcg(list(row[:5]), row[5:]) for row in relevances], abs=1e-12)
