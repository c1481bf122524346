"""A phone's situation: its position, time, needs and memory of earlier hints, and the distances they determine."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf

from geo.ahead.timed_route import Route
from geo.coordinates import Point
from geo.facilities.ranking import CIRCUITY, SPEED_M_PER_S, Mode
from geo.facilities.search import Needs

DEFAULT_COMFORT_S = 11_700
"""How long people go without a stop: three and a quarter hours, between the medians of 3 and 4 hours that women
report (Lukacz et al., 2009). In simulated days two hours made four times as many false alarms (docs/hints.md)."""

UNKNOWN_OF_COMFORT = 0.5
"""Share of the comfort time that is assumed to have passed if the last stop is not known: the middle."""

MISSED_STOP_OF_COMFORT = 1.5
"""Share of the comfort time after which the phone must have missed a stop, the plainest case being a night: nobody goes
so long."""

REPEAT_S = 7200
"""Minimum time before the same facility is suggested again."""

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


CROWDED_REACH = 0.5
"""Reach in a crowd, as a share of what is known: the rest tells when to ask again."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The phone's memory of earlier hints, which it sends with each request.

    Attributes:
        last_hint_at: when it last gave a hint, None for never.
        last_hint_facility_id: the facility of that hint; if it was merged, the place that it is part of counts.
        dismissed: facilities to give no hints about; of merged ones, the places that they are part of.
        declined: reasons of hints that were declined since the last stop: they are not repeated before the next one.
        quiet_for_s: seconds until its quiet hours end; 0 outside them.
    """

    last_hint_at: datetime | None = None
    last_hint_facility_id: int | None = None
    dismissed: tuple[int, ...] = ()
    declined: tuple[str, ...] = ()
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
        crowded_m: distance within which there are as many facilities as are looked at; nothing beyond it is known.
    """

    origin: Point
    as_of: datetime
    mode: Mode = "walk"
    heading_deg: float | None = None
    speed_m_s: float | None = None
    needs: Needs = field(default_factory=Needs)
    comfort_s: float = DEFAULT_COMFORT_S
    since_last_stop_s: float = UNKNOWN_OF_COMFORT * DEFAULT_COMFORT_S
    memory: Memory = field(default_factory=Memory)
    route: Route | None = None
    crowded_m: float = inf

    @property
    def is_crowded(self) -> bool:
        """Whether the usual horizon is farther away than what is known."""
        return self.crowded_m < SCALES[self.mode].horizon_m

    @property
    def scale(self) -> Scale:
        """The distances for this travel mode. In a crowd, reach and gaps are nearer than what is known."""
        usual = SCALES[self.mode]
        if not self.is_crowded:
            return usual
        reach_m = min(usual.reach_m, CROWDED_REACH * self.crowded_m)
        return replace(usual, reach_m=reach_m, long_gap_m=reach_m, horizon_m=self.crowded_m)

    @property
    def detour(self) -> float:
        """Ratio of path length to search distance: 1 on a route, otherwise the detour of a straight line."""
        return CIRCUITY[self.mode] if self.route is None else 1

    @property
    def horizon_m(self) -> float:
        """Search distance: the same path length, along a route or in a straight line."""
        return self.scale.horizon_m * CIRCUITY[self.mode] / self.detour

    @property
    def as_believed(self) -> "Situation":
        """The same, with an unknown last stop if the phone must have missed one."""
        if self.worn < MISSED_STOP_OF_COMFORT:
            return self
        return replace(self, since_last_stop_s=UNKNOWN_OF_COMFORT * self.comfort_s)

    @property
    def worn(self) -> float:
        """The share of the comfort time that has passed since the last stop."""
        return self.since_last_stop_s / self.comfort_s

    def comfort_left_m(self, in_s: float = 0) -> float:
        """Return the distance that the comfort time left in ``in_s`` seconds allows, at most the horizon."""
        left_s = max(0, self.comfort_s - self.since_last_stop_s - in_s)
        return min(self.horizon_m, CRUISE_M_PER_S[self.mode] * left_s / self.detour)

    def way_left_m(self, in_s: float = 0) -> float:
        """Return the same, at least a long gap."""
        return max(self.scale.long_gap_m, self.comfort_left_m(in_s))

    @property
    def since_hint_s(self) -> float:
        """Seconds since the last hint by the phone's memory; 0 if the phone's clock is ahead."""
        if self.memory.last_hint_at is None:
            return float("inf")
        return max(0.0, (self.as_of - self.memory.last_hint_at) / timedelta(seconds=1))

    @property
    def may_repeat(self) -> bool:
        """Whether the facility of the last hint may be suggested again."""
        return self.since_hint_s >= REPEAT_S
