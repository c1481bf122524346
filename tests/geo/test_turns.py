"""A limited number of threads has a turn; others wait only while turns are given back."""

from concurrent.futures import ThreadPoolExecutor

from geo.turns import Turns

LONG_S = 60
"""Longer than any test may take: a thread that waits so long fails it."""


def test_as_many_threads_as_there_are_turns_have_one() -> None:
    turns = Turns(2, patience_s=0)
    assert [turns.take() for _ in range(3)] == [True, True, False]
    turns.give_back()
    assert [turns.take() for _ in range(2)] == [True, False]


def test_a_thread_that_waits_gets_the_turn_that_another_gives_back() -> None:
    turns = Turns(1, LONG_S)
    assert turns.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(turns.take)
        turns.give_back()
        assert waiting.result(LONG_S)


def test_after_one_thread_has_waited_in_vain_no_other_waits_until_a_turn_is_given_back() -> None:
    turns = Turns(1, patience_s=0.001)
    assert turns.take()
    assert not turns.take()
    turns._patience_s = LONG_S
    assert not turns.take()
    turns.give_back()
    assert turns.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(turns.take)
        turns.give_back()
        assert waiting.result(LONG_S)


def test_threads_that_take_and_give_back_never_exceed_the_turns() -> None:
    turns, most, inside, seen = Turns(3, LONG_S), 3, [0], [0]

    def once(_: int) -> bool:
        if not turns.take():
            return False
        inside[0] += 1
        seen[0] = max(seen[0], inside[0])
        inside[0] -= 1
        turns.give_back()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(once, range(500)))
    assert seen[0] <= most
    assert [turns.take() for _ in range(most)] == [True] * most
