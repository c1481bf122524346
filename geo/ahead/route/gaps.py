"""Derives from a plan the gaps, the stops not to skip, a backup for each planned stop, and the stops to return."""

from collections import Counter
from collections.abc import Sequence

from geo.ahead.route.journey import Backup, Gap, LastReason, Stop, StopsQuery
from geo.ahead.route.plan import Plan
from geo.ahead.timed_route import Route
from geo.facilities.ranking import RANKINGS


def with_gaps(stops: Sequence[Stop], route: Route) -> list[Stop]:
    """Set the gaps before and after each stop."""
    along_m = [0.0, *(stop.along_m for stop in stops), route.length_m]
    arrive_s = [0, *(stop.arrive_s for stop in stops), round(route.duration_s)]
    return [
        stop._replace(
            gap_before_m=along_m[index] - along_m[index - 1],
            gap_before_s=arrive_s[index] - arrive_s[index - 1],
            gap_after_m=along_m[index + 1] - along_m[index],
            gap_after_s=arrive_s[index + 1] - arrive_s[index],
        )
        for index, stop in enumerate(stops, start=1)
    ]


def with_last_good(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Stop]:
    """Mark the stops after which the gap exceeds the comfort time left since the last stop of the plan."""
    planned, last_stop_s = set(plan.stops), -query.since_last_stop_s
    marked = []
    for index, stop in enumerate(stops):
        reason: LastReason | None = None
        if stop.gap_after_s > query.comfort_s:
            reason = "gap_exceeds_comfort"
        elif stop.gap_after_s > query.comfort_s - (stop.arrive_s - last_stop_s):
            reason = "comfort_runs_out"
        marked.append(stop._replace(last_good=reason))
        if index in planned:
            last_stop_s = stop.arrive_s
    return marked


def gaps(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Gap]:
    """Return the gaps of the plan, from the last stop before departure to the end of the route."""
    along_m = [0.0, *(stops[index].along_m for index in plan.stops), query.route.length_m]
    at_s = [-query.since_last_stop_s, *(stops[index].arrive_s for index in plan.stops), round(query.route.duration_s)]
    ends = [None, *plan.stops, None]
    return [Gap(ends[n], ends[n + 1], along_m[n + 1] - along_m[n], at_s[n + 1] - at_s[n]) for n in range(len(ends) - 1)]


def backups(stops: Sequence[Stop], plan: Plan, query: StopsQuery) -> list[Backup | None]:
    """Return a backup for each planned stop: the best one further along, where the way there counts as distance.

    It is the best within the comfort time or, if there is none, the nearest.
    """
    beta_per_m = RANKINGS[query.rank, query.mode].beta_stars_per_km / 1000
    last_stop_s = -query.since_last_stop_s
    found: list[Backup | None] = []
    for planned in plan.stops:
        from_m, until_s = stops[planned].along_m, last_stop_s + query.comfort_s
        best: tuple[float, int] | None = None
        for index in range(planned + 1, len(stops)):
            stop = stops[index]
            if best and stop.arrive_s > until_s:
                break
            if stop.facility_id == stops[planned].facility_id:
                continue
            worth = stop.utility - beta_per_m * (stop.along_m - from_m)
            if best is None or worth > best[0]:
                best = worth, index
            if stop.arrive_s > until_s:
                break
        found.append(best and Backup(best[1], stops[best[1]].along_m - from_m, stops[best[1]].arrive_s <= until_s))
        last_stop_s = stops[planned].arrive_s
    return found


def shown(stops: Sequence[Stop], plan: Plan, backups: Sequence[Backup | None], query: StopsQuery) -> list[int]:
    """Choose the stops to return: those of the plan, and the best of each stretch of the route.

    The route is divided into ``limit`` stretches of equal length: first the best stop of each, then the second best.
    """
    chosen = {*plan.stops, *(backup.stop for backup in backups if backup)}
    chosen |= {index for index, stop in enumerate(stops) if stop.last_good}
    taken: Counter[int] = Counter()
    turns: list[tuple[int, int, int]] = []
    for index in sorted(range(len(stops)), key=lambda index: (index not in chosen, -stops[index].utility, index)):
        stretch = int(stops[index].along_m / query.route.length_m * query.limit)
        turns.append((taken[stretch], len(turns), index))
        taken[stretch] += 1
    for _turn, _order, index in sorted(turns):
        if len(chosen) >= query.limit:
            break
        chosen.add(index)
    return sorted(chosen)
