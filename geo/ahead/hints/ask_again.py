"""When to ask again: for how long and how far an answer is guaranteed not to change.

For a silence, each rule that could end it is checked for any position within ``after_m``, any time before ``after_s``,
any heading and any speed. docs/hints.md has the proof.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from math import asin, ceil, degrees

from geo.ahead.hints.outlook import LONGEST_SILENCE_S, Around, rungs_m
from geo.ahead.hints.outlook_on_route import MAX_OFFSET_M, OnRoute, PassedPlace
from geo.ahead.hints.rules import (
    AHEAD_HALF_ANGLE_DEG,
    CLEARLY_BETTER_STARS,
    CLOSING_S,
    NEED_OF_COMFORT,
    RUNNING_OUT_OF_COMFORT,
    Hint,
    gate,
)
from geo.ahead.hints.situation import CRUISE_M_PER_S, MISSED_STOP_OF_COMFORT, REPEAT_S, Situation
from geo.facilities.ranking import SPEED_M_PER_S

EACH_MINUTE_S = 60
"""Interval with which a phone gets every hint that it would get by asking each minute."""

_SILENCES_S = (3600.0, 2400.0, 1800.0, 1200.0, 900.0, 600.0, 420.0, 300.0, 240.0, 180.0, 120.0)
"""The durations of silence to try, longest first."""

_GROUP_M = 250
"""Places within this length of the route are evaluated together, by the weakest requirement of any of them."""

PASSED_AFTER_M = 4 * MAX_OFFSET_M
"""Distance after which a place counts as passed: only a road that turns back could still be beside it."""

_TURN_SLACK_DEG = 2.0
"""Bearings are computed on the sphere. Over the longest silence they differ from those on a plane by less than this,
except for a rotation that all of them share."""

_DECAY_SLACK_STARS = 0.02
"""Maximum change of a quality by decay within the longest silence: an hour with a half-life of 30 days."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """When to ask again: as soon as either value is reached.

    Attributes:
        after_s: whole seconds from now.
        after_m: metres travelled from here; None if no distance changes the answer.
    """

    after_s: int
    after_m: int | None


def after_hint(situation: Situation, hint: Hint) -> AskAgain:
    """Return when to ask again after a hint: when the next one is allowed."""
    assert hint.facility is not None  # noqa: S101 - for mypy
    memory = replace(situation.memory, last_hint_at=situation.as_of, last_hint_facility_id=hint.facility.card.id)
    again = after_gate(replace(situation, memory=memory))
    assert again is not None  # noqa: S101 - for mypy: the cool-down has just begun
    return again


def after_gate(situation: Situation) -> AskAgain | None:
    """Return when all gates are open, including those that close before; None if no gate is closed."""
    end_s = 0.0
    while shut := gate(situation, end_s):
        end_s = shut[1]
    # Rounded up: a second late misses nothing, but a moment early is a wasted request.
    return AskAgain(ceil(end_s), None) if end_s > 0 else None


def after_silence(situation: Situation, around: Around) -> AskAgain:
    """Return for how long and how far no rule can end this silence; each minute if nothing can be guaranteed."""
    longest_s = _longest_s(situation)
    best, best_s = AskAgain(EACH_MINUTE_S, None), float(EACH_MINUTE_S)
    for after_s in sorted({min(silence_s, longest_s) for silence_s in _SILENCES_S}, reverse=True):
        after_m = _farthest_m(situation, around, after_s)
        if after_m is not None and min(after_s, after_m / _pace_m_s(situation)) > best_s:
            best, best_s = AskAgain(int(after_s), int(after_m)), min(after_s, after_m / _pace_m_s(situation))
    return best


def _pace_m_s(situation: Situation) -> float:
    """Return an assumed speed of the phone, to choose between guarantees in metres and in seconds."""
    return max(situation.speed_m_s or 0, CRUISE_M_PER_S[situation.mode])


def _longest_s(situation: Situation) -> float:
    """Return the maximum duration: until the facility of the last hint may be suggested again, or a stop was missed."""
    longest_s = LONGEST_SILENCE_S
    if situation.memory.last_hint_facility_id is not None and not situation.may_repeat:
        longest_s = min(longest_s, REPEAT_S - situation.since_hint_s)
    return max(EACH_MINUTE_S, min(longest_s, (MISSED_STOP_OF_COMFORT - situation.worn) * situation.comfort_s))


def after_silence_on_route(situation: Situation, ahead: OnRoute) -> AskAgain:
    """Return the same for a phone that stays on its route; the distance is along the route."""
    longest_s = _longest_s(situation)
    best, best_s = AskAgain(EACH_MINUTE_S, None), float(EACH_MINUTE_S)
    for after_s in sorted({min(silence_s, longest_s) for silence_s in _SILENCES_S}, reverse=True):
        after_m = _silent_until_m(situation, ahead, after_s)
        if min(after_s, after_m / _pace_m_s(situation)) > best_s:
            best, best_s = AskAgain(int(after_s), int(after_m)), min(after_s, after_m / _pace_m_s(situation))
    return best


def _silent_until_m(situation: Situation, ahead: OnRoute, after_s: float) -> float:
    """Return how far along the route no place can be suggested within that time."""
    until_m = min(ahead.left_m, situation.horizon_m - situation.scale.reach_m)
    for group in _groups(ahead):
        within_reach_m = max(0.0, group[0].along_m - situation.scale.reach_m)
        if within_reach_m >= until_m:
            break
        passed_m = group[-1].along_m + PASSED_AFTER_M
        until_m = min(until_m, _breaks_at_m(situation, ahead, after_s, group, (within_reach_m, passed_m)))
    return until_m


def _groups(ahead: OnRoute) -> Iterator[list[PassedPlace]]:
    """Yield the places that may be suggested, in groups of neighbours."""
    candidates = (place for place in ahead.places if not place.is_last_hint)
    return (list(group) for _, group in groupby(candidates, key=lambda place: place.along_m // _GROUP_M))


def _breaks_at_m(
    situation: Situation, ahead: OnRoute, after_s: float, group: list[PassedPlace], span_m: tuple[float, float]
) -> float:
    """Return where one of the group may first be suggested, after the first of them comes within reach."""
    reach_m = situation.scale.reach_m
    worn = (situation.since_last_stop_s + after_s) / situation.comfort_s
    if worn >= NEED_OF_COMFORT and _may_close(situation, [place.closes_in_s for place in group], after_s):
        return span_m[0]
    least_stars, way_left_m = _silencing(situation, worn, after_s, (place.sure_stars for place in group))
    at_m = span_m[0]
    # A place beyond reach but within the remaining distance keeps the silence until it comes within reach.
    for place in ahead.places:
        if place.is_sure and place.sure_stars > least_stars and place.along_m - way_left_m <= at_m:
            at_m = max(at_m, place.along_m - reach_m)
    ends_in_sight = worn < NEED_OF_COMFORT and ahead.left_m - way_left_m <= at_m
    return float("inf") if at_m > span_m[1] or ends_in_sight else at_m


def _farthest_m(situation: Situation, around: Around, after_s: float) -> float | None:
    """Return how far the phone may travel within that time; None if nothing can be guaranteed."""
    reach_m = situation.scale.reach_m
    nothing_until_m = (around.possible[0].distance_m if around.possible else situation.horizon_m) - reach_m
    farthest = nothing_until_m if nothing_until_m > 0 else None
    for rung_m in rungs_m(situation):
        if rung_m <= nothing_until_m:
            continue
        if not _stays_silent(situation, around, after_s, rung_m):
            break
        farthest = rung_m
    return farthest


def _stays_silent(situation: Situation, around: Around, after_s: float, within_m: float) -> bool:
    """Return whether no rule can give a hint, although places may be within reach."""
    reach_m = situation.scale.reach_m
    near = [ring for ring in around.possible if ring.distance_m <= reach_m + within_m]
    worn = (situation.since_last_stop_s + after_s) / situation.comfort_s
    if worn >= NEED_OF_COMFORT and _may_close(situation, [ring.closes_in_s for ring in near], after_s):
        return False
    least_stars, way_left_m = _silencing(situation, worn, after_s, (ring.sure_stars for ring in near))
    spans = [
        (witness.bearing_deg, AHEAD_HALF_ANGLE_DEG - _TURN_SLACK_DEG - degrees(asin(within_m / witness.distance_m)))
        for witness in around.witnesses
        if witness.sure_stars > least_stars and reach_m + within_m < witness.distance_m <= way_left_m - within_m
    ]
    return _all_round(spans)


def _silencing(
    situation: Situation, worn: float, after_s: float, candidates_stars: Iterable[float]
) -> tuple[float, float]:
    """Return how many sure stars a place beyond reach must exceed, and within what distance, to rule out a hint."""
    if worn < NEED_OF_COMFORT:
        return float("-inf"), situation.way_left_m(after_s)
    least_stars = max(candidates_stars) + 2 * _DECAY_SLACK_STARS
    if worn >= RUNNING_OUT_OF_COMFORT and "comfort_running_out" not in situation.memory.declined:
        return least_stars, situation.comfort_left_m(after_s)
    return least_stars - CLEARLY_BETTER_STARS, situation.way_left_m(after_s)


def _may_close(situation: Situation, closes_in_s: Iterable[float | None], after_s: float) -> bool:
    arrival_s = situation.scale.reach_m * situation.detour / SPEED_M_PER_S[situation.mode]
    return any(seconds is not None and seconds <= after_s + arrival_s + CLOSING_S for seconds in closes_in_s)


def _all_round(spans: list[tuple[float, float]]) -> bool:
    """Return whether arcs, each with a centre and a half width in degrees, cover all headings."""
    arcs = sorted(((centre - half) % 360, 2 * half) for centre, half in spans if half > 0)
    if not arcs:
        return False
    covered_to = arcs[0][0]
    for start, width in [*arcs, (arcs[0][0] + 360, 0.0)]:
        if start > covered_to:
            return False
        covered_to = max(covered_to, start + width)
    return True
