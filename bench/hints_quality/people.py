"""The people of the simulated days: where they are from morning to evening, and when they need a toilet."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import atan2, degrees, hypot, log
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from bench.hints_quality.world import HOUR_S, World, make_city, make_motorway, scatter
from geo.facilities.ranking import SPEED_M_PER_S, Mode

MINUTE_S = 60.0

ADULT_MEDIAN_S, FAMILY_MEDIAN_S = 3.1 * HOUR_S, 2.2 * HOUR_S
"""Median time between two needs: of 4,061 women most go every 3 to 4 hours (Lukacz et al., 2009). The family's is that
of its first member; chosen."""

BETWEEN_PEOPLE_SIGMA = 0.21
"""Sigma of the lognormal medians of people: that of quartiles of 3 and 4 hours."""

WITHIN_PERSON_SIGMA = 0.3
"""Sigma of one person's lognormal intervals. Chosen."""

ADULT_GRACE_S, CHILD_GRACE_S, GRACE_SIGMA = 30 * MINUTE_S, 15 * MINUTE_S, 0.5
"""Median time from feeling a need until it is urgent, and sigma of its lognormal distribution. Chosen."""

WILLING_FROM = (0.5, 1.0)
"""Share of the interval from which a person accepts a hint, uniform. Chosen."""

CITY_DRIVE_M_S = SPEED_M_PER_S["drive"]
WALK_M_S = SPEED_M_PER_S["walk"]
MOTORWAY_M_S = 110 / 3.6
"""Speeds of people under way: on the motorway 110 km/h, rests not included. Chosen."""


class Leg(NamedTuple):
    """A part of a day: straight on, standing, or indoors where a toilet is at hand.

    Attributes:
        lasts_s: duration.
        mode: travel mode; None indoors.
        east_m, north_m: position at its start.
        heading_deg, speed_m_s: course and speed; None and 0 while standing or indoors.
    """

    lasts_s: float
    mode: Mode | None
    east_m: float
    north_m: float
    heading_deg: float | None = None
    speed_m_s: float = 0.0


class Need(NamedTuple):
    """The need that follows a stop, in seconds after that stop.

    Attributes:
        willing_s: from when on this person accepts a hint.
        felt_s: when the need is felt.
        urgent_s: when it becomes urgent.
        app_draw: uniform in 0 to 1: the app knows of the stop if it is less than the share of stops known.
    """

    willing_s: float
    felt_s: float
    urgent_s: float
    app_draw: float


class Day(NamedTuple):
    """A day of one person.

    Attributes:
        world: the places.
        begins_s: when it begins, seconds since midnight; the person has just stopped then.
        legs: where this person is.
        comfort_s: this person's own median interval.
        needs: the need after each stop, more than a day can have.
        stop_s: duration of a stop.
    """

    world: World
    begins_s: float
    legs: list[Leg]
    comfort_s: float
    needs: list[Need]
    stop_s: float


class Persona(NamedTuple):
    """A kind of person.

    Attributes:
        median_s: median of their median intervals.
        grace_s: median time until a felt need is urgent.
        stop_s: duration of a stop.
        travels: draws a world, the start of the day, and its legs.
    """

    median_s: float
    grace_s: float
    stop_s: float
    travels: Callable[[Generator], tuple[World, float, list[Leg]]]


_MOST_STOPS = 60


def make_day(persona: str, seed: int) -> Day:
    """Create a day, the same one for the same seed."""
    kind = PERSONAS[persona]
    random = np.random.default_rng([list(PERSONAS).index(persona), seed])
    world, begins_s, legs = kind.travels(random)
    comfort_s = float(random.lognormal(log(kind.median_s), BETWEEN_PEOPLE_SIGMA))
    return Day(world, begins_s, legs, comfort_s, list(_needs(random, comfort_s, kind.grace_s)), kind.stop_s)


def _needs(random: Generator, median_s: float, grace_s: float) -> Iterator[Need]:
    for _ in range(_MOST_STOPS):
        felt_s = float(random.lognormal(log(median_s), WITHIN_PERSON_SIGMA))
        willing_s = felt_s * float(random.uniform(*WILLING_FROM))
        urgent_s = felt_s + float(random.lognormal(log(grace_s), GRACE_SIGMA))
        yield Need(willing_s, felt_s, urgent_s, float(random.random()))


