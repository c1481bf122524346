"""Chooses the stops to make: no gap longer than the comfort time, at the least cost.

A plan is a subset of the stops. Its gaps are the times between departure, its stops and the end of the route; the first
is longer by the time since the last stop before departure, the last ends where the route does. The best plan has, in
this order, the shortest worst gap where even that exceeds the comfort, the fewest seconds beyond comfort in all its
gaps, and the least sum of costs. Seconds are whole, so that equals are equal.
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

STOP_COST_STARS = 0.01
"""Fixed cost of each stop: small, so that it only prefers fewer stops among otherwise equal plans."""


COST_DECIMALS = 6
"""Decimals of costs: rounding errors must not decide between equal stops. Of two equal stops the earlier is chosen,
which leaves alternatives ahead if it is closed."""


class Worth(NamedTuple):
    """The cost of a plan; less is better.

    Attributes:
        beyond_comfort_s: total time by which its gaps exceed the comfort time.
        cost_stars: total cost of its stops.
    """

    beyond_comfort_s: int
    cost_stars: float


class Plan(NamedTuple):
    """The stops to make.

    Attributes:
        stops: indexes into the list of stops, in order.
        worst_gap_s: the longest of its gaps.
        worth: its cost.
    """

    stops: tuple[int, ...]
    worst_gap_s: int
    worth: Worth


class _Window:
    """A sliding-window minimum, in amortised constant time."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Worth, int, int]] = deque()

    def enter(self, worth: Worth, time_s: int, index: int) -> None:
        while self._queue and self._queue[-1][0] > worth:  # of equal values the earlier stays first
            self._queue.pop()
        self._queue.append((worth, time_s, index))

    def least(self, since_s: int) -> tuple[Worth, int] | None:
        """Return the least value with a time of at least since_s, and its index; since_s must not decrease."""
        while self._queue and self._queue[0][1] < since_s:
            self._queue.popleft()
        return (self._queue[0][0], self._queue[0][2]) if self._queue else None


def best_plan(
    arrivals_s: Sequence[int], costs_stars: Sequence[float], *, end_s: int, comfort_s: int, since_last_stop_s: int = 0
) -> Plan:
    """Return the optimal plan, in time linear in the number of stops.

    Dynamic programming: the best way to arrive at a stop comes from an earlier one within the longest unavoidable gap.
    Two sliding windows find it, one for stops within the comfort time and one for those beyond.

    Args:
        arrivals_s: seconds from departure at each stop, non-decreasing.
        costs_stars: cost of each stop, greater than 0.
        end_s: when the route ends, not before the last stop.
        comfort_s: how long the traveller can go without a stop.
        since_last_stop_s: time since the last stop, at departure.
    """
    times = [-since_last_stop_s, *arrivals_s, end_s]
    costs = [0.0, *costs_stars, 0.0]
    # An additional stop never makes a gap longer: with all stops, the longest gap is minimal.
    longest_s = max(comfort_s, *(later - earlier for earlier, later in pairwise(times)))
    worths, previous = [Worth(0, 0.0)], [0]
    within, beyond = _Window(), _Window()
    leaving = 0
    for index in range(1, len(times)):
        now_s = times[index]
        within.enter(worths[-1], times[index - 1], index - 1)
        while times[leaving] < now_s - comfort_s:
            # Without the departure time, which is the same for all entries of the window.
            excess = worths[leaving].beyond_comfort_s - times[leaving] - comfort_s
            beyond.enter(Worth(excess, worths[leaving].cost_stars), times[leaving], leaving)
            leaving += 1
        ways = []
        if near := within.least(now_s - comfort_s):
            ways.append(near)
        if far := beyond.least(now_s - longest_s):
            ways.append((Worth(far[0].beyond_comfort_s + now_s, far[0].cost_stars), far[1]))
        worth, came_from = min(ways)
        worths.append(Worth(worth.beyond_comfort_s, worth.cost_stars + costs[index]))
        previous.append(came_from)
    return _walked_back(times, worths[-1], previous)


def _walked_back(times: Sequence[int], worth: Worth, previous: Sequence[int]) -> Plan:
    """Return the plan that leads to the end of the route."""
    way = [len(times) - 1]
    while way[-1]:
        way.append(previous[way[-1]])
    way.reverse()
    worst_gap_s = max(times[later] - times[earlier] for earlier, later in pairwise(way))
    return Plan(tuple(index - 1 for index in way[1:-1]), worst_gap_s, worth)
