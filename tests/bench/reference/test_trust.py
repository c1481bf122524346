import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reference.trust import age_weight, ordinary_week, presence_weight, rush, rush_weight, track_weight

TOLERANCE = 1e-9


@pytest.mark.parametrize(
    ("before", "together", "record_days", "expected", "weight"),
    [
        (0, 1, 361.5, 1.0, 1.0),
        (0, 3, 361.5, 1.0, 0.333333333),
        (0, 10, 361.5, 1.0, 0.1),
        (20, 3, 361.5, 1.0, 0.333333333),
        (104, 2, 361.5, 1.743772242, 0.871886121),
        (104, 12, 361.5, 1.743772242, 0.145314353),
        (520, 8, 361.5, 8.652431791, 1.0),
        (520, 30, 361.5, 8.652431791, 0.288414393),
        (0, 1, 5.0, 1.0, 1.0),
        (12, 4, 10.0, 1.011111111, 0.252777778),
        (40, 6, 30.0, 3.188888889, 0.531481481),
        (40, 6, 100.0, 1.79375, 0.298958333),
        (365, 9, 1000.0, 6.078291815, 0.675365757),
    ],
)
def test_a_rush_weighs_as_much_as_an_ordinary_week(
    before: int, together: int, record_days: float, expected: float, weight: float
) -> None:
    assert float(ordinary_week(before, record_days)) == pytest.approx(expected, abs=TOLERANCE)
    assert float(rush_weight(before, together, record_days)) == pytest.approx(weight, abs=TOLERANCE)


SEQUENCE = [100.0, 140.0, 180.0, 200.0, 200.5, 201.0, 203.2, 204.1, 207.0]


@pytest.mark.parametrize(
    ("as_of", "before", "together", "weights"),
    [
        (200.0, [3], [1], [1.0]),
        (201.0, [3, 3, 3], [3, 3, 3], [1 / 3, 1 / 3, 1 / 3]),
        (204.1, [3, 3, 3, 3, 5], [4, 4, 5, 5, 3], [0.25, 0.25, 0.2, 0.2, 1 / 3]),
        (300.0, [3, 3, 3, 3, 5, 7], [4, 4, 5, 5, 4, 2], [0.25, 0.25, 0.2, 0.2, 0.25, 0.5]),
    ],
)
def test_later_ratings_of_the_week_lower_the_weights(
    as_of: float, before: list[int], together: list[int], weights: list[float]
) -> None:
    known = rush(SEQUENCE, as_of, record_begins=0.0)
    assert known.before.tolist() == [0, 1, 2, *before]
    assert known.together.tolist() == [1, 1, 1, *together]
    assert known.weight.tolist() == pytest.approx([1.0, 1.0, 1.0, *weights], abs=TOLERANCE)


def test_a_busy_place_has_a_greater_ordinary_week() -> None:
    days = np.concatenate([np.arange(80) * 1.25, 100.0 + np.arange(1, 13) / 10])
    known = rush(days, as_of=110.0, record_begins=0.0)
    rows = np.searchsorted(days, [0.0, 50.0, 98.75, 101.15])
    assert known.before[rows].tolist() == [0, 38, 77, 79]
    assert known.together[rows].tolist() == [3, 5, 15, 13]
    assert known.expected[rows].tolist() == pytest.approx([1.0, 2.563380282, 3.516908213, 3.55104629], abs=TOLERANCE)
    assert known.weight[rows].tolist() == pytest.approx(
        [0.333333333, 0.512676056, 0.234460548, 0.273157407], abs=TOLERANCE
    )


def test_a_rating_counts_before_or_together_never_both() -> None:
    known = rush([0.0, 3.5, 7.0], as_of=10.0, record_begins=0.0)
    assert known.before.tolist() == [0, 1, 2]
    assert known.together.tolist() == [2, 2, 1]


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=40), st.integers(0, 40))
def test_rush_counts_equal_their_definition(tenths: list[int], later: int) -> None:
    days = sorted(tenth / 10 for tenth in tenths)
    as_of = days[-1] - later
    made = [day for day in days if day <= as_of]
    known = rush(days, as_of, record_begins=0.0)
    assert known.before.tolist() == [sum(day - 365 < other <= day - 3.5 for other in made) for day in made]
    assert known.together.tolist() == [sum(day - 3.5 < other <= day + 3.5 for other in made) for day in made]


@pytest.mark.parametrize(
    ("in_first_24_h", "seen_days", "present", "rush_weight", "places", "without_track", "with_track"),
    [
        (True, 0.0, True, 1.0, 1, 0.3, 0.09),
        (True, 0.0, False, 1.0, 1, 0.24, 0.072),
        (True, 0.99, True, 1.0, 2, 0.3, 0.3),
        (True, 1.0, True, 1.0, 2, 1.0, 1.0),
        (False, 0.0, True, 1.0, 1, 1.0, 0.3),
        (False, 0.0, False, 0.1, 1, 0.08, 0.024),
        (True, 9.0, False, 1 / 3, 2, 0.266666667, 0.266666667),
        (False, 40.0, True, 0.871886121, 5, 0.871886121, 0.871886121),
        (True, 0.0, False, 0.145314353, 1, 0.034875445, 0.010462633),
    ],
)
def test_the_parts_of_a_weight_multiply(
    in_first_24_h: bool,
    seen_days: float,
    present: bool,
    rush_weight: float,
    places: int,
    without_track: float,
    with_track: float,
) -> None:
    weight = float(age_weight(in_first_24_h, seen_days) * presence_weight(present)) * rush_weight
    assert weight == pytest.approx(without_track, abs=TOLERANCE)
    assert weight * float(track_weight(places)) == pytest.approx(with_track, abs=TOLERANCE)
