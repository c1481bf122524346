import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crowd.wilson import wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [
        (81, 263, 0.255289, 0.366210),
        (15, 148, 0.062386, 0.160487),
        (0, 20, 0, 0.161125),
        (1, 29, 0.006113, 0.171755),
        (100, 101, 0.946033, None),
        (2, 2, 0.342380, None),
    ],
)
def test_the_interval_has_the_published_bounds(successes: int, trials: int, lower: float, upper: float | None) -> None:
    low, high = wilson_interval(successes, trials)
    assert low == pytest.approx(lower, abs=1e-6)
    if upper is not None:
        assert high == pytest.approx(upper, abs=1e-6)


def test_the_interval_without_observations_is_zero_to_one() -> None:
    assert wilson_interval(0, 0) == (0, 1)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_is_within_the_interval_and_yes_mirrors_no(counts: tuple[int, int]) -> None:
    yes, trials = counts
    lower, upper = wilson_interval(yes, trials)
    assert 0 <= lower <= yes / trials + 1e-12
    assert yes / trials - 1e-12 <= upper <= 1
    assert wilson_interval(trials - yes, trials) == pytest.approx((1 - upper, 1 - lower), abs=1e-12)
