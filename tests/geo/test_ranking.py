from itertools import product
from math import atan2, cos, pi, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reference.ranking import reach_km, utility
from geo.coordinates import EARTH_RADIUS_M, Point
from geo.facilities.ranking import RANKINGS, Ranking, distance_m, duration_s

points = st.builds(Point, lon=st.floats(-180, 180), lat=st.floats(-90, 90))
rankings = st.sampled_from(list(RANKINGS.values()))
stars = st.floats(1, 5)
deviations = st.floats(0, 1.1)
kilometres = st.floats(0, 20_015)


def great_circle_by_vectors(a: Point, b: Point) -> float:
    """The angle between two unit vectors by atan2, exact where the haversine is not: at the antipodes."""
    vectors = []
    for point in (a, b):
        lon, lat = radians(point.lon), radians(point.lat)
        vectors.append((cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)))
    (ax, ay, az), (bx, by, bz) = vectors
    cross = sqrt((ay * bz - az * by) ** 2 + (az * bx - ax * bz) ** 2 + (ax * by - ay * bx) ** 2)
    return EARTH_RADIUS_M * atan2(cross, ax * bx + ay * by + az * bz)


@pytest.mark.parametrize(("q", "distance_km", "expected"), [(4.6, 0.40, 3.00), (3.9, 0.15, 3.30), (4.9, 0.90, 1.30)])
def test_utility_has_the_published_values(q: float, distance_km: float, expected: float) -> None:
    assert utility(q, 0, distance_km, Ranking(kappa=0.5, beta_stars_per_km=4)) == pytest.approx(expected)


def test_uncertainty_costs_kappa_stars_per_standard_deviation() -> None:
    assert utility(4, 0.6, 0, RANKINGS["balanced", "walk"]) == pytest.approx(4)
    assert utility(4, 0.6, 0, RANKINGS["cleanliness", "walk"]) == pytest.approx(3.7)
    assert utility(4, 0.6, 0, RANKINGS["distance", "walk"]) == 0


@pytest.mark.parametrize(
    ("rank", "mode", "metres_for_a_star"),
    [
        ("balanced", "walk", 250),
        ("balanced", "drive", 2000),
        ("cleanliness", "walk", 1000),
        ("cleanliness", "drive", 8000),
    ],
)
def test_one_more_star_is_worth_its_distance(rank: str, mode: str, metres_for_a_star: float) -> None:
    ranking = next(value for key, value in RANKINGS.items() if key == (rank, mode))
    further = utility(4, 0.5, 0.1 + metres_for_a_star / 1000, ranking)
    assert further == pytest.approx(utility(3, 0.5, 0.1, ranking))


@given(stars, stars, deviations, kilometres, kilometres)
def test_ranking_by_distance_ignores_cleanliness(
    near_q: float, far_q: float, sd: float, near_km: float, far_km: float
) -> None:
    near_km, far_km = sorted((near_km, far_km))
    for mode in ("walk", "drive"):
        ranking = next(value for key, value in RANKINGS.items() if key == ("distance", mode))
        assert utility(near_q, sd, near_km, ranking) >= utility(far_q, 0, far_km, ranking)


@given(rankings, st.tuples(stars, deviations, kilometres), stars, deviations, st.floats(0, 1000))
def test_no_place_out_of_reach_is_better(
    ranking: Ranking, kth: tuple[float, float, float], q: float, sd: float, beyond_km: float
) -> None:
    kth_utility = utility(*kth, ranking)
    reach = reach_km(kth_utility, ranking)
    rounding = 1e-9
    assert reach >= kth[2] - rounding
    assert utility(q, sd, reach + beyond_km, ranking) <= kth_utility + rounding


@given(rankings, stars, deviations, kilometres)
def test_a_perfect_place_at_the_reach_ties(ranking: Ranking, q: float, sd: float, km: float) -> None:
    kth_utility = utility(q, sd, km, ranking)
    assert utility(5, 0, reach_km(kth_utility, ranking), ranking) == pytest.approx(kth_utility, abs=1e-9)


@given(points, points)
def test_distances_match_the_vectors_and_are_symmetric(a: Point, b: Point) -> None:
    one_metre_at_the_antipodes = 1.0
    assert distance_m(a, b) == pytest.approx(great_circle_by_vectors(a, b), abs=one_metre_at_the_antipodes)
    assert distance_m(a, b) == pytest.approx(distance_m(b, a), abs=1e-6)
    assert distance_m(a, a) == 0


def test_distances_at_the_poles_the_antimeridian_and_the_antipodes_are_correct() -> None:
    degree = EARTH_RADIUS_M * pi / 180
    assert distance_m(Point(0, 0), Point(1, 0)) == pytest.approx(degree)
    assert distance_m(Point(179.5, 0), Point(-179.5, 0)) == pytest.approx(degree)
    assert distance_m(Point(180, 60), Point(-180, 60)) == pytest.approx(0, abs=1e-6)
    assert distance_m(Point(10, 90), Point(-130, 90)) == pytest.approx(0, abs=1e-6)
    assert distance_m(Point(0, 89.5), Point(180, 89.5)) == pytest.approx(degree)
    assert distance_m(Point(0, -90), Point(77, 90)) == pytest.approx(pi * EARTH_RADIUS_M)


def test_a_kilometre_takes_a_walker_a_quarter_of_an_hour_and_a_driver_minutes() -> None:
    assert duration_s(1000, "walk") == pytest.approx(943, abs=1)
    assert duration_s(1000, "drive") == pytest.approx(138, abs=1)
    assert duration_s(0, "walk") == 0


def test_every_rank_has_its_weights_on_foot_and_by_car() -> None:
    assert set(RANKINGS) == set(product(("balanced", "cleanliness", "distance"), ("walk", "drive")))
