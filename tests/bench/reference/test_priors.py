from math import inf

import pytest

from bench.reference.priors import Place, fit_credibility, group_credibility, group_prior, kind_mean

TOLERANCE = 1e-9

FIRST = [Place(5, 22.5), Place(10, 42), Place(1, 5)]
THIRD = [Place(20, 58), Place(8, 24), Place(3, 7.5)]
LITTLE = [Place(0.5, 2.5)]


@pytest.mark.parametrize(
    ("places", "stars"),
    [
        (FIRST, 4.4125),
        (THIRD, 2.850590763),
        (FIRST + THIRD, 3.517278884),
        (LITTLE, 3.6),
        ([], 3.6),
        ([Place(2, 8), Place(2, 7), Place(2, 6), Place(2, 9)], 3.75),
    ],
)
def test_the_mean_of_a_kind_is_that_of_its_places_by_credibility(places: list[Place], stars: float) -> None:
    assert kind_mean(places) == pytest.approx(stars, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("kind_mean_stars", "kind_places", "places", "stars"),
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
def test_a_group_starts_from_the_mean_of_its_kind(
    kind_mean_stars: float, kind_places: float, places: list[Place], stars: float
) -> None:
    assert group_prior(kind_mean_stars, kind_places, places) == pytest.approx(stars, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("groups", "between", "f", "kind_places"),
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
def test_groups_count_by_how_much_more_they_differ_than_their_places(
    groups: list[list[tuple[float, float]]], between: float, f: float, kind_places: float
) -> None:
    estimated = group_credibility([[Place(*sums) for sums in group] for group in groups])
    assert estimated == pytest.approx((between, f, kind_places), abs=TOLERANCE)


def test_fewer_than_three_groups_with_ratings_tell_nothing() -> None:
    assert group_credibility([[Place(5, 22.5)], [Place(20, 58)], [Place(0, 0)], []]) is None


@pytest.mark.parametrize(
    ("covariances", "pair_weights", "total", "fitted", "record", "present"),
    [
        ([0.35, 0.34, 0.33, 0.31, 0.28, 0.25, 0.23, 0.21, 0.18], [50] * 9, 1.5, (0.25, 0.1, 30, 1.15), 5, 11.5),
        ([0.0] * 9, [0] * 9, 1.46, (0.2, 0.14, 30, 1.12), 6.3, 8),
        ([0.6, 0.58, 0.57, 0.52, 0.5, 0.46, 0.44, 0.4, 0.33], [200] * 9, 1.9, (0.5, 0.1, 15, 1.3), 2.8, 13),
        ([0.08, 0.07, 0.06, 0.06, 0.05, 0.05, 0.05, 0.04, 0.04], [100] * 9, 1.25, (0.05, 0.06, 15, 1.14), 20, 19),
        (
            [0.5, 0.42, 0.3, 0.22, 0.2, 0.2, 0.19, 0.17, 0.14],
            [80, 60, 60, 90, 120, 160, 200, 220, 200],
            1.6,
            (0.2, 0.3, 8, 1.1),
            7,
            3.666666667,
        ),
        ([0.3] * 9, [5] * 9, 1.21, (0.25, 0.1, 30, 0.86), 3.84, 8.6),
    ],
)
def test_credibility_comes_from_how_alike_two_ratings_of_a_place_are(
    covariances: list[float],
    pair_weights: list[float],
    total: float,
    fitted: tuple[float, float, float, float],
    record: float,
    present: float,
) -> None:
    assert fit_credibility(covariances, pair_weights, total) == pytest.approx((*fitted, record, present), abs=TOLERANCE)
