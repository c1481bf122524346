"""The plan: equal to trying every subset, and fast."""

from itertools import chain, combinations, pairwise
from random import Random
from time import process_time

import pytest

from geo.ahead.route.plan import best_plan


def by_trying_all(
    arrivals_s: list[int], costs: list[float], end_s: int, comfort_s: int, since_s: int
) -> tuple[tuple[int, int, float], bool]:
    """The best (worst gap, seconds beyond comfort, cost) of all subsets; a gap within the comfort is as good as any."""

    def judged(chosen: tuple[int, ...]) -> tuple[int, int, float]:
        gaps = [b - a for a, b in pairwise([-since_s, *(arrivals_s[n] for n in chosen), end_s])]
        beyond_s = sum(max(0, gap - comfort_s) for gap in gaps)
        return max(comfort_s, *gaps), beyond_s, sum(costs[n] for n in chosen)

    stops = range(len(arrivals_s))
    subsets = chain.from_iterable(combinations(stops, size) for size in range(len(arrivals_s) + 1))
    best = min(judged(chosen) for chosen in subsets)
    return best, best[0] <= comfort_s


def test_the_plan_equals_brute_force_on_hundreds_of_small_cases() -> None:
    random = Random(300)
    kept = broken = 0
    for case in range(600):
        end_s = random.randint(1, 100)
        arrivals_s = sorted(random.randint(0, end_s) for _ in range(random.randint(0, 10)))
        # Round costs make ties; whole seconds make gaps of just the comfort.
        costs = [random.choice((0.5, 1.0, 1.5, random.random() + 0.01)) for _ in arrivals_s]
        comfort_s, since_s = random.randint(5, 70), random.choice((0, 0, random.randint(0, 90)))
        plan = best_plan(arrivals_s, costs, end_s=end_s, comfort_s=comfort_s, since_last_stop_s=since_s)
        (worst_s, beyond_s, cost), is_kept = by_trying_all(arrivals_s, costs, end_s, comfort_s, since_s)
        gaps = [b - a for a, b in pairwise([-since_s, *(arrivals_s[n] for n in plan.stops), end_s])]
        assert plan.worst_gap_s == max(gaps), case
        assert max(plan.worst_gap_s, comfort_s) == worst_s, case
        assert plan.worth.beyond_comfort_s == beyond_s == sum(max(0, gap - comfort_s) for gap in gaps), case
        assert plan.worth.cost_stars == pytest.approx(cost), case
        assert sum(costs[n] for n in plan.stops) == pytest.approx(cost), case
        kept, broken = kept + is_kept, broken + (not is_kept)
    assert kept >= 150
    assert broken >= 150


def test_no_unnecessary_stop_is_planned() -> None:
    assert best_plan([10, 20], [1, 1], end_s=30, comfort_s=30).stops == ()
    assert best_plan([], [], end_s=30, comfort_s=10).stops == ()


def test_the_first_gap_is_shorter_by_the_time_since_the_last_stop() -> None:
    assert best_plan([10, 20], [1, 1], end_s=30, comfort_s=30, since_last_stop_s=1).stops in {(0,), (1,)}
    assert best_plan([10, 20], [1, 9], end_s=30, comfort_s=30, since_last_stop_s=11).stops == (0,)
    assert best_plan([10, 20], [9, 1], end_s=30, comfort_s=30, since_last_stop_s=10).stops == (1,)


def test_a_gap_equal_to_the_comfort_is_within_it_and_one_second_more_is_not() -> None:
    assert best_plan([50], [1], end_s=100, comfort_s=50).worst_gap_s == 50
    plan = best_plan([50], [1], end_s=101, comfort_s=50)
    assert (plan.stops, plan.worst_gap_s, plan.worth.beyond_comfort_s) == ((0,), 51, 1)


def test_one_good_stop_is_better_than_two_fair_ones() -> None:
    assert best_plan([40, 50, 60], [1.0, 1.5, 1.1], end_s=100, comfort_s=60).stops == (0,)
    assert best_plan([30, 50, 70], [1.0, 1.5, 1.0], end_s=100, comfort_s=55).stops == (1,)


def test_the_earlier_of_two_equally_good_stops_is_planned() -> None:
    assert best_plan([40, 50, 60], [1.0, 1.0, 1.0], end_s=100, comfort_s=60).stops == (0,)


def test_one_unavoidable_gap_does_not_allow_other_gaps() -> None:
    # 100 s with nothing at all, then a stop each 10 s: the comfort of 20 s is kept from there on.
    arrivals_s = list(range(100, 200, 10))
    plan = best_plan(arrivals_s, [1.0] * 10, end_s=200, comfort_s=20)
    made = [arrivals_s[n] for n in plan.stops]
    assert plan.worst_gap_s == 100
    assert made[0] == 100
    assert max(b - a for a, b in pairwise([*made, 200])) <= 20


@pytest.mark.slow
def test_a_hundred_thousand_stops_are_planned_in_a_time_that_grows_with_their_number() -> None:
    random = Random(1)
    taken_s = []
    for count in (20_000, 100_000):
        arrivals_s = sorted(random.randint(0, 80_000) for _ in range(count))
        costs = [random.random() + 0.01 for _ in arrivals_s]
        turns_s = []
        for _ in range(3):
            start = process_time()
            best_plan(arrivals_s, costs, end_s=80_000, comfort_s=7_200)
            turns_s.append(process_time() - start)
        taken_s.append(min(turns_s))
    assert taken_s[1] < 15 * taken_s[0]  # 5 times as many; their square would be 25
