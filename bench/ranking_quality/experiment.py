"""Many towns, each rated under many regimes, ordered by many rules."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.evidence import Evidence
from bench.ranking_quality.interval import Interval, interval
from bench.ranking_quality.regimes import Regime, ratings_of
from bench.ranking_quality.rules import Rule
from bench.ranking_quality.visits import Score, Visits
from bench.ranking_quality.world import World
from geo.facilities.ranking import Mode, Rank

Task = tuple[Rank, Mode]

BALANCED: list[Task] = [("balanced", "walk"), ("balanced", "drive")]
CLEANLINESS: list[Task] = [("cleanliness", "walk"), ("cleanliness", "drive")]


class Outcome(NamedTuple):
    """Scores of rules in the same towns under each regime.

    Attributes:
        regimes: their names.
        rules: their names.
        tasks: what visitors ask for.
        scores: towns by regimes by rules by tasks by fields of Score.
    """

    regimes: list[str]
    rules: list[str]
    tasks: list[Task]
    scores: Floats

    def of(self, field: str, regime: str, rule: str, task: Task) -> Floats:
        """One figure a town."""
        at = self.regimes.index(regime), self.rules.index(rule), self.tasks.index(task), Score._fields.index(field)
        return self.scores[:, at[0], at[1], at[2], at[3]]

    def mean(self, field: str, regime: str, rule: str, task: Task) -> Interval:
        """Mean over towns."""
        return interval(self.of(field, regime, rule, task))

    def less(self, regime: str, rule: str, other: str, task: Task) -> Interval:
        """Regret of a rule less that of another one, paired within towns."""
        return interval(self.of("regret", regime, rule, task) - self.of("regret", regime, other, task))

    def below(self, regime: str, rule: str, other: str, task: Task) -> Interval:
        """By which share the mean regret of a rule is below that of another one, by the delta method."""
        mine, others = self.of("regret", regime, rule, task), self.of("regret", regime, other, task)
        ratio = mine.mean() / others.mean()
        margin = interval(mine - ratio * others).margin / float(others.mean())
        return Interval(float(1 - ratio), margin)


def compare(
    worlds: Iterable[World], regimes: Mapping[str, Regime], rules: Mapping[str, Rule], tasks: list[Task]
) -> Outcome:
    """Score rules under regimes."""
    scores = []
    for world in worlds:
        visits = [Visits(world, *task) for task in tasks]
        scores.append([_scores(world, regime, rules, visits) for regime in regimes.values()])
    return Outcome([*regimes], [*rules], tasks, np.array(scores))


def _scores(world: World, regime: Regime, rules: Mapping[str, Rule], visits: list[Visits]) -> list[list[Score]]:
    evidence = Evidence(ratings_of(world, regime), world.moments, len(world.places_km))
    estimates = [(rule.estimate(world, evidence), rule.kappa) for rule in rules.values()]
    return [[each.score(*estimate) for each in visits] for estimate in estimates]
