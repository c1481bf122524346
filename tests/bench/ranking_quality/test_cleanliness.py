import numpy as np
import pytest

from bench.ranking_quality.cleanliness import expected_stars, long_run_means, ornstein_uhlenbeck


def test_the_drift_has_its_stationary_deviation_from_the_first_step_to_the_last() -> None:
    paths = ornstein_uhlenbeck(np.random.default_rng(1), 20_000, 30, relaxation_steps=10.0, sd=0.5)
    assert paths.std(axis=0) == pytest.approx(np.full(30, 0.5), rel=0.02)


def test_the_drift_is_correlated_to_1_over_e_after_its_relaxation_time() -> None:
    paths = ornstein_uhlenbeck(np.random.default_rng(2), 20_000, 11, relaxation_steps=10.0, sd=0.5)
    assert np.corrcoef(paths[:, 0], paths[:, 10])[0, 1] == pytest.approx(np.exp(-1), abs=0.03)


def test_a_place_keeps_its_long_run_mean_until_its_management_changes() -> None:
    means = long_run_means(np.random.default_rng(3), 500, 3 * 365 * 4, town_mean=3.7, sd=0.6)
    changes = (np.diff(means, axis=1) != 0).sum(axis=1)
    assert changes.mean() == pytest.approx(1, abs=0.15)
    assert means.mean() == pytest.approx(3.7, abs=0.1)


def test_expected_stars_equal_the_mean_of_many_visitors() -> None:
    noise = np.random.default_rng(4).normal(0, 1.2, 200_000)
    for felt in (1.5, 3.7, 4.8):
        given = np.clip(np.rint(felt + noise), 1, 5).mean()
        assert float(expected_stars(np.array([felt]))[0]) == pytest.approx(given, abs=0.02)
