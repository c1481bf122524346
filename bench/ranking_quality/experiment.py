"""Many towns, many orders: choose constants on some towns, confirm them on others."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.rankers import KAPPAS, OTHERS, OURS, Change, Ranker, alone, right_mean, together
from bench.ranking_quality.visits import Score, Visits
from bench.ranking_quality.world import REGIMES, Regime, World, make_world
from bench.reference.estimates import Evidence
from geo.facilities.ranking import Mode, Rank

Task = tuple[Rank, Mode]

BALANCED: list[Task] = [("balanced", "walk"), ("balanced", "drive")]
CLEANLINESS: list[Task] = [("cleanliness", "walk"), ("cleanliness", "drive")]

FINALISTS = 3
"""Sets of changed constants that go from the choosing towns to the confirming ones."""

CONFIRMING_SEEDS = 10_000_000
"""From here on: no town that chose a constant confirms it."""


class Outcome(NamedTuple):
    """Scores of rankers in towns.

    Attributes:
        names: of the rankers, ours among them.
        tasks: who visits.
        regimes: of each town.
        scores: towns by rankers by tasks by fields of Score.
    """

    names: list[str]
    tasks: list[Task]
    regimes: list[Regime]
    scores: Floats

    def of(self, field: str, task: Task) -> Floats:
        """One field in one task: towns by rankers."""
        return self.scores[:, :, self.tasks.index(task), Score._fields.index(field)]

    def regret(self, rank: Rank) -> Floats:
        """Mean regret on foot and by car: towns by rankers."""
        return (self.of("regret", (rank, "walk")) + self.of("regret", (rank, "drive"))) / 2


def towns(count: int, first_seed: int) -> Iterable[World]:
    """Make towns, as many of each regime."""
    for number in range(count):
        yield make_world(REGIMES[number % len(REGIMES)], first_seed + number)


def compare(worlds: Iterable[World], rankers: Sequence[Ranker], tasks: Sequence[Task]) -> Outcome:
    """Score rankers, and after them the oracle."""
    regimes, scores = [], []
    for world in worlds:
        evidence = Evidence(world)
        estimates = [(ranker.estimate(evidence), ranker.kappa) for ranker in rankers]
        regimes.append(world.regime)
        visits = [Visits(world, *task) for task in tasks]
        scores.append([[v.score(*e) for v in visits] for e in estimates] + [[v.oracle() for v in visits]])
    names = [*(ranker.name for ranker in rankers), "oracle"]
    return Outcome(names, list(tasks), regimes, np.array(scores))


def choose(worlds: Sequence[World]) -> list[Ranker]:
    """Find sets of constants that together beat ours by mean regret on foot and by car."""
    single = alone()
    regret = compare(worlds, [OURS, *single.values()], BALANCED).regret("balanced").mean(axis=0)
    best: dict[str, tuple[float, Change]] = {}
    for change, figure in zip(single, regret[1:-1].tolist(), strict=True):
        best[change[0]] = min(best.get(change[0], (regret[0], change)), (figure, change), key=lambda pair: pair[0])
    sets = together(change for figure, change in best.values() if figure < regret[0])
    if not sets:
        return []
    order = np.argsort(compare(worlds, sets, BALANCED).regret("balanced").mean(axis=0)[: len(sets)])
    return [sets[index] for index in order[:FINALISTS]]


def confirm(worlds: Iterable[World], finalists: Sequence[Ranker]) -> Outcome:
    """Score everything on other towns."""
    rankers = [OURS, *OTHERS, *alone().values(), *map(right_mean, KAPPAS), *finalists]
    return compare(worlds, list({ranker.name: ranker for ranker in rankers}.values()), [*BALANCED, *CLEANLINESS])
