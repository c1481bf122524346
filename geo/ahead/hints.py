"""Whether to speak up, and why: the rules of docs/hints.md as a function of one situation. No I/O, no clock.

The rules are tried in the order of their table; the first that applies decides. ``ask_again.py`` derives from the same
numbers how long the answer is bound to stay silent.
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
"""Part of the comfort in which nobody wants to hear of the next stop."""

COOL_DOWN_S = 1800
"""Between two hints: a voice that speaks more than twice an hour is switched off."""

REPEAT_S = 7200
"""Before the same facility may be offered again: it was declined."""

NEED_OF_COMFORT = 0.5
"""Part of the comfort that must have passed before a merely good place is worth a word."""

RUNNING_OUT_OF_COMFORT = 0.75
"""Part of the comfort after which any acceptable place is worth a word; a quarter is left to act on it."""

CLOSING_S = 1800
"""A place that closes within this time of the arrival is closing soon."""

CLEARLY_BETTER_STARS = 0.5
"""Half a star, rounding aside, is the least difference that a map of stars shows."""

AHEAD_HALF_ANGLE_DEG = 60
"""Ahead without a route: a road winds, but seldom leads farther off its heading than this."""

VALID_S = 900
"""A hint not acted on for this long is stale, whatever else."""


CRUISE_M_PER_S: dict[Mode, float] = {
    "walk": SPEED_M_PER_S["walk"],
    # 80 km/h, an open road; not the speed of the moment: at a red light the way ahead grows no longer.
    "drive": 80 / 3.6,
}
"""How fast the way ahead will be gone."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What near and far mean to one who walks or drives, in metres.

    Attributes:
        reach_m: a place within this is near enough to speak of.
        here_m: a place within this is here, wherever it lies.
        aside_m: one that lies farther off the heading than this, or behind, is not spoken of.
        long_gap_m: with no other place ahead for less than this, nobody speaks of a gap.
        horizon_m: how far ahead to look at most.
    """

    reach_m: float
    here_m: float
    aside_m: float
    long_gap_m: float
    horizon_m: float


SCALES: dict[Mode, Scale] = {
    # Eight minutes' walk, whichever way but back; a gap of half an hour's; as far as an hour takes.
    "walk": Scale(reach_m=600, here_m=150, aside_m=600, long_gap_m=2_000, horizon_m=5_000),
    # Two minutes on a motorway, and no long way off it; a gap of two exits; as far as half an hour and more takes.
    "drive": Scale(reach_m=4_000, here_m=500, aside_m=1_500, long_gap_m=20_000, horizon_m=60_000),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """What only the phone remembers, and tells anew each time.

    Attributes:
        last_hint_at: when it last spoke, None for never.
        last_hint_facility_id: of what.
        dismissed: facilities that its owner wants to hear nothing of.
        quiet_for_s: seconds until its quiet hours end; 0 outside them.
    """

    last_hint_at: datetime | None = None
    last_hint_facility_id: int | None = None
    dismissed: tuple[int, ...] = ()
    quiet_for_s: float = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """Where somebody is in the world and in the day.

    Attributes:
        origin: the position.
        as_of: the instant.
        mode: on foot or by car.
        heading_deg: the course, clockwise from north; None where it is not known.
        speed_m_s: over the ground; None where it is not known. It changes no answer, only when to ask again.
        needs: what a stop must be; whether it is open is judged at its own arrival.
        comfort_s: how long this person can go without a stop.
        since_last_stop_s: since the last one.
        memory: of the phone.
        route: the way that is ahead, where it is known; where it passes here twice, the first time counts.
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
        """What near and far mean here."""
        return SCALES[self.mode]

    @property
    def detour(self) -> float:
        """Length of the way over the length that places are looked for in: 1 on a route, else in a straight line."""
        return CIRCUITY[self.mode] if self.route is None else 1

    @property
    def horizon_m(self) -> float:
        """How far ahead to look: the same way, whether along it or in a straight line."""
        return self.scale.horizon_m * CIRCUITY[self.mode] / self.detour

    def way_left_m(self, in_s: float = 0) -> float:
        """How far the comfort that is left in so many seconds will carry; a long gap at least, the horizon at most."""
        left_s = max(0, self.comfort_s - self.since_last_stop_s - in_s)
        return min(self.horizon_m, max(self.scale.long_gap_m, CRUISE_M_PER_S[self.mode] * left_s / self.detour))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What there is, here and ahead, for a situation.

    Attributes:
        near: the acceptable places within reach, neither behind nor far aside, nor the one told of last; best first.
        only_told: there are none but that one.
        near_ends_m: how far away the last of those within reach is; None where there is none.
        beyond_m: how far away the first acceptable place beyond reach is, of those ahead and within the way left; None
            where there is none.
        beyond_stars: the best of them, its sure stars (quality less its doubt).
        looked_m: how far ahead was looked; None where nobody knows what is ahead.
    """

    near: Sequence[Row] = ()
    only_told: bool = False
    near_ends_m: float | None = None
    beyond_m: float | None = None
    beyond_stars: float | None = None
    looked_m: float | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """The answer.

    Attributes:
        reason: why to speak, or why not.
        facility: to speak of; None for silence.
        backup: the next best within reach, if there is one.
        gap_m: with ``long_gap_ahead``: there is nothing ahead for at least this long.
        closes_in_s: with ``closing_soon``: from now.
        valid_until: when the hint goes stale.
    """

    reason: Reason
    facility: Row | None = None
    backup: Row | None = None
    gap_m: float | None = None
    closes_in_s: float | None = None
    valid_until: datetime | None = None

    @property
    def speak(self) -> bool:
        """Whether to say anything."""
        return self.facility is not None


def gate(situation: Situation, in_s: float = 0) -> tuple[Reason, float] | None:
    """The rule that forbids to speak whatever there is, and in how many seconds from now it ends; None for none.

    Args:
        situation: as it is now.
        in_s: seconds from now, with nothing but time going by.
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
    """Seconds since the last hint, by the phone's memory; a phone whose clock is ahead has spoken just now."""
    if situation.memory.last_hint_at is None:
        return float("inf")
    return max(0.0, (situation.as_of - situation.memory.last_hint_at) / timedelta(seconds=1))


