"""How good an order is: normalised discounted cumulative gain (Järvelin, Kekäläinen, ACM TOIS 20, 2002)."""

from collections.abc import Iterable, Sequence
from math import fsum, log2

import numpy as np
from numpy.typing import NDArray


def dcg(relevances: Iterable[float]) -> float:
    """Sum relevances, each over log2(rank + 1), ranks from 1."""
    return fsum(relevance / log2(rank + 1) for rank, relevance in enumerate(relevances, start=1))


def ndcg(ranked: Sequence[float], unseen: Iterable[float] = ()) -> float:
    """Compare an order with the best one of the same length.

    Args:
        ranked: the relevance of each result, in the order to judge.
        unseen: relevances that the best order could have had, and this one left out.

    Returns:
        0 to 1, 1 for the best order; also 1 where nothing is relevant, as no order is better.
    """
    best = dcg(sorted([*ranked, *unseen], reverse=True)[: len(ranked)])
    return dcg(ranked) / best if best else 1.0


def ndcg_of_rows(ranked: NDArray[np.float64], all_relevances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare many orders at once, as ``ndcg`` does one.

    Args:
        ranked: of any shape by k, the relevance of each result in the order to judge.
        all_relevances: of the same shape by n, of whatever could have been in it, ``ranked`` included.

    Returns:
        One figure a row.
    """
    k = ranked.shape[-1]
    discounts = 1 / np.log2(np.arange(k) + 2)
    best = -np.sort(np.partition(-all_relevances, k - 1, axis=-1)[..., :k], axis=-1) @ discounts
    gained = ranked @ discounts
    return np.divide(gained, best, out=np.ones_like(gained), where=best > 0)
