import numpy as np
import pytest

from bench.ranking_quality.asking import (
    ANSWERS_A_WEEK,
    WAYS,
    Passers,
    as_they_come,
    asked,
    between_neighbours,
    most_doubt,
    nobody,
    value_of_information,
)
from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.world import towns


def passers(place: list[int], sd: list[float]) -> Passers:
    q = np.array([[4.2, 3.9, 3.6]])
    places_km = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 3.0]])
    return Passers(np.array(place, dtype=np.int64), Estimate(q, np.array([sd])), places_km, 4.0)


def test_nobody_is_asked_more_often_than_somebody_would_answer() -> None:
    week = passers([0, 2, 0], [0.3, 0.7, 0.5])
    assert nobody(week).tolist() == []
    assert as_they_come(week).tolist() == [0, 1, 2]
    assert sorted(most_doubt(week).tolist()) == [0, 1, 2]
    assert len(most_doubt(passers([0] * 30, [0.3, 0.7, 0.5]))) == ANSWERS_A_WEEK


def test_the_greatest_doubt_is_asked_first_and_lessens_with_each_answer() -> None:
    week = passers([0, 1, 1, 2], [0.3, 0.7, 0.65])
    assert most_doubt(week).tolist() == [1, 3, 2, 0]


def test_the_most_worth_is_a_doubtful_rival_of_the_best_not_a_distant_place() -> None:
    week = passers([0, 1, 2], [0.3, 0.6, 0.7])
    assert value_of_information(week)[0] == 1


def test_visitors_are_assumed_half_way_between_neighbours() -> None:
    points = between_neighbours(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0], [9.0, 9.0]]))
    assert points.shape == (12, 2)
    assert points[:3].tolist() == [[1.0, 0.0], [0.0, 2.0], [4.5, 4.5]]


def test_asking_gains_and_the_policies_are_compared_with_asking_nobody() -> None:
    rows = asked(towns(2, 20), "budapest")
    assert [row.policy for row in rows[::2]] == list(WAYS)
    by_policy = {(row.policy, row.mode): row for row in rows}
    assert by_policy["nobody", "walk"].below_nobody.mean == 0
    assert by_policy["value of information", "drive"].below_nobody.mean > 0
    gain = by_policy["most doubt", "drive"]
    assert gain.below_nobody.mean == pytest.approx(1 - gain.regret.mean / by_policy["nobody", "drive"].regret.mean)
