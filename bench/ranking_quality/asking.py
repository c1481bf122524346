"""What asking passers-by for ratings gains, by who is asked."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.filters import Estimate
from bench.ranking_quality.interval import Interval, interval, share_of
from bench.ranking_quality.raters import Density, Integers, Ratings, by_place, honest_ratings, some
from bench.ranking_quality.regimes import RATINGS_A_RATER, REGIMES, median_a_year, ratings_of
from bench.ranking_quality.rules import RULES
from bench.ranking_quality.visits import Visits
from bench.ranking_quality.world import HISTORY_DAYS, VISITING_DAYS, World
from bench.reference.value_of_information import expected_move, gap, sd_after_a_rating, worth
from geo.facilities.ranking import MODES, RANKINGS, Mode

ANSWERS_A_WEEK = 10
"""Of a town, at most."""

WILLING_PER_RATING = 70.0
"""Passers-by who would answer for each one who rates unasked. One in ten who are asked would answer; unasked, one user
in a hundred rates (Nielsen, 2006), 1.4 times in ten stops a year or so, one stop in 700. The ten stops are a guess."""

NEIGHBOURS = 3
"""Of each place: visitors are assumed to ask half-way to them."""

WEEK_DAYS = 7

_OTHERS = 1_000_000
"""From here on: devices of those who are asked."""


class Passers(NamedTuple):
    """Who would answer in the coming week, and what is known of the places at its beginning.

    Attributes:
        place: index of the place of each, in the order of time.
        estimate: of all places.
        places_km: east and north of the centre, places by 2.
        beta_stars_per_km: cost of the way.
    """

    place: Integers
    estimate: Estimate
    places_km: Floats
    beta_stars_per_km: float


Policy = Callable[[Passers], Integers]
"""Returns which passers-by to ask."""


class Asked(NamedTuple):
    """What visitors of towns lose, by who is asked.

    Attributes:
        regime: its name.
        policy: its name.
        mode: of the visitors.
        regret: in stars.
        below_nobody: share of the regret without asking that asking avoids.
    """

    regime: str
    policy: str
    mode: Mode
    regret: Interval
    below_nobody: Interval


def nobody(_: Passers) -> Integers:
    """Ask nobody."""
    return np.array([], dtype=np.int64)


def as_they_come(passers: Passers) -> Integers:
    """Ask the first ones."""
    return np.arange(min(ANSWERS_A_WEEK, len(passers.place)))


def most_doubt(passers: Passers) -> Integers:
    """Ask where the standard deviation is greatest."""
    return _greedy(passers, lambda sd, _: sd)


def value_of_information(passers: Passers) -> Integers:
    """Ask where one more rating is worth most to visitors half-way between neighbouring places."""
    return _most_worth(passers, between_neighbours(passers.places_km))


def value_at_the_places(passers: Passers) -> Integers:
    """Ask where one more rating is worth most to visitors who stand at the places."""
    return _most_worth(passers, passers.places_km)


def between_neighbours(places_km: Floats) -> Floats:
    """Return the points half-way from each place to its nearest ones."""
    offsets = places_km - places_km[:, None]
    nearest = np.argsort((offsets**2).sum(axis=-1), axis=1)[:, 1 : NEIGHBOURS + 1]
    return ((places_km[:, None] + places_km[nearest]) / 2).reshape(-1, 2)


class Asking(NamedTuple):
    """A way of asking.

    Attributes:
        policy: whom to ask.
        proved: whether the answers are proved by a sign at the door.
    """

    policy: Policy
    proved: bool = False


WAYS = {
    "nobody": Asking(nobody),
    "as they come": Asking(as_they_come),
    "most doubt": Asking(most_doubt),
    "value of information": Asking(value_of_information),
    "value of information, visitors at the places": Asking(value_at_the_places),
    "value of information, signs at the doors": Asking(value_of_information, proved=True),
}
"""By the names of the table."""


def asked(worlds: Iterable[World], regime: str) -> list[Asked]:
    """Let visitors choose by ours after asking by each policy."""
    regret = np.array([_regrets(world, regime) for world in worlds])
    return [
        Asked(regime, policy, mode, interval(figures), Interval(1 - share.mean, share.margin))
        for at, policy in enumerate(WAYS)
        for at_mode, mode in enumerate(MODES)
        for figures in [regret[:, at, at_mode]]
        for share in [share_of(figures, regret[:, 0, at_mode])]
    ]


def _regrets(world: World, regime: str) -> list[list[float]]:
    """Ways by modes."""
    unasked = ratings_of(world, REGIMES[regime])
    density = Density(WILLING_PER_RATING * median_a_year(world, REGIMES[regime]), RATINGS_A_RATER, float(HISTORY_DAYS))
    willing = honest_ratings(np.random.default_rng([world.seed, 3]), world, density)
    in_time = some(willing, np.argsort(willing.day))
    willing = replace(in_time, device=in_time.device + _OTHERS, present=np.ones(len(in_time.day)))
    visits = {mode: Visits(world, "balanced", mode) for mode in MODES}

    def regret(way: Asking, mode: Mode) -> float:
        answers = replace(willing, proved=np.full(len(willing.day), float(way.proved)))
        ratings = _with_answers(world, unasked, answers, (way.policy, mode))
        return visits[mode].score(_ours(world, ratings, world.moments), RULES["ours"].kappa).regret

    return [[regret(way, mode) for mode in MODES] for way in WAYS.values()]


def _with_answers(world: World, ratings: Ratings, willing: Ratings, how: tuple[Policy, Mode]) -> Ratings:
    """Ask week by week, each time with the answers of the weeks before."""
    policy, mode = how
    beta = RANKINGS["balanced", mode].beta_stars_per_km
    for week in range(HISTORY_DAYS, HISTORY_DAYS + VISITING_DAYS, WEEK_DAYS):
        first, last = np.searchsorted(willing.day, [week, week + WEEK_DAYS])
        estimate = _ours(world, ratings, np.array([float(week)]))
        answers = first + policy(Passers(willing.place[first:last], estimate, world.places_km, beta))
        ratings = by_place([ratings, some(willing, answers)])
    return ratings


def _ours(world: World, ratings: Ratings, moments: Floats) -> Estimate:
    return RULES["ours"].estimate(world, Evidence(ratings, moments, len(world.busyness)))


def _most_worth(passers: Passers, visitors_km: Floats) -> Integers:
    distance_km = np.sqrt(((passers.places_km - visitors_km[:, None]) ** 2).sum(axis=-1))
    difference = gap(passers.estimate.q[0], passers.beta_stars_per_km * distance_km)
    return _greedy(passers, lambda sd, places: worth(expected_move(sd), difference[:, places]).mean(axis=0))


def _greedy(passers: Passers, value: Callable[[Floats, Integers], Floats]) -> Integers:
    """Ask the next passer-by at the place of greatest value, and again with the doubt that is left there."""
    sd = passers.estimate.sd[0].copy()
    left = np.bincount(passers.place, minlength=len(sd))
    values = value(sd, np.arange(len(sd)))
    chosen: list[int] = []
    for _ in range(min(ANSWERS_A_WEEK, len(passers.place))):
        best = int(np.where(left > 0, values, -np.inf).argmax())
        at_place = np.flatnonzero(passers.place == best)
        chosen.append(int(at_place[-left[best]]))
        left[best] -= 1
        sd[best] = float(sd_after_a_rating(sd[best]))
        values[best] = value(sd[best : best + 1], np.array([best]))[0]
    return np.array(chosen, dtype=np.int64)
