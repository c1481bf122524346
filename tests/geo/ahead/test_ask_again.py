"""Silence is never promised for longer than the rules keep it: in a flat world, against the rules themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from math import atan2, cos, degrees, hypot, radians, sin
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from geo.ahead.hints.ask_again import EACH_MINUTE_S, AskAgain, after_silence, after_silence_on_route
from geo.ahead.hints.outlook import Around, Possible, Witness
from geo.ahead.hints.outlook_on_route import OnRoute, PassedPlace
from geo.ahead.hints.rules import AHEAD_HALF_ANGLE_DEG, Candidate, Hint, Outlook, decide
from geo.ahead.hints.situation import CRUISE_M_PER_S, Situation
from geo.ahead.timed_route import lay
from geo.coordinates import Point
from geo.facilities.ranking import duration_s
from tests.conftest import NOON
from tests.factories import card

ROUTE = lay([(0, 0), (1, 0)], speed_kmh=80)
"""Only that there is one matters: along it the way is no longer than it looks."""

HEADINGS = (None, *range(0, 360, 15))


def passed(along_m: float) -> PassedPlace:
    return PassedPlace(along_m, 4, None, is_sure=True, is_last_hint=False)


class Spot(NamedTuple):
    """A place in a flat world, metres east and north of where the question is asked."""

    x: float
    y: float
    stars: float
    closes_in_s: int | None

    def away(self, x: float, y: float) -> tuple[float, float]:
        """Distance and bearing from there."""
        return hypot(self.x - x, self.y - y), degrees(atan2(self.x - x, self.y - y))


def candidate(stars: float, away_m: float, closes_in_s: float | None, arrival_s: float) -> Candidate:
    shown = card(
        open_state="unknown" if closes_in_s is None else "open",
        open_until=None if closes_in_s is None else NOON + timedelta(seconds=closes_in_s),
        open_checked_at=NOON + timedelta(seconds=arrival_s),
    )
    return Candidate(shown, away_m, stars - 0.5 * away_m / 1000, stars)


def there(spots: Sequence[Spot], situation: Situation, x: float, y: float, after_s: float) -> Hint:
    """What the rules say at that point, at that time, on the situation's heading."""
    later = replace(situation, since_last_stop_s=situation.since_last_stop_s + after_s)
    scale, heading = later.scale, later.heading_deg
    near, beyond = [], []
    for spot in spots:
        away_m, bearing = spot.away(x, y)
        arrival_s = after_s + duration_s(away_m, later.mode)
        if spot.closes_in_s is not None and spot.closes_in_s <= arrival_s:
            continue
        turn = 0 if heading is None else radians(bearing - heading)
        if away_m <= scale.reach_m:
            if away_m <= scale.here_m or (cos(turn) >= 0 and away_m * abs(sin(turn)) <= scale.aside_m):
                near.append(candidate(spot.stars, away_m, spot.closes_in_s, arrival_s))
        elif away_m <= later.way_left_m() and cos(turn) >= cos(radians(AHEAD_HALF_ANGLE_DEG)):
            beyond.append((away_m, spot.stars))
    near.sort(key=lambda one: -one.utility)
    outlook = Outlook(
        near,
        beyond_m=min((away_m for away_m, _ in beyond), default=None),
        beyond_stars=max((stars for _, stars in beyond), default=None),
        in_time_stars=max((stars for away_m, stars in beyond if away_m <= later.comfort_left_m()), default=None),
        looked_m=None if heading is None else later.way_left_m(),
    )
    return decide(later, outlook)


def around(spots: Sequence[Spot], situation: Situation) -> Around:
    within = [(spot, *spot.away(0, 0)) for spot in spots if spot.away(0, 0)[0] <= situation.horizon_m]
    return Around(
        tuple(
            Possible(away_m, spot.stars, spot.closes_in_s) for spot, away_m, _ in sorted(within, key=lambda one: one[1])
        ),
        tuple(
            Witness(away_m, bearing % 360, spot.stars)
            for spot, away_m, bearing in within
            if away_m > situation.scale.reach_m and spot.closes_in_s is None
        ),
    )


def points(spots: Sequence[Spot], after_m: float) -> Iterator[tuple[float, float]]:
    """Towards each place and away from it, and all around, up to the rim."""
    bearings = {round(spot.away(0, 0)[1] + turn) for spot in spots for turn in (0, 180)} | set(range(0, 360, 45))
    for share in (0.5, 0.999):
        for bearing in bearings:
            yield after_m * share * sin(radians(bearing)), after_m * share * cos(radians(bearing))


metres = st.floats(-20_000, 20_000)
stars = st.floats(2, 5)
closing = st.none() | st.none() | st.integers(60, 12_000)
ring = st.builds(  # places all around, as in a town: only there can much be promised
    lambda far, count, turn, one: [
        Spot(far * sin(turn + 6.2832 * step / count), far * cos(turn + 6.2832 * step / count), one, None)
        for step in range(count)
    ],
    st.floats(4_500, 19_000),
    st.integers(3, 9),
    st.floats(0, 6),
    stars,
)
worlds = st.builds(
    lambda ring, more: [*ring, *more],
    ring | st.just([]),
    st.lists(st.builds(Spot, metres, metres, stars, closing), max_size=6),
)
worn_s = st.floats(1800, 7200)

SETTINGS = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much]
)


