import numpy as np
import pytest

from bench.ranking_quality.interval import interval, student_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [(0.975, 30, 2.042272), (0.995, 60, 2.660283), (0.9995, 120, 3.373454), (0.9995, 30, 3.645959)],
)
def test_students_quantile_has_the_published_value(probability: float, freedom: int, quantile: float) -> None:
    assert student_quantile(probability, freedom) == pytest.approx(quantile, abs=1e-4)


def test_more_comparisons_widen_the_interval() -> None:
    values = np.random.default_rng(7).normal(1, 2, 100)
    once, often = interval(values), interval(values, looks=150)
    assert once.mean == often.mean == pytest.approx(values.mean())
    assert once.margin == pytest.approx(1.9842 * values.std(ddof=1) / 10, rel=1e-4)
    assert often.margin > 1.7 * once.margin
