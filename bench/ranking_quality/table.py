"""The tables: what visitors get from each order, where it differs by regime, and what doubt costs."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from bench.ranking_quality.cleanliness import Floats
from bench.ranking_quality.experiment import Outcome, Task
from bench.ranking_quality.interval import Interval, interval
from bench.ranking_quality.rankers import KAPPAS, OURS, Ranker, changed, right_mean
from bench.ranking_quality.world import BRIGADES_A_PLACE_YEAR, KIND_MEANS, MEDIANS_A_YEAR, RELAXATIONS_DAYS
from geo.facilities.ranking import Rank


def markdown(outcome: Outcome) -> str:
    """All tables."""
    parts = []
    ranks = dict.fromkeys(rank for rank, _ in outcome.tasks)
    for rank in ranks:
        parts += [f"### `rank={rank}`", _by_task(outcome, [task for task in outcome.tasks if task[0] == rank])]
    for rank in ranks:
        parts += [f"### By regime: `rank={rank}`, mean regret on foot and by car, less ours", _by_regime(outcome, rank)]
    parts += ["### What doubt costs", _price_of_doubt(outcome)]
    return "\n\n".join(parts)


def as_json(outcome: Outcome) -> list[dict[str, Any]]:
    """Every figure with its interval: a row a ranker and task."""
    return [
        {
            "ranker": name,
            "rank": rank,
            "mode": mode,
            **{field: interval(outcome.of(field, (rank, mode))[:, at])._asdict() for field in ("regret", "ndcg")},
            "dirty": interval(outcome.of("dirty", (rank, mode))[:, at])._asdict(),
            "regret_less_ours": difference(outcome, (rank, mode), at)._asdict(),
        }
        for rank, mode in outcome.tasks
        for at, name in enumerate(outcome.names)
    ]


def looks(outcome: Outcome) -> int:
    """How many differences from ours are looked at: each ranker's but ours and the oracle's, in each task."""
    return (len(outcome.names) - 2) * len(outcome.tasks)


def difference(outcome: Outcome, task: Task, ranker: int) -> Interval:
    """Regret less that of ours in the same towns."""
    regret = outcome.of("regret", task)
    return interval(regret[:, ranker] - regret[:, outcome.names.index(OURS.name)], looks(outcome))


def _by_task(outcome: Outcome, tasks: Sequence[Task]) -> str:
    columns = ["regret", "less ours", "nDCG@10", "dirty"]
    head = ["order", *(f"{mode}: {column}" for _, mode in tasks for column in columns)]
    rows = [[name, *_figures(outcome, tasks, at)] for at, name in enumerate(outcome.names)]
    return _table(head, rows)


def _figures(outcome: Outcome, tasks: Sequence[Task], ranker: int) -> Iterator[str]:
    for task in tasks:
        yield _said(interval(outcome.of("regret", task)[:, ranker]), signed=False)
        yield _difference_said(difference(outcome, task, ranker))
        yield f"{outcome.of('ndcg', task)[:, ranker].mean():.3f}"
        yield f"{outcome.of('dirty', task)[:, ranker].mean():.2%}"


def _by_regime(outcome: Outcome, rank: Rank) -> str:
    """Plain 95 % intervals, but for all towns together, which are corrected as above."""
    regimes = np.array(outcome.regimes)
    groups = {f"{days:g} days": regimes[:, 0] == days for days in RELAXATIONS_DAYS}
    groups |= {f"{median:g} ratings a year": regimes[:, 1] == median for median in MEDIANS_A_YEAR}
    groups |= {f"{rate:g} brigades": regimes[:, 2] == rate for rate in BRIGADES_A_PLACE_YEAR}
    groups |= {f"mean {mean:g}": regimes[:, 3] == mean for mean in KIND_MEANS}
    regret = outcome.regret(rank)
    less_ours = regret - regret[:, [outcome.names.index(OURS.name)]]
    rows = []
    for at, name in enumerate(outcome.names):
        all_towns = interval(less_ours[:, at], looks(outcome))
        rows.append([name, *map(_difference_said, [all_towns, *(interval(less_ours[g, at]) for g in groups.values())])])
    return _table(["order", "all", *groups], rows)


def _price_of_doubt(outcome: Outcome) -> str:
    """Regret and dirty visits by κ, and what a dirty visit less costs against the next smaller κ."""
    rows = []
    for task, (prior, ranker) in product(
        outcome.tasks, {"μ of ours": _kappa_alone, "μ of the kind": right_mean}.items()
    ):
        rankers = [outcome.names.index(ranker(kappa).name) for kappa in KAPPAS]
        regret, dirty = (outcome.of(field, task)[:, rankers] for field in ("regret", "dirty"))
        for at, kappa in enumerate(KAPPAS):
            name = f"{', '.join(task)}, {prior}, κ {kappa:g}"
            row = [name, f"{regret[:, at].mean():.4f}", f"{dirty[:, at].mean():.2%}"]
            if at:
                row += _price(regret[:, at] - regret[:, at - 1], dirty[:, at - 1] - dirty[:, at])
            rows.append(row + [""] * (6 - len(row)))
    return _table(["order", "regret", "dirty", "paid", "dirty visits in 100 spared", "stars a dirty visit"], rows)


def _kappa_alone(kappa: float) -> Ranker:
    return changed([("kappa", kappa)])


def _price(paid: Floats, spared: Floats) -> list[str]:
    """What was paid, for what, and the ratio where it is sure that anything was spared."""
    points = interval(100 * spared)
    price = f"{paid.mean() / spared.mean():.1f}" if points.mean > points.margin else "unsure"
    return [_said(interval(paid)), f"{points.mean:+.2f} ± {points.margin:.2f}", price]


def _said(stars: Interval, signed: bool = True) -> str:
    return f"{stars.mean:{'+' if signed else ''}.4f} ± {stars.margin:.4f}"


def _difference_said(stars: Interval) -> str:
    """Bold where it is more than chance."""
    if not stars.margin:
        return ""
    return f"**{_said(stars)}**" if stars.excludes_zero else _said(stars)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