@pytest.mark.slow
@SETTINGS
@given(worlds, worn_s)
@example([Spot(5_000, 0, 4, None)], 6000)
def test_no_rule_applies_anywhere_within_ask_again(spots: list[Spot], since_s: float) -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=7200, since_last_stop_s=since_s)
    again = after_silence(situation, around(spots, situation))
    assume(again.after_m is not None)
    for x, y in points(spots, again.after_m or 0):
        for after_s in (0, again.after_s * 0.999):
            for heading in HEADINGS:
                hint = there(spots, replace(situation, heading_deg=heading), x, y, after_s)
                assert not hint.speak, (hint.reason, again, x, y, heading, after_s)


def along(places: Sequence[PassedPlace], left_m: float, situation: Situation, x: float, after_s: float) -> Hint:
    """What the rules say so far along the route."""
    later = replace(situation, since_last_stop_s=situation.since_last_stop_s + after_s)
    reach_m, way_left_m = later.scale.reach_m, later.way_left_m()
    near, beyond, ends = [], [], [left_m - x] if left_m - x <= way_left_m else []
    for place in places:
        away_m = place.along_m - x
        arrival_s = after_s + away_m / CRUISE_M_PER_S[later.mode]
        if away_m <= 0 or (place.closes_in_s is not None and place.closes_in_s <= arrival_s):
            continue
        if away_m <= reach_m and not place.is_last_hint:
            near.append(candidate(place.sure_stars, away_m, place.closes_in_s, arrival_s))
        elif reach_m < away_m <= way_left_m:
            beyond.append((away_m, place.sure_stars))
    near.sort(key=lambda one: -one.utility)
    return decide(
        later,
        Outlook(
            near,
            beyond_m=min([*(away_m for away_m, _ in beyond), *ends], default=None),
            beyond_stars=max((stars for _, stars in beyond), default=None),
            in_time_stars=max((stars for away_m, stars in beyond if away_m <= later.comfort_left_m()), default=None),
            looked_m=way_left_m,
        ),
    )


route_places = st.lists(
    st.builds(
        lambda along_m, one, closes, is_last: PassedPlace(
            along_m, one, closes, is_sure=closes is None, is_last_hint=is_last
        ),
        st.floats(10, 78_000),
        stars,
        closing,
        st.sampled_from((False, False, False, True)),
    ),
    max_size=25,
)


@pytest.mark.slow
@SETTINGS
@given(route_places, st.floats(500, 200_000), worn_s)
def test_no_rule_applies_anywhere_on_the_route_within_ask_again(
    listed: list[PassedPlace], left_m: float, since_s: float
) -> None:
    places = sorted((place for place in listed if place.along_m <= left_m), key=lambda place: place.along_m)
    situation = Situation(
        Point(0, 0), NOON, "drive", comfort_s=7200, speed_m_s=25, since_last_stop_s=since_s, route=ROUTE
    )
    again = after_silence_on_route(situation, OnRoute(tuple(places), left_m))
    assume(again.after_m is not None)
    for step in range(60):
        x = (again.after_m or 0) * step / 60
        # What the horizon hid from here is not looked at from there either: it could only bring more silence.
        for after_s in (0, again.after_s / 2, again.after_s * 0.999):
            hint = along(places, left_m, situation, x, after_s)
            assert not hint.speak, (hint.reason, again, x, after_s)


def test_far_from_every_place_ask_again_ends_where_the_nearest_comes_within_reach() -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=7200, since_last_stop_s=6000)
    assert after_silence(situation, around([Spot(0, 30_000, 4, None)], situation)) == AskAgain(3600, 26_000)
    assert after_silence(situation, around([], situation)) == AskAgain(3600, 56_000)
    assert after_silence(situation, around([Spot(0, 3_000, 4, None)], situation)) == AskAgain(EACH_MINUTE_S, None)


def test_among_places_on_all_sides_ask_again_ends_at_half_of_the_comfort() -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=7200, since_last_stop_s=1800, speed_m_s=1)
    town = [
        Spot(far * sin(turn), far * cos(turn), 4, None) for far in (1_000, 8_000, 15_000) for turn in (0, 1, 2, 3, 4, 5)
    ]
    again = after_silence(situation, around(town, situation))
    assert again.after_s >= 1200
    assert again.after_m is not None
    assert again.after_m >= 600


def test_on_a_route_ask_again_ends_where_the_last_place_before_a_gap_comes_within_reach() -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=7200, since_last_stop_s=1800, speed_m_s=25, route=ROUTE)
    places = tuple(passed(along_m) for along_m in (2_000, 9_000, 16_000))
    again = after_silence_on_route(situation, OnRoute(places, 200_000))
    assert again.after_m == 12_000  # from there on the last of them is within reach, and none beyond
    assert after_silence_on_route(situation, OnRoute(places, 60_000)).after_m == 60_000  # its end is no gap


def test_ask_again_ends_half_an_hour_before_a_place_within_reach_closes() -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=7200, since_last_stop_s=3600, speed_m_s=1)
    town = [Spot(far * sin(turn), far * cos(turn), 4, None) for far in (8_000, 15_000) for turn in range(6)]
    for closes_in_s, after_s in ((None, 1200), (3000, 600)):  # 1,800 s before, and 551 s for the way there
        spots = [*town, Spot(1_000, 0, 3, closes_in_s)]
        assert after_silence(situation, around(spots, situation)).after_s == after_s


def test_on_a_route_a_place_beyond_the_remaining_distance_does_not_extend_ask_again() -> None:
    situation = Situation(Point(0, 0), NOON, "drive", comfort_s=3600, since_last_stop_s=1700, route=ROUTE)
    promised = []
    for next_m in (60_000, 30_000):
        places = tuple(passed(along_m) for along_m in (3_000, next_m))
        promised.append(after_silence_on_route(situation, OnRoute(places, 200_000)).after_s > EACH_MINUTE_S)
    assert promised == [False, True]
