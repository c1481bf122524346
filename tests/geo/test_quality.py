from dataclasses import astuple, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reference.quality import (
    DecayedSums,
    Quality,
    WeightedStars,
    at,
    bayesian_average,
    decayed_sums,
    forward_decay,
    forward_sums,
    quality,
    record_mean,
    verdict,
)
from geo.crowd.quality import FAST_HALF_LIFE_DAYS, LANDMARK, PRIOR_MEAN_STARS, SLOW_HALF_LIFE_DAYS


def day(n: float) -> datetime:
    return LANDMARK + timedelta(days=n)


THREE = [WeightedStars(day(0), 5), WeightedStars(day(30), 4), WeightedStars(day(60), 1)]
NOTHING = DecayedSums(0, 0, 0, 0)

LATEST_DAY = 4000
ratings_lists = st.lists(
    st.builds(
        WeightedStars,
        rated_at=st.floats(0, LATEST_DAY).map(day),
        stars=st.integers(1, 5),
        weight=st.floats(0.01, 1),
    ),
    max_size=30,
)
instants = st.floats(LATEST_DAY, 2 * LATEST_DAY).map(day)
"""Instants no earlier than any of the ratings."""


@pytest.mark.parametrize(("as_of", "weight", "q"), [(60, 1.75, 3.2222222), (90, 0.875, 3.3404255), (None, 0, 3.5)])
def test_one_scale_gives_the_published_values(as_of: float | None, weight: float, q: float) -> None:
    sums = decayed_sums(THREE, day(as_of)) if as_of is not None else NOTHING
    assert sums.weight_fast == pytest.approx(weight, abs=1e-6)
    assert bayesian_average(sums.stars_fast, sums.weight_fast, 3.5, 5) == pytest.approx(q, abs=1e-6)


@pytest.mark.parametrize(
    ("as_of", "base", "q"), [(60, 3.475855, 3.204337), (90, 3.480331, 3.323686), (425, None, 3.524126)]
)
def test_two_scales_give_the_published_values(as_of: float, base: float | None, q: float) -> None:
    for sums in (decayed_sums(THREE, day(as_of)), at(forward_sums(THREE), day(as_of))):
        assert quality(sums, 3.6).q == pytest.approx(q, abs=1e-6)
        if base is not None:
            assert record_mean(sums, 3.6) == pytest.approx(base, abs=1e-6)


def test_the_weights_of_both_scales_are_the_published_ones() -> None:
    sums = decayed_sums(THREE, day(60))
    assert sums.weight_slow == pytest.approx(2.836931, abs=1e-6)
    assert sums.weight_fast == pytest.approx(1.75, abs=1e-6)


def test_the_variance_equals_the_formula_computed_by_hand() -> None:
    # No rating: 1.21/5 + 1.21/5. One fresh rating: 1.21/6 + (5/6)² · 1.21/6.
    assert quality(NOTHING).sd == pytest.approx(0.484**0.5)
    fresh = decayed_sums([WeightedStars(day(0), 5)], day(0))
    assert quality(fresh).sd ** 2 == pytest.approx(1.21 / 6 + 25 / 36 * 1.21 / 6)


@pytest.mark.parametrize(("total", "count", "average"), [(46, 6, 7.714286), (10, 1, 9.0)])
def test_a_bayesian_average_gives_the_published_values(total: float, count: float, average: float) -> None:
    assert bayesian_average(total, count, prior_mean=8, prior_count=1) == pytest.approx(average, abs=1e-6)


def test_forward_decay_gives_the_example_of_its_paper() -> None:
    landmark, now = 100, 110
    stream = [(105, 4), (107, 8), (103, 3), (108, 6), (104, 4)]

    def g(n: float) -> float:
        return n**2

    weights = [g(time - landmark) / g(now - landmark) for time, _ in stream]
    assert weights == pytest.approx([0.25, 0.49, 0.09, 0.64, 0.16])
    sums = forward_decay([(time - landmark, value, 1.0) for time, value in stream], g)
    assert sums.weight / g(now - landmark) == pytest.approx(1.63)
    assert sums.value / g(now - landmark) == pytest.approx(9.67)
    assert sums.value / sums.weight == pytest.approx(5.932515, abs=1e-6)


def test_a_bad_record_does_not_improve_without_new_ratings() -> None:
    bad = [WeightedStars(day(6 * i), 1) for i in range(10)]
    sums = decayed_sums(bad, day(54 + 180))
    one_scale = bayesian_average(sums.stars_fast, sums.weight_fast, 3.6, 5)
    assert one_scale == pytest.approx(3.55, abs=0.005)
    assert quality(sums, 3.6).q == pytest.approx(2.09, abs=0.005)


def test_one_new_five_star_rating_is_unsure_and_two_are_sit() -> None:
    for count, lower_bound, word in [(1, 3.44, "unsure"), (2, 3.77, "sit")]:
        estimate = quality(decayed_sums([WeightedStars(day(0), 5)] * count, day(0)))
        assert estimate.q - estimate.sd == pytest.approx(lower_bound, abs=0.005)
        assert verdict(estimate, count) == word


