"""The rules of docs/hints.md: whether to give a hint, and why, as a function of one situation, without I/O or clock.

The rules are tried in the order of their table; the first that applies decides. ``ask_again.py`` uses the same
constants to determine how long the answer cannot change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from geo.ahead.route import Route
from geo.coordinates import Point
from geo.database import Row
from geo.facilities.ranking import CIRCUITY, SPEED_M_PER_S, Mode
from geo.facilities.search import Needs

Reason = Literal[
    "quiet_hours",
    "just_stopped",
    "cooling_down",
    "nothing_near",
    "already_told",
    "comfort_running_out",
    "long_gap_ahead",
    "closing_soon",
    "best_for_a_while",
    "no_need_yet",
    "nothing_better",
]

SPOKEN: tuple[Reason, ...] = ("comfort_running_out", "long_gap_ahead", "closing_soon", "best_for_a_while")
SILENT: tuple[Reason, ...] = (
    "quiet_hours",
    "just_stopped",
    "cooling_down",
    "nothing_near",
    "already_told",
    "no_need_yet",
    "nothing_better",
)

JUST_STOPPED_OF_COMFORT = 0.25
"""Share of the comfort time after a stop without hints."""

COOL_DOWN_S = 1800
"""Minimum time between two hints: people disable hints that come more than twice an hour."""

REPEAT_S = 7200
"""Minimum time before the same facility is suggested again."""

NEED_OF_COMFORT = 0.5
"""Share of the comfort time after which a good place is worth a hint."""

RUNNING_OUT_OF_COMFORT = 0.75
"""Share of the comfort time after which any acceptable place is worth a hint; a quarter is left to act on it."""

CLOSING_S = 1800
"""A place counts as closing soon if it closes within this time after arrival."""

CLEARLY_BETTER_STARS = 0.5
"""Half a star: the smallest difference that star symbols show."""

AHEAD_HALF_ANGLE_DEG = 60
"""Directions that count as ahead without a route: roads seldom deviate more from the heading."""

VALID_S = 900
"""Maximum validity of a hint."""


CRUISE_M_PER_S: dict[Mode, float] = {
    "walk": SPEED_M_PER_S["walk"],
    # 80 km/h, an open road. The present speed is not used, because it is 0 at a red light.
    "drive": 80 / 3.6,
}
"""Assumed speed on the way ahead."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Distances that define near and far for walking or driving.

    Attributes:
        reach_m: places within this distance may be suggested.
        here_m: places within this distance count as here, in any direction.
        aside_m: places that lie farther beside the heading, or behind, are not suggested.
        long_gap_m: minimum length of a gap to mention it.
        horizon_m: maximum distance to search ahead.
    """

    reach_m: float
    here_m: float
    aside_m: float
    long_gap_m: float
    horizon_m: float


SCALES: dict[Mode, Scale] = {
    # Reach: eight minutes' walk, in any direction but back. Gap: half an hour. Horizon: an hour.
    "walk": Scale(reach_m=600, here_m=150, aside_m=600, long_gap_m=2_000, horizon_m=5_000),
    # Reach: two minutes on a motorway, and not far from it. Gap: two exits. Horizon: more than half an hour.
    "drive": Scale(reach_m=4_000, here_m=500, aside_m=1_500, long_gap_m=20_000, horizon_m=60_000),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """The phone's memory of earlier hints, which it sends with each request.

    Attributes:
        last_hint_at: when it last gave a hint, None for never.
        last_hint_facility_id: the facility of that hint.
        dismissed: facilities to give no hints about.
        quiet_for_s: seconds until its quiet hours end; 0 outside them.
    """

    last_hint_at: datetime | None = None
    last_hint_facility_id: int | None = None
    dismissed: tuple[int, ...] = ()
    quiet_for_s: float = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """A phone's position, time, needs and memory.

    Attributes:
        origin: the position.
        as_of: the instant.
        mode: travel mode.
        heading_deg: the course, clockwise from north; None if unknown.
        speed_m_s: speed over the ground; None if unknown. It affects only when to ask again.
        needs: filters for stops; opening hours are evaluated for the arrival at each stop.
        comfort_s: how long this person can go without a stop.
        since_last_stop_s: time since the last stop.
        memory: the phone's memory.
        route: the remaining route, if known. If it passes the position twice, the first pass counts.
    """

    origin: Point
    as_of: datetime
    mode: Mode = "walk"
    heading_deg: float | None = None
    speed_m_s: float | None = None
    needs: Needs = field(default_factory=Needs)
    comfort_s: float = 7200
    since_last_stop_s: float = 3600
    memory: Memory = field(default_factory=Memory)
    route: Route | None = None

    @property
    def scale(self) -> Scale:
        """The distances for this travel mode."""
        return SCALES[self.mode]

    @property
    def detour(self) -> float:
        """Ratio of path length to search distance: 1 on a route, otherwise the detour of a straight line."""
        return CIRCUITY[self.mode] if self.route is None else 1

    @property
    def horizon_m(self) -> float:
        """Search distance: the same path length, along a route or in a straight line."""
        return self.scale.horizon_m * CIRCUITY[self.mode] / self.detour

    def way_left_m(self, in_s: float = 0) -> float:
        """Return the distance that the comfort time left in ``in_s`` seconds allows, from a long gap to the horizon."""
        left_s = max(0, self.comfort_s - self.since_last_stop_s - in_s)
        return min(self.horizon_m, max(self.scale.long_gap_m, CRUISE_M_PER_S[self.mode] * left_s / self.detour))


@dataclass(frozen=True, slots=True)
class Outlook:
    """The places here and ahead for a situation.

    Attributes:
        near: acceptable places within reach, not behind, far aside, or that of the last hint; best first.
        only_told: whether the place of the last hint is the only one within reach.
        near_ends_m: distance of the farthest place within reach; None if there is none.
        beyond_m: distance of the first acceptable place ahead, beyond reach and within the remaining distance; None if
            there is none.
        beyond_stars: the best sure stars (quality minus its uncertainty) of these places.
        looked_m: search distance ahead; None if the way ahead is unknown.
    """

    near: Sequence[Row] = ()
    only_told: bool = False
    near_ends_m: float | None = None
    beyond_m: float | None = None
    beyond_stars: float | None = None
    looked_m: float | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint or silence.

    Attributes:
        reason: why to give a hint, or why not.
        facility: the suggested stop; None for silence.
        backup: the second-best stop within reach, if there is one.
        gap_m: with ``long_gap_ahead``: minimum distance without another stop.
        closes_in_s: with ``closing_soon``: seconds from now.
        valid_until: when the hint expires.
    """

    reason: Reason
    facility: Row | None = None
    backup: Row | None = None
    gap_m: float | None = None
    closes_in_s: float | None = None
    valid_until: datetime | None = None

    @property
    def speak(self) -> bool:
        """Whether there is a hint."""
        return self.facility is not None


