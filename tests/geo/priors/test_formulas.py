"""The formulas of the database give the published values and those of the reference."""

from math import exp, inf, isfinite
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

TOLERANCE = 1e-9
RECORD_CREDIBILITY = 5.0

Sums = tuple[float, float]
"""W and S of a place."""

FIRST = [(5, 22.5), (10, 42), (1, 5)]
THIRD = [(20, 58), (8, 24), (3, 7.5)]
LITTLE = [(0.5, 2.5)]


def credible(places: list[Sums], record_credibility: float = RECORD_CREDIBILITY) -> Sums:
    """Σ W/(W + C0) and Σ S/(W + C0)."""
    return (
        sum(weight / (weight + record_credibility) for weight, _ in places),
        sum(stars / (weight + record_credibility) for weight, stars in places),
    )


def one_row(session: Session, call: str, **parameters: Any) -> Row[Any]:
    return session.execute(text(f"SELECT * FROM facility_search.{call}"), parameters).one()  # noqa: S608 - of this file


@pytest.mark.parametrize(
    ("places", "stars"),
    [
        (FIRST, 4.4125),
        (THIRD, 2.850590763),
        (FIRST + THIRD, 3.517278884),
        (LITTLE, 3.6),
        ([], 3.6),
        ([(2, 8), (2, 7), (2, 6), (2, 9)], 3.75),
    ],
)
def test_the_mean_of_a_kind_is_the_published_one(session: Session, places: list[Sums], stars: float) -> None:
    z, y = credible(places)
    assert one_row(session, "kind_mean(:z, :y)", z=z, y=y)[0] == pytest.approx(stars, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("kind_mean", "kind_places", "places", "stars"),
    [
        (3.6, 3.0, FIRST, 3.85),
        (3.6, 3.0, [], 3.6),
        (3.6, 3.0, THIRD, 3.319911682),
        (4.1, 3.0, THIRD, 3.63303894),
        (3.6, 1.0, THIRD, 3.119159201),
        (3.6, 1.857142857142857, FIRST, 3.939552239),
        (3.6, inf, FIRST, 3.6),
        (3.6, 3.0, LITTLE, 3.641176471),
    ],
)
def test_the_mean_of_a_group_is_the_published_one(
    session: Session, kind_mean: float, kind_places: float, places: list[Sums], stars: float
) -> None:
    z, y = credible(places)
    [mean] = one_row(session, "group_mean(:mean, :k, :z, :y)", mean=kind_mean, k=kind_places, z=z, y=y)
    assert mean == pytest.approx(stars, abs=TOLERANCE)


def group_credibility(
    session: Session, groups: list[list[Sums]], record_credibility: float = RECORD_CREDIBILITY
) -> tuple[float | None, float | None, float]:
    """b, F and k."""
    sums = [credible(group, record_credibility) for group in groups]
    found = one_row(
        session,
        "group_credibility(CAST(:z AS float8[]), CAST(:y AS float8[]), :c0)",
        z=[z for z, _ in sums],
        y=[y for _, y in sums],
        c0=record_credibility,
    )
    return found.between_groups, found.f, found.kind_places


@pytest.mark.parametrize(
    ("groups", "b", "f", "k"),
    [
        (
            [[(5, 22.5), (10, 42)], [(20, 58), (8, 24)], [(3, 12), (6, 21.6)], [(4, 18)]],
            0.293882605,
            2.145509296,
            0.823458061,
        ),
        ([[(5, 18), (10, 36)], [(20, 72), (8, 29)], [(3, 11), (6, 21.6)]], 0.0, 0.00078635, inf),
        (
            [[(50, 230), (40, 180)], [(60, 150), (30, 80)], [(45, 160), (80, 290)]],
            0.82744962,
            7.176047462,
            0.292464936,
        ),
        ([[(50, 230)], [(60, 150)], [(45, 160)], [(30, 100)], [(25, 110)]], 0.462229265, 2.688868503, 0.523549715),
        ([[(1, 5)], [(1, 1)], [(1, 3)]], 2.548, 2.754820937, 0.094976452),
    ],
)
def test_the_credibility_of_groups_is_the_published_one(
    session: Session, groups: list[list[Sums]], b: float, f: float, k: float
) -> None:
    assert group_credibility(session, groups) == pytest.approx((b, f, k), abs=TOLERANCE)


@pytest.mark.parametrize("groups", [[], [[(5, 22.5)], [(20, 58)]], [[(5, 22.5)], [(20, 58)], [(0, 0)], []]])
def test_fewer_than_three_groups_with_ratings_tell_nothing(session: Session, groups: list[list[Sums]]) -> None:
    assert group_credibility(session, groups) == (None, None, inf)


def test_the_variance_within_groups_follows_from_c0(session: Session) -> None:
    groups: list[list[Sums]] = [[(50, 230)], [(60, 150)], [(45, 160)]]
    sums = [credible(group, 10) for group in groups]
    total = sum(z for z, _ in sums)
    mean = sum(y for _, y in sums) / total
    spread = sum(z * (y / z - mean) ** 2 for z, y in sums)
    b = (spread - 2 * 0.121) / (total - sum(z**2 for z, _ in sums) / total)
    assert group_credibility(session, groups, 10) == pytest.approx((b, spread / (2 * 0.121), 0.121 / b), abs=TOLERANCE)


