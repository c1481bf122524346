"""A request for stops along a route, and its result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from geo.ahead.passes import Side
from geo.ahead.passing import JudgedPass
from geo.ahead.route.plan import Plan
from geo.ahead.timed_route import Route
from geo.facilities import search
from geo.facilities.attributes import OFFERED_STATES
from geo.facilities.cards import Card
from geo.facilities.ranking import Mode, Rank

LastReason = Literal["gap_exceeds_comfort", "comfort_runs_out"]

OFFERED = search.Needs(open_states=OFFERED_STATES)


@dataclass(frozen=True, slots=True)
class StopsQuery:
    """A request for stops along a route.

    Attributes:
        route: the route with its times.
        depart_at: when it begins.
        as_of: the instant that quality refers to.
        needs: filters for stops; open_states apply on arrival at each stop, open_at is ignored.
        max_offset_m: maximum distance of a stop from the route, in a straight line.
        comfort_s: how long the traveller can go without a stop.
        since_last_stop_s: time since the last stop, at departure.
        limit: maximum number of stops to return, in addition to those of the plan.
    """

    route: Route
    depart_at: datetime
    as_of: datetime
    needs: search.Needs = field(default=OFFERED)
    rank: Rank = "balanced"
    mode: Mode = "drive"
    max_offset_m: float = 500
    comfort_s: int = 7_200
    since_last_stop_s: int = 0
    limit: int = 100


class Stop(NamedTuple):
    """One pass of a facility.

    Attributes:
        facility_id: the facility.
        visit: 1 for the route's first pass of it that is a stop, 2 for the next.
        along_m: metres from the start to the route's point nearest to it.
        offset_m: distance from that point, in a straight line.
        side: side of the route, in the direction of travel.
        arrive_s: whole seconds from departure, at that point.
        cost_stars: its cost in a plan.
        quality, sd, verdict, utility: as in the ranking, with offset_m as the distance.
        open_state: state on arrival.
        gap_before_m, gap_before_s: from the previous stop, or the route's start.
        gap_after_m, gap_after_s: to the next stop, or the route's end.
        last_good: why not to skip it, if the gap after it exceeds the remaining comfort time.
    """

    facility_id: int
    visit: int
    along_m: float
    offset_m: float
    side: Side
    arrive_s: int
    cost_stars: float
    quality: float
    sd: float
    verdict: str
    utility: float
    open_state: str
    gap_before_m: float = 0
    gap_before_s: int = 0
    gap_after_m: float = 0
    gap_after_s: int = 0
    last_good: LastReason | None = None

    @property
    def judged(self) -> JudgedPass:
        """The pass with its figures of the ranking."""
        return JudgedPass(self.facility_id, self.arrive_s, self.quality, self.sd, self.verdict, self.utility)


class Backup(NamedTuple):
    """An alternative for a planned stop that is closed.

    Attributes:
        stop: its index in the list of stops.
        further_m: distance along the route beyond the planned stop.
        within_comfort: whether it can be reached within the comfort time.
    """

    stop: int
    further_m: float
    within_comfort: bool


class Gap(NamedTuple):
    """A time without a stop, in the plan.

    Attributes:
        from_stop: index of the stop at which it begins; None for the start of the route.
        to_stop: index of the stop at which it ends; None for the end of the route.
        length_m: length along the route.
        duration_s: time since the last stop, which for the first gap is before departure.
    """

    from_stop: int | None
    to_stop: int | None
    length_m: float
    duration_s: int


@dataclass(frozen=True, slots=True)
class Journey:
    """The stops along a route and the plan.

    Attributes:
        stops: all stops, in order along the route.
        plan: which of them to make.
        gaps: the gaps of the plan, one more than it has stops.
        backups: one for each planned stop; None if there is no other stop further along the route.
        cards: the cards of the stops to return, by their index, as of their arrival.
    """

    stops: Sequence[Stop]
    plan: Plan
    gaps: Sequence[Gap]
    backups: Sequence[Backup | None]
    cards: Mapping[int, Card]