def _commuter(random: Generator) -> tuple[World, float, list[Leg]]:
    """Drive to an office, lunch on foot, a shop on the way home, and a walk in the evening."""
    world = make_city(random)
    office = _about(random, 1_000)
    distance_m, bearing = random.uniform(12_000, 25_000), random.uniform(0, 2 * np.pi)
    home = distance_m * float(np.sin(bearing)), distance_m * float(np.cos(bearing))
    lunch = office[0] + float(random.normal(0, 500)), office[1] + float(random.normal(0, 500))
    shop = (office[0] + home[0]) / 2, (office[1] + home[1]) / 2
    walk = home[0] + float(random.normal(0, 1_000)), home[1] + float(random.normal(0, 1_000))
    legs = [
        *_go("drive", [home, office]),
        _indoors(office, 4 * HOUR_S),
        *_go("walk", [office, lunch]),
        _indoors(lunch, 30 * MINUTE_S),
        *_go("walk", [lunch, office]),
        _indoors(office, 4 * HOUR_S),
        *_go("drive", [office, shop]),
        _indoors(shop, 30 * MINUTE_S),
        *_go("drive", [shop, home]),
        _indoors(home, 2 * HOUR_S),
        *_go("walk", [home, walk, home]),
    ]
    return world, 7.5 * HOUR_S, legs


def _tourist(random: Generator) -> tuple[World, float, list[Leg]]:
    """Walk from sight to sight; half of them are indoors."""
    world = make_city(random)
    here, begins_s = _about(random, 1_000), 9.5 * HOUR_S
    legs: list[Leg] = []
    while sum(leg.lasts_s for leg in legs) < 9 * HOUR_S:
        there = _about(random, 700)
        legs += _go("walk", _round_the_block(here, there))
        if random.random() < 0.5:
            legs.append(_indoors(there, float(random.uniform(45, 90)) * MINUTE_S))
        else:
            legs.append(Leg(float(random.uniform(15, 40)) * MINUTE_S, "walk", *there))
        here = there
    return world, begins_s, legs


def _family(random: Generator) -> tuple[World, float, list[Leg]]:
    """Drive 450 to 700 km on a motorway, whose end has a toilet."""
    road_m = float(random.uniform(450_000, 700_000))
    return make_motorway(random, road_m), 8 * HOUR_S, list(_go("drive", [(0.0, 0.0), (road_m, 0.0)], MOTORWAY_M_S))


def _delivery(random: Generator) -> tuple[World, float, list[Leg]]:
    """Drive from the depot to addresses about the city, each near the one before, with lunch indoors."""
    world = make_city(random)
    depot = _about(random, 4_000)
    here, at_s, had_lunch = depot, 8.5 * HOUR_S, False
    begins_s, legs = at_s, []
    while at_s < 16.5 * HOUR_S:
        there = 0.95 * here[0] + float(random.normal(0, 800)), 0.95 * here[1] + float(random.normal(0, 800))
        handed_over = Leg(4 * MINUTE_S, "drive", *there)
        new = [*_go("drive", _round_the_block(here, there)), handed_over]
        if at_s >= 12.5 * HOUR_S and not had_lunch:
            new.append(_indoors(there, 30 * MINUTE_S))
            had_lunch = True
        legs += new
        at_s += sum(leg.lasts_s for leg in new)
        here = there
    return world, begins_s, [*legs, *_go("drive", _round_the_block(here, depot))]


PERSONAS = {
    "commuter": Persona(ADULT_MEDIAN_S, ADULT_GRACE_S, 5 * MINUTE_S, _commuter),
    "tourist": Persona(ADULT_MEDIAN_S, ADULT_GRACE_S, 5 * MINUTE_S, _tourist),
    "family": Persona(FAMILY_MEDIAN_S, CHILD_GRACE_S, 12 * MINUTE_S, _family),
    "delivery": Persona(ADULT_MEDIAN_S, ADULT_GRACE_S, 5 * MINUTE_S, _delivery),
}

Place = tuple[float, float]


def _about(random: Generator, scale_m: float) -> Place:
    east_m, north_m = scatter(random, scale_m, 1)
    return float(east_m[0]), float(north_m[0])


def _indoors(at: Place, lasts_s: float) -> Leg:
    return Leg(lasts_s, None, *at)


def _round_the_block(start: Place, end: Place) -> list[Place]:
    """East or west first, then north or south."""
    return [start, (end[0], start[1]), end]


def _go(mode: Mode, way: list[Place], speed_m_s: float | None = None) -> Iterator[Leg]:
    pace_m_s = speed_m_s or (WALK_M_S if mode == "walk" else CITY_DRIVE_M_S)
    for (from_east, from_north), (to_east, to_north) in pairwise(way):
        east_m, north_m = to_east - from_east, to_north - from_north
        heading_deg = degrees(atan2(east_m, north_m)) % 360
        yield Leg(hypot(east_m, north_m) / pace_m_s, mode, from_east, from_north, heading_deg, pace_m_s)