def may_repeat(situation: Situation) -> bool:
    """Whether the facility told of last may be told of again."""
    return since_hint_s(situation) >= REPEAT_S


def decide(situation: Situation, outlook: Outlook) -> Hint:
    """Speak or stay silent, and why; gates are tried before there is an outlook."""
    if not outlook.near:
        return Hint("already_told" if outlook.only_told else "nothing_near")
    worn = situation.since_last_stop_s / situation.comfort_s
    if worn >= RUNNING_OUT_OF_COMFORT:
        return _spoken("comfort_running_out", situation, outlook)
    if outlook.looked_m is not None and outlook.beyond_m is None:
        return _spoken("long_gap_ahead", situation, outlook, gap_m=outlook.looked_m - (outlook.near_ends_m or 0))
    return Hint("no_need_yet") if worn < NEED_OF_COMFORT else _at_leisure(situation, outlook)


def _at_leisure(situation: Situation, outlook: Outlook) -> Hint:
    """Where a stop would be welcome and need not be: speak only of what will not come again soon."""
    best = outlook.near[0]
    if _closes_soon(best) and not any(_as_good_and_open(row, best) for row in outlook.near[1:]):
        closes_in_s = (best["open_until"] - situation.as_of) / timedelta(seconds=1)
        return _spoken("closing_soon", situation, outlook, closes_in_s=closes_in_s)
    lead_stars = sure_stars(best) - (outlook.beyond_stars if outlook.beyond_stars is not None else float("-inf"))
    if best["verdict"] == "sit" and lead_stars >= CLEARLY_BETTER_STARS:
        return _spoken("best_for_a_while", situation, outlook)
    return Hint("nothing_better")


def sure_stars(row: Row) -> float:
    """Quality less its doubt: the utility before distance is taken off."""
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