def gate(situation: Situation, in_s: float = 0) -> tuple[Reason, float] | None:
    """Return the rule that forbids any hint, and the seconds until it ends; None if there is none.

    Args:
        situation: the present situation.
        in_s: evaluate the rules so many seconds from now.
    """
    memory = situation.memory
    ends: list[tuple[Reason, float]] = [
        ("quiet_hours", memory.quiet_for_s),
        ("just_stopped", JUST_STOPPED_OF_COMFORT * situation.comfort_s - situation.since_last_stop_s),
    ]
    if memory.last_hint_at is not None:
        ends.append(("cooling_down", COOL_DOWN_S - since_hint_s(situation)))
    return next(((reason, end) for reason, end in ends if end > in_s), None)


def since_hint_s(situation: Situation) -> float:
    """Return the seconds since the last hint by the phone's memory; 0 if the phone's clock is ahead."""
    if situation.memory.last_hint_at is None:
        return float("inf")
    return max(0.0, (situation.as_of - situation.memory.last_hint_at) / timedelta(seconds=1))


def may_repeat(situation: Situation) -> bool:
    """Return whether the facility of the last hint may be suggested again."""
    return since_hint_s(situation) >= REPEAT_S


def decide(situation: Situation, outlook: Outlook) -> Hint:
    """Return a hint or silence, with its reason. Gates must have been checked before."""
    if not outlook.near:
        return Hint("already_told" if outlook.only_told else "nothing_near")
    worn = situation.since_last_stop_s / situation.comfort_s
    if worn >= RUNNING_OUT_OF_COMFORT:
        return _spoken("comfort_running_out", situation, outlook)
    if outlook.looked_m is not None and outlook.beyond_m is None:
        return _spoken("long_gap_ahead", situation, outlook, gap_m=outlook.looked_m - (outlook.near_ends_m or 0))
    return Hint("no_need_yet") if worn < NEED_OF_COMFORT else _at_leisure(situation, outlook)


def _at_leisure(situation: Situation, outlook: Outlook) -> Hint:
    """Decide while a stop is optional: suggest only what will not come again soon."""
    best = outlook.near[0]
    if _closes_soon(best) and not any(_as_good_and_open(row, best) for row in outlook.near[1:]):
        closes_in_s = (best["open_until"] - situation.as_of) / timedelta(seconds=1)
        return _spoken("closing_soon", situation, outlook, closes_in_s=closes_in_s)
    lead_stars = sure_stars(best) - (outlook.beyond_stars if outlook.beyond_stars is not None else float("-inf"))
    if best["verdict"] == "sit" and lead_stars >= CLEARLY_BETTER_STARS:
        return _spoken("best_for_a_while", situation, outlook)
    return Hint("nothing_better")


def sure_stars(row: Row) -> float:
    """Return the quality minus its uncertainty: the utility without the distance."""
    stars: float = row["sure_stars"]
    return stars


def _closes_soon(row: Row) -> bool:
    return (
        row["open_state"] == "open"
        and row["open_until"] is not None
        and row["open_until"] - row["open_checked_at"] <= timedelta(seconds=CLOSING_S)
    )


def _as_good_and_open(row: Row, best: Row) -> bool:
    stays_open = row["open_state"] == "open" and not _closes_soon(row)
    return stays_open and row["utility"] >= best["utility"] - CLEARLY_BETTER_STARS


def _spoken(reason: Reason, situation: Situation, outlook: Outlook, **terms: Any) -> Hint:
    best = outlook.near[0]
    until = situation.as_of + timedelta(seconds=VALID_S)
    if best["open_state"] == "open" and best["open_until"] is not None:
        until = min(until, best["open_until"])
    backup = outlook.near[1] if len(outlook.near) > 1 else None
    return Hint(reason, best, backup, valid_until=until, **terms)
