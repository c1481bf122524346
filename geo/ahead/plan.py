"""Which stops to make: no longer without one than the traveller can bear, at the least cost.

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
"""What each stop costs by itself: so little that it only decides between plans as good, for the one of fewer stops."""


COST_DECIMALS = 6
"""Costs are told to a millionth of a star, so that rounding does not decide between equals: of two stops as good, the
earlier is made, which leaves more ahead if it is shut."""


class Worth(NamedTuple):
    """What a way of stopping costs; the lesser is the better.

    Attributes:
        beyond_comfort_s: by how much its gaps exceed the comfort, in all.
        cost_stars: the sum of its stops' costs.
    """

    beyond_comfort_s: int
    cost_stars: float


class Plan(NamedTuple):
    """The stops to make.

    Attributes:
        stops: places in the list of stops, in order.
        worst_gap_s: the longest of its gaps.
        worth: what it costs.
    """

    stops: tuple[int, ...]
    worst_gap_s: int
    worth: Worth


class _Window:
    """The least of what entered last, in time that does not depend on how much that is."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Worth, int, int]] = deque()

    def enter(self, worth: Worth, time_s: int, place: int) -> None:
        while self._queue and self._queue[-1][0] > worth:  # of equals the earlier stays first
            self._queue.pop()
        self._queue.append((worth, time_s, place))

    def least(self, since_s: int) -> tuple[Worth, int] | None:
        """The least of what entered with a time from since_s on, and its place; since_s never falls."""
        while self._queue and self._queue[0][1] < since_s:
            self._queue.popleft()
        return (self._queue[0][0], self._queue[0][2]) if self._queue else None


def best_plan(
    arrivals_s: Sequence[int], costs_stars: Sequence[float], *, end_s: int, comfort_s: int, since_last_stop_s: int = 0
) -> Plan:
    """Choose the stops to make, exactly, in time linear in their number.

    By dynamic programming: the best way to arrive at a stop comes from an earlier one no farther back than the longest
    gap that must be, and two sliding windows tell which, one of those within the comfort and one of those beyond.

    Args:
        arrivals_s: seconds from departure at each stop, not falling.
        costs_stars: of each stop, above 0.
        end_s: when the route ends, not before the last stop.
        comfort_s: how long the traveller can go without a stop.
        since_last_stop_s: how long it has been at departure.
    """
    times = [-since_last_stop_s, *arrivals_s, end_s]
    costs = [0.0, *costs_stars, 0.0]
    # A stop more never makes a gap longer: with all of them, the worst is as short as it can be.
    longest_s = max(comfort_s, *(later - earlier for earlier, later in pairwise(times)))
    worths, previous = [Worth(0, 0.0)], [0]
    within, beyond = _Window(), _Window()
    leaving = 0
    for place in range(1, len(times)):
        now_s = times[place]
        within.enter(worths[-1], times[place - 1], place - 1)
        while times[leaving] < now_s - comfort_s:
            # Counted without the instant it is left for, which is the same for all that wait here.
            excess = worths[leaving].beyond_comfort_s - times[leaving] - comfort_s
            beyond.enter(Worth(excess, worths[leaving].cost_stars), times[leaving], leaving)
            leaving += 1
        ways = []
        if near := within.least(now_s - comfort_s):
            ways.append(near)
        if far := beyond.least(now_s - longest_s):
            ways.append((Worth(far[0].beyond_comfort_s + now_s, far[0].cost_stars), far[1]))
        worth, came_from = min(ways)
        worths.append(Worth(worth.beyond_comfort_s, worth.cost_stars + costs[place]))
        previous.append(came_from)
    return _walked_back(times, worths[-1], previous)


def _walked_back(times: Sequence[int], worth: Worth, previous: Sequence[int]) -> Plan:
    """The plan that leads to the end."""
    way = [len(times) - 1]
    while way[-1]:
        way.append(previous[way[-1]])
    way.reverse()
    worst_gap_s = max(times[later] - times[earlier] for earlier, later in pairwise(way))
    return Plan(tuple(place - 1 for place in way[1:-1]), worst_gap_s, worth)
