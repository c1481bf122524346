import numpy as np
import pytest

from bench.reference.value_of_information import expected_move, sd_after_a_rating, value_of_information, worth

TOLERANCE = 1e-9

WALK_KM = np.array([[0.1, 0.15, 0.3], [0.4, 0.1, 0.2], [0.25, 0.25, 0.05]])
STARS_PER_KM = {"walk": 4.0, "drive": 0.5}
DISTANCES_KM = {"walk": WALK_KM, "drive": 10 * WALK_KM}
BEFORE = [0.3, 0.7, 0.55]
SECOND_ASKED = [0.3, 0.590563041, 0.55]
BOTH_ASKED = [0.3, 0.590563041, 0.491934955]


@pytest.mark.parametrize(
    ("mode", "sd", "move", "value", "asked"),
    [
        ("walk", BEFORE, [0.078935222, 0.375812845, 0.245967478], [0.000047477, 0.012212928, 0.009683349], 1),
        ("walk", SECOND_ASKED, [0.078935222, 0.279345865, 0.245967478], [0.000047477, 0.002910174, 0.009683349], 2),
        ("walk", BOTH_ASKED, [0.078935222, 0.279345865, 0.200831604], [0.000047477, 0.002910174, 0.005625725], 2),
        ("drive", BEFORE, [0.078935222, 0.375812845, 0.245967478], [0.000000001, 0.006261165, 0.001803306], 1),
        ("drive", SECOND_ASKED, [0.078935222, 0.279345865, 0.245967478], [0.000000001, 0.001099367, 0.001803306], 2),
        ("drive", BOTH_ASKED, [0.078935222, 0.279345865, 0.200831604], [0.000000001, 0.001099367, 0.000581653], 1),
    ],
)
def test_the_place_worth_most_is_near_the_best_and_in_doubt(
    mode: str, sd: list[float], move: list[float], value: list[float], asked: int
) -> None:
    estimated = value_of_information([4.2, 3.9, 3.6], sd, STARS_PER_KM[mode] * DISTANCES_KM[mode])
    assert expected_move(sd).tolist() == pytest.approx(move, abs=TOLERANCE)
    assert estimated.tolist() == pytest.approx(value, abs=TOLERANCE)
    assert estimated.argmax() == asked


@pytest.mark.parametrize(
    ("sd", "gap", "stars"),
    [
        (0.7, 0.0, 0.149927633),
        (0.7, 0.5, 0.016031739),
        (0.7, 1.0, 0.000452449),
        (0.3, 0.2, 0.000142432),
        (0.5, 0.1, 0.041999240),
    ],
)
def test_a_rating_is_worth_less_the_clearer_the_choice_is(sd: float, gap: float, stars: float) -> None:
    assert float(worth(expected_move(sd), gap)) == pytest.approx(stars, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("sd", "after"),
    [
        (0.2, 0.196773982),
        (0.3, 0.289429146),
        (0.5, 0.455183239),
        (0.7, 0.590563041),
        (0.9, 0.696561569),
        (1.1, 0.777817459),
    ],
)
def test_a_rating_lessens_the_doubt(sd: float, after: float) -> None:
    assert float(sd_after_a_rating(sd)) == pytest.approx(after, abs=TOLERANCE)
