"""The rules that are compared: what prompts a person to stop. Each is one day's phone or watch."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import degrees, inf
from typing import NamedTuple

from bench.hints_quality.outlook import look_along, look_around, moment
from bench.hints_quality.people import Day
from bench.hints_quality.world import Here
from geo.ahead.hints.ask_again import AskAgain, after_gate, after_hint, after_silence, after_silence_on_route
from geo.ahead.hints.rules import Hint, decide, gate
from geo.ahead.hints.situation import DEFAULT_COMFORT_S, Memory, Situation
from geo.ahead.timed_route import Route, lay
from geo.coordinates import EARTH_RADIUS_M, Point

REMINDER_S = 7200.0
"""Period of the reminder timer."""

FORMER_COMFORT_S = 7200.0
"""Default comfort of the former rules."""


class Prompter:
    """Never prompts: the person searches when a need is felt.

    Attributes:
        day: the day.
        requests: number of requests to the server.
    """

    def __init__(self, day: Day) -> None:
        self.day = day
        self.requests = 0

    def prompt(self, here: Here) -> float | None:
        """Return the travel time to the suggested stop, infinity if it is out of reach; None without a prompt."""

    def stopped(self, at_s: float) -> None:
        """Learn of a stop that the app knows of."""

    def declined(self) -> None:
        """Learn that the last prompt was declined."""


class Timer(Prompter):
    """Reminds of a stop at fixed intervals after the last stop or reminder."""

    def __init__(self, day: Day) -> None:
        super().__init__(day)
        self._since_s = day.begins_s

    def prompt(self, here: Here) -> float | None:
        """Remind once the interval has passed."""
        if here.at_s - self._since_s < REMINDER_S:
            return None
        self._since_s = here.at_s
        self.requests += 1
        return self.day.world.nearest_s(here)

    def stopped(self, at_s: float) -> None:
        """Start the interval again."""
        self._since_s = at_s


class Hints(Prompter):
    """A phone with the product's hints, which obeys ``ask_again``."""

    def __init__(self, day: Day, comfort_s: float, *, is_former: bool = False) -> None:
        """Start the day with a stop.

        Args:
            day: the day.
            comfort_s: what the phone sends.
            is_former: speak of comfort running out whatever is ahead, and repeat declined reasons.
        """
        super().__init__(day)
        self._comfort_s = comfort_s
        self._is_former = is_former
        self._stopped_at_s = day.begins_s
        self._memory = Memory()
        self._route = None if day.world.road_m is None else _route(day.world.road_m)
        self._asked: tuple[Here, AskAgain] | None = None
        self._last_reason: str = ""

    def prompt(self, here: Here) -> float | None:
        """Ask if ``ask_again`` allows, and give the hint."""
        if self._asked is not None and not _is_due(here, *self._asked):
            return None
        self.requests += 1
        situation = self._situation(here)
        hint, ask_again = self._advice(here, situation)
        self._asked = here, ask_again
        if hint.facility is None:
            return None
        place = hint.facility.card.id
        self._memory = replace(self._memory, last_hint_at=situation.as_of, last_hint_facility_id=place)
        self._last_reason = hint.reason
        return float(self.day.world.travel_s(here)[place - 1])

    def _situation(self, here: Here) -> Situation:
        situation = Situation(
            Point(0, 0),
            moment(here.at_s),
            here.mode,
            here.heading_deg,
            here.speed_m_s,
            comfort_s=self._comfort_s,
            since_last_stop_s=here.at_s - self._stopped_at_s,
            memory=self._memory,
            route=self._route,
        )
        return situation if self._is_former else situation.as_believed

    def _advice(self, here: Here, situation: Situation) -> tuple[Hint, AskAgain]:
        """Return what geo.ahead.hints.advice.advise returns."""
        shut, until_open = gate(situation), after_gate(situation)
        if shut is not None and until_open is not None:
            return Hint(shut[0]), until_open
        silence: Callable[[], AskAgain]
        if self._route is None:
            outlook, around = look_around(self.day.world, here, situation)
            silence = partial(after_silence, situation, replace(around, witnesses=()) if self._is_former else around)
        else:
            outlook, on_route = look_along(self.day.world, here, situation)
            silence = partial(after_silence_on_route, situation, on_route)
        if self._is_former:
            # The former rules had no in_time_stars. Their silences were as long only where no place was near.
            outlook = replace(outlook, in_time_stars=None)
        hint = decide(situation, outlook)
        return hint, after_hint(situation, hint) if hint.speak else silence()

    def stopped(self, at_s: float) -> None:
        """Forget what was declined, and ask again."""
        self._stopped_at_s = at_s
        self._memory = replace(self._memory, declined=())
        self._asked = None

    def declined(self) -> None:
        """Remember the reason."""
        if not self._is_former:
            self._memory = replace(self._memory, declined=(*self._memory.declined, self._last_reason))


class Oracle(Hints):
    """Knows the need: prompts for the first place within reach once the person accepts a hint."""

    def __init__(self, day: Day) -> None:
        super().__init__(day, DEFAULT_COMFORT_S)
        self._stops = 0

    def prompt(self, here: Here) -> float | None:
        """Look at each moment at which the person would accept."""
        if here.at_s - self._stopped_at_s < self.day.needs[self._stops].willing_s:
            return None
        self.requests += 1
        look = look_around if self._route is None else look_along
        outlook, _ = look(self.day.world, here, self._situation(here))
        travels_s = [float(self.day.world.travel_s(here)[place.card.id - 1]) for place in outlook.near]
        return next((travel_s for travel_s in travels_s if travel_s < inf), None)

    def stopped(self, at_s: float) -> None:
        """Count the stops, to know the need that follows."""
        super().stopped(at_s)
        self._stops += 1


def _is_due(here: Here, asked: Here, again: AskAgain) -> bool:
    return (
        here.at_s - asked.at_s >= again.after_s
        or (again.after_m is not None and here.gone_m - asked.gone_m >= again.after_m)
        or here.mode != asked.mode
    )


def _route(length_m: float) -> Route:
    """Return a straight route of that length. Only that there is one, matters: the places are in the plane."""
    return lay([(0.0, 0.0), (degrees(length_m / EARTH_RADIUS_M), 0.0)], duration_s=1.0)


class Rule(NamedTuple):
    """A rule that is compared.

    Attributes:
        start: creates its prompter for a day.
        known_share: share of the stops that the app knows of.
    """

    start: Callable[[Day], Prompter]
    known_share: float = 1.0


RULES = {
    "on-demand": Rule(Prompter),
    "timer-2h": Rule(Timer),
    "hints-own-comfort": Rule(lambda day: Hints(day, day.comfort_s)),
    "hints": Rule(lambda day: Hints(day, DEFAULT_COMFORT_S)),
    "hints-half-known": Rule(lambda day: Hints(day, DEFAULT_COMFORT_S), 0.5),
    "former-half-known": Rule(lambda day: Hints(day, FORMER_COMFORT_S, is_former=True), 0.5),
    "oracle": Rule(Oracle),
}
"""The rules in the order of the table."""