def fitted(session: Session, covariances: list[float], pair_weights: list[float], total: float) -> Row[Any]:
    return one_row(
        session,
        "fitted_credibility(CAST(:c AS float8[]), CAST(:d AS float8[]), :total)",
        c=covariances,
        d=pair_weights,
        total=total,
    )


@pytest.mark.parametrize(
    ("covariances", "pair_weights", "total", "expected"),
    [
        (
            [0.35, 0.34, 0.33, 0.31, 0.28, 0.25, 0.23, 0.21, 0.18],
            [50] * 9,
            1.5,
            (0.25, 0.1, 30, 1.15, 5, 11.5, 0.060989943),
        ),
        ([0.0] * 9, [0] * 9, 1.46, (0.2, 0.14, 30, 1.12, 6.3, 8, 0.016867389)),
        (
            [0.6, 0.58, 0.57, 0.52, 0.5, 0.46, 0.44, 0.4, 0.33],
            [200] * 9,
            1.9,
            (0.5, 0.1, 15, 1.3, 2.8, 13, 0.639619256),
        ),
        (
            [0.08, 0.07, 0.06, 0.06, 0.05, 0.05, 0.05, 0.04, 0.04],
            [100] * 9,
            1.25,
            (0.05, 0.06, 15, 1.14, 20, 19, 1.488900891),
        ),
        (
            [0.5, 0.42, 0.3, 0.22, 0.2, 0.2, 0.19, 0.17, 0.14],
            [80, 60, 60, 90, 120, 160, 200, 220, 200],
            1.6,
            (0.2, 0.3, 8, 1.1, 7, 3.666666667, 0.935010716),
        ),
        ([0.3] * 9, [5] * 9, 1.21, (0.25, 0.1, 30, 0.86, 3.84, 8.6, 0.24435778)),
    ],
)
def test_the_credibilities_are_the_published_ones(
    session: Session,
    covariances: list[float],
    pair_weights: list[float],
    total: float,
    expected: tuple[float, ...],
) -> None:
    assert tuple(fitted(session, covariances, pair_weights, total)) == pytest.approx(expected, abs=TOLERANCE)


def test_the_components_of_variance_that_made_the_covariances_are_found(session: Session) -> None:
    lags = [(1.4) ** 0.5, *((lower * upper) ** 0.5 for lower, upper in [(2, 5), (5, 10), (10, 20), (20, 40)])]
    lags += [(lower * upper) ** 0.5 for lower, upper in [(40, 80), (80, 160), (160, 320), (320, 640)]]
    made = [0.3 * exp(-lag / 1100) + 0.2 * exp(-lag / 60) for lag in lags]
    found = fitted(session, made, [1e6] * 9, 1.7)
    assert (found.places_variance, found.drift_variance, found.relaxation_days) == (0.3, 0.2, 60)
    assert (found.record_credibility, found.present_credibility) == pytest.approx((1.4 / 0.3, 1.2 / 0.2))


covariances_lists = st.lists(st.floats(-16, 16).map(lambda stars: round(stars, 9)), min_size=9, max_size=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    covariances_lists,
    st.lists(st.floats(0, 1e6).map(lambda weight: round(weight, 6)), min_size=9, max_size=9),
    st.floats(0, 16),
)
def test_the_credibilities_are_within_their_bounds_whatever_the_ratings(
    session: Session, covariances: list[float], pair_weights: list[float], total: float
) -> None:
    found = fitted(session, covariances, pair_weights, total)
    assert 1 <= found.record_credibility <= 20
    assert 2 <= found.present_credibility <= 30
    assert isfinite(found.loss)


weights = st.floats(1e-9, 1e4) | st.just(0.0)
places = st.lists(st.tuples(weights, st.floats(1, 5)).map(lambda place: (place[0], place[0] * place[1])))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(places, max_size=6))
def test_a_prior_is_within_the_scale_whatever_the_ratings(session: Session, groups: list[list[Sums]]) -> None:
    _, _, k = group_credibility(session, groups)
    z, y = credible([place for group in groups for place in group])
    kind_mean = one_row(session, "kind_mean(:z, :y)", z=z, y=y)[0]
    for group in groups:
        z, y = credible(group)
        [mean] = one_row(session, "group_mean(:mean, :k, :z, :y)", mean=kind_mean, k=k, z=z, y=y)
        assert 1 <= mean <= 5


def test_rounding_errors_do_not_lift_a_mean_above_the_scale(session: Session) -> None:
    above = 5 * (1 + 1e-15)
    assert one_row(session, "kind_mean(3, :y)", y=3 * above)[0] == 5
    assert one_row(session, "group_mean(5, 2, 3, :y)", y=3 * above)[0] == 5
