import numpy as np
import pytest

from bench.ranking_quality.interval import interval, share_of, student_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [(0.975, 30, 2.042272), (0.995, 60, 2.660283), (0.9995, 120, 3.373454), (0.9995, 30, 3.645959)],
)
def test_students_quantile_has_the_published_value(probability: float, freedom: int, quantile: float) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(quantile, abs=1e-4)


def test_an_interval_is_students() -> None:
    values = np.random.default_rng(7).normal(1, 2, 100)
    assert interval(values).mean == pytest.approx(values.mean())
    assert interval(values).margin == pytest.approx(1.9842 * values.std(ddof=1) / 10, rel=1e-4)


def test_a_share_is_that_of_sums_and_surer_where_parts_follow_wholes() -> None:
    random = np.random.default_rng(8)
    wholes = random.uniform(1, 3, 50)
    following, alone = 0.4 * wholes + random.normal(0, 0.01, 50), random.uniform(0.3, 1.2, 50)
    assert share_of(following, wholes).mean == pytest.approx(following.sum() / wholes.sum())
    assert share_of(following, wholes).margin < share_of(alone, wholes).margin / 5