@pytest.mark.parametrize(
    ("q", "sd", "count", "word"),
    [
        (5.0, 0.1, 0, "unrated"),
        (4.0, 0.5, 1, "sit"),
        (3.999, 0.5, 1, "unsure"),
        (2.5, 0.5, 1, "squat"),
        (2.501, 0.5, 1, "unsure"),
    ],
)
def test_a_verdict_applies_from_its_threshold(q: float, sd: float, count: int, word: str) -> None:
    assert verdict(Quality(q, sd), count) == word


@given(instants, st.floats(1, 5))
def test_the_quality_without_ratings_is_the_prior(as_of: datetime, prior_mean: float) -> None:
    assert decayed_sums([], as_of) == at(forward_sums([]), as_of) == NOTHING
    assert quality(NOTHING, prior_mean).q == pytest.approx(prior_mean)


@given(st.data(), ratings_lists, instants)
def test_the_order_of_arrival_does_not_matter(
    data: st.DataObject, ratings: list[WeightedStars], as_of: datetime
) -> None:
    shuffled = data.draw(st.permutations(ratings))
    assert decayed_sums(shuffled, as_of) == decayed_sums(ratings, as_of)
    assert forward_sums(shuffled) == forward_sums(ratings)


@given(ratings_lists, instants, st.floats(0, LATEST_DAY), st.floats(0.01, 1), st.floats(1, 5))
def test_five_stars_never_lower_the_quality_and_one_star_never_raises_it(
    ratings: list[WeightedStars], as_of: datetime, rated_on: float, weight: float, prior_mean: float
) -> None:
    rounding = 1e-12
    before = quality(decayed_sums(ratings, as_of), prior_mean).q
    five = quality(decayed_sums([*ratings, WeightedStars(day(rated_on), 5, weight)], as_of), prior_mean).q
    one = quality(decayed_sums([*ratings, WeightedStars(day(rated_on), 1, weight)], as_of), prior_mean).q
    assert five >= before - rounding
    assert one <= before + rounding


@given(ratings_lists.filter(bool), instants)
def test_a_weight_halves_in_each_half_life(ratings: list[WeightedStars], as_of: datetime) -> None:
    now = decayed_sums(ratings, as_of)
    slow_later = decayed_sums(ratings, as_of + timedelta(days=SLOW_HALF_LIFE_DAYS))
    fast_later = decayed_sums(ratings, as_of + timedelta(days=FAST_HALF_LIFE_DAYS))
    assert slow_later.weight_slow == pytest.approx(now.weight_slow / 2, rel=1e-9)
    assert slow_later.stars_slow == pytest.approx(now.stars_slow / 2, rel=1e-9)
    assert fast_later.weight_fast == pytest.approx(now.weight_fast / 2, rel=1e-9)
    assert fast_later.stars_fast == pytest.approx(now.stars_fast / 2, rel=1e-9)


@given(ratings_lists, instants, st.lists(st.floats(0, 2000), min_size=2).map(sorted))
def test_without_new_ratings_the_quality_moves_monotonically_to_the_record(
    ratings: list[WeightedStars], as_of: datetime, days_later: list[float]
) -> None:
    # The record is held still: it moves too, to the kind's mean, and twelve times slower.
    record = decayed_sums(ratings, as_of)
    base = record_mean(record)
    gaps = []
    for days in days_later:
        later = at(forward_sums(ratings), as_of + timedelta(days=days))
        present = replace(record, weight_fast=later.weight_fast, stars_fast=later.stars_fast)
        gaps.append(abs(quality(present).q - base))
    assert all(late <= early + 1e-12 for early, late in pairwise(gaps))


@given(ratings_lists, instants)
def test_without_new_ratings_the_quality_ends_at_the_record_and_the_record_at_the_prior(
    ratings: list[WeightedStars], as_of: datetime
) -> None:
    years = decayed_sums(ratings, as_of + timedelta(days=20 * FAST_HALF_LIFE_DAYS))
    assert quality(years).q == pytest.approx(record_mean(years), abs=1e-4)
    ages = decayed_sums(ratings, as_of + timedelta(days=20 * SLOW_HALF_LIFE_DAYS))
    assert quality(ages).q == pytest.approx(PRIOR_MEAN_STARS, abs=1e-4)


@given(st.data(), ratings_lists.filter(bool), instants)
def test_erasing_a_rating_equals_never_having_had_it(
    data: st.DataObject, ratings: list[WeightedStars], as_of: datetime
) -> None:
    erased = data.draw(st.integers(0, len(ratings) - 1))
    without = ratings[:erased] + ratings[erased + 1 :]
    never = [rating for place, rating in enumerate(ratings) if place != erased]
    assert forward_sums(without) == forward_sums(never)
    assert quality(at(forward_sums(without), as_of)) == quality(at(forward_sums(never), as_of))


@given(ratings_lists, instants)
def test_forward_sums_equal_direct_ones(ratings: list[WeightedStars], as_of: datetime) -> None:
    forward = at(forward_sums(ratings), as_of)
    direct = decayed_sums(ratings, as_of)
    assert astuple(forward) == pytest.approx(astuple(direct), rel=1e-9, abs=0)


@given(ratings_lists.filter(bool), instants)
def test_quality_stays_within_the_scale_and_certainty_grows_with_ratings(
    ratings: list[WeightedStars], as_of: datetime
) -> None:
    estimate = quality(decayed_sums(ratings, as_of))
    assert 1 <= estimate.q <= 5
    assert 0 < estimate.sd <= quality(NOTHING).sd
