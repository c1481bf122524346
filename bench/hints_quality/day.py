"""One simulated day of one person with one rule."""

from dataclasses import dataclass
from itertools import takewhile
from math import cos, inf, radians, sin
from typing import NamedTuple

from bench.hints_quality.people import Day, Leg, Need
from bench.hints_quality.prompters import Prompter, Rule
from bench.hints_quality.world import HOUR_S, Here

STEP_S = 15.0
"""Time step under way: a quarter of the shortest interval between two requests."""


class Tally(NamedTuple):
    """What came of a day.

    Attributes:
        needs: stops for needs under way, each of which ends an interval between two stops; not those indoors.
        in_time: those before the need was urgent.
        hints: prompts.
        false_alarms: prompts that were declined, or whose place was out of reach.
        requests: requests to the server, a search at a felt need included.
        hours: hours under way.
    """

    needs: int
    in_time: int
    hints: int
    false_alarms: int
    requests: int
    hours: float


def live(day: Day, rule: Rule) -> Tally:
    """Return what comes of a day with a rule."""
    return _Life(day, rule).live()


@dataclass(slots=True)
class _Counts:
    needs: int = 0
    in_time: int = 0
    hints: int = 0
    false_alarms: int = 0
    searches: int = 0


class _Life:
    """A person under way: the clock, the position in the day's legs, and the last stop."""

    def __init__(self, day: Day, rule: Rule) -> None:
        self._day = day
        self._rule = rule
        self._prompter: Prompter = rule.start(day)
        self._counts = _Counts()
        self._at_s = self._stopped_at_s = day.begins_s
        self._gone_m = 0.0
        self._stops = 0
        self._searched_at_stop: int | None = None
        self._accepted_at_stop: int | None = None

    @property
    def _need(self) -> Need:
        return self._day.needs[self._stops]

    @property
    def _since_s(self) -> float:
        return self._at_s - self._stopped_at_s

    @property
    def _is_felt(self) -> bool:
        return self._since_s >= self._need.felt_s

    def live(self) -> Tally:
        hours = 0.0
        for number, leg in enumerate(self._day.legs):
            if leg.mode is None:
                self._stay_indoors(leg)
            else:
                hours += leg.lasts_s / HOUR_S
                self._travel(leg, self._indoors_after_s(number))
        self._arrive()
        counts = self._counts
        requests = self._prompter.requests + counts.searches
        return Tally(counts.needs, counts.in_time, counts.hints, counts.false_alarms, requests, hours)

    def _indoors_after_s(self, number: int) -> float:
        """Return the time from the end of a leg until the person is indoors."""
        following = takewhile(lambda leg: leg.mode is not None, self._day.legs[number + 1 :])
        return sum(leg.lasts_s for leg in following)

    def _arrive(self) -> None:
        """Stop indoors for a need that was felt under way, or a prompt that was accepted."""
        if self._is_felt or self._accepted_at_stop == self._stops:
            self._meet()

    def _stay_indoors(self, leg: Leg) -> None:
        """Meet each need as soon as it is felt. Those that are felt here do not count."""
        self._arrive()
        ends_s = self._at_s + leg.lasts_s
        while self._stopped_at_s + self._need.felt_s <= ends_s:
            self._at_s = self._stopped_at_s + self._need.felt_s
            self._stop()
        self._at_s = ends_s

    def _travel(self, leg: Leg, indoors_after_s: float) -> None:
        assert leg.mode is not None  # noqa: S101 - for mypy
        gone_s = 0.0
        while gone_s < leg.lasts_s:
            indoors_in_s = leg.lasts_s - gone_s + indoors_after_s
            position = _position(leg, gone_s)
            here = Here(self._at_s, leg.mode, *position, leg.heading_deg, leg.speed_m_s, self._gone_m)
            stop_in_s = self._search(here) if self._is_felt else self._prompted(here)
            if stop_in_s is None or stop_in_s >= indoors_in_s:  # indoors sooner
                onward_s = min(STEP_S, leg.lasts_s - gone_s)
                self._at_s += onward_s
            else:
                onward_s = self._go_to(stop_in_s)
            gone_s += onward_s
            self._gone_m += onward_s * leg.speed_m_s

    def _search(self, here: Here) -> float:
        """Return the travel time to the nearest place for a felt need."""
        if self._searched_at_stop != self._stops:
            self._searched_at_stop = self._stops
            self._counts.searches += 1
        return self._day.world.nearest_s(here)

    def _prompted(self, here: Here) -> float | None:
        """Return the travel time to a stop if the person is prompted and accepts."""
        if self._accepted_at_stop == self._stops:
            return None  # on the way indoors
        travel_s = self._prompter.prompt(here)
        if travel_s is None:
            return None
        self._counts.hints += 1
        if self._since_s >= self._need.willing_s and travel_s < inf:
            self._accepted_at_stop = self._stops
            return travel_s
        self._counts.false_alarms += 1
        self._prompter.declined()
        return None

    def _go_to(self, travel_s: float) -> float:
        """Stop after that travel time; return how much of the leg the person has travelled by then."""
        self._at_s += travel_s
        self._meet()
        self._at_s += self._day.stop_s
        if self._day.world.road_m is not None:
            return travel_s
        self._at_s += travel_s  # and back
        return 0.0

    def _meet(self) -> None:
        """Stop, and count whether that is in time."""
        self._counts.needs += 1
        self._counts.in_time += self._since_s <= self._need.urgent_s
        self._stop()

    def _stop(self) -> None:
        self._stopped_at_s = self._at_s
        if self._need.app_draw < self._rule.known_share:
            self._prompter.stopped(self._at_s)
        self._stops += 1


def _position(leg: Leg, gone_s: float) -> tuple[float, float]:
    gone_m = leg.speed_m_s * gone_s
    if leg.heading_deg is None:
        return leg.east_m, leg.north_m
    heading = radians(leg.heading_deg)
    return leg.east_m + gone_m * sin(heading), leg.north_m + gone_m * cos(heading)
