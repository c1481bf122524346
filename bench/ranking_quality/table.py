"""The tables: what visitors lose by each rule under each regime, whether verdicts are true, and what asking gains."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from bench.ranking_quality.asking import Asked
from bench.ranking_quality.experiment import Outcome, Task
from bench.ranking_quality.interval import Interval
from bench.ranking_quality.verdicts import Truth
from geo.facilities.ranking import MODES, Rank


def rows(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the regret of each regime, rule and task: a row each."""
    return [
        {**case, "regret": outcome.mean("regret", case["regime"], case["rule"], task)._asdict()}
        for case, task in _cases(outcome)
    ]


def detail_rows(outcome: Outcome) -> list[dict[str, Any]]:
    """Return the other figures of the same cases."""
    return [
        {
            **case,
            **{field: outcome.mean(field, case["regime"], case["rule"], task)._asdict() for field in ("ndcg", "dirty")},
            "less_ours": outcome.less(case["regime"], case["rule"], "ours", task)._asdict(),
            "below_distance": outcome.below(case["regime"], case["rule"], "distance", task)._asdict(),
        }
        for case, task in _cases(outcome)
    ]


def _cases(outcome: Outcome) -> Iterator[tuple[dict[str, str], Task]]:
    for regime, rule, task in product(outcome.regimes, outcome.rules, outcome.tasks):
        yield {"regime": regime, "rule": rule, "rank": task[0], "mode": task[1]}, task


def verdict_rows(truths: Iterable[Truth]) -> list[dict[str, Any]]:
    """Return a row a regime, rule and verdict."""
    return [{**truth._asdict(), "true": truth.true._asdict()} for truth in truths]


def asked_rows(asked: Iterable[Asked]) -> list[dict[str, Any]]:
    """Return a row a regime, policy and mode."""
    return [
        {**each._asdict(), "regret": each.regret._asdict(), "below_nobody": each.below_nobody._asdict()}
        for each in asked
    ]


def regret_table(outcome: Outcome, rank: Rank, rules: Iterable[str]) -> str:
    """Mean regret in stars, on foot / by car."""
    return _by_regime(
        outcome.regimes,
        {
            rule: [
                " / ".join(f"{outcome.mean('regret', regime, rule, task).mean:.3f}" for task in _tasks(rank))
                for regime in outcome.regimes
            ]
            for rule in rules
        },
    )


def difference_table(outcome: Outcome, rank: Rank, rules: Iterable[str]) -> str:
    """Regret less that of ours in thousandths of a star, on foot / by car; bold beyond its interval."""
    return _by_regime(
        outcome.regimes,
        {
            rule: [
                " / ".join(_thousandths(outcome.less(regime, rule, "ours", task)) for task in _tasks(rank))
                for regime in outcome.regimes
            ]
            for rule in rules
            if rule != "ours"
        },
    )


def dirty_table(outcome: Outcome, rank: Rank, rules: Iterable[str]) -> str:
    """Visits in a hundred that end in a dirty place, on foot / by car."""
    return _by_regime(
        outcome.regimes,
        {
            rule: [
                " / ".join(f"{100 * outcome.mean('dirty', regime, rule, task).mean:.2f}" for task in _tasks(rank))
                for regime in outcome.regimes
            ]
            for rule in rules
        },
    )


def against_table(outcome: Outcome) -> str:
    """How far the regret of ours is below that of distance, and above that of the informed filter, in per cent."""
    head = ["regime", *(f"{mode}: {column}" for mode in MODES for column in ("below distance", "above informed"))]
    lines = []
    for regime in outcome.regimes:
        cells = [regime]
        for task in _tasks("balanced"):
            above = outcome.below(regime, "ours", "informed", task)
            cells += [
                _percent(outcome.below(regime, "ours", "distance", task)),
                _percent(Interval(-above.mean, above.margin)),
            ]
        lines.append(cells)
    return _table(head, lines)


def verdict_table(truths: Iterable[Truth]) -> str:
    """How often ``sit`` and ``squat`` are true when they are said, in per cent."""
    cells: dict[tuple[str, str], list[str]] = {}
    for truth in truths:
        cells.setdefault((truth.regime, truth.rule), []).append(f"{_percent(truth.true)} of {truth.said:,}")
    return _table(["regime", "rule", "sit", "squat"], [[*key, *figures] for key, figures in cells.items()])


def asked_table(asked: Iterable[Asked]) -> str:
    """Mean regret by who is asked, and by how many per cent it is below that without asking."""
    cells: dict[tuple[str, str], list[str]] = {}
    for each in asked:
        cells.setdefault((each.regime, each.policy), []).extend(
            [f"{each.regret.mean:.3f}", _percent(each.below_nobody) if each.below_nobody.margin else ""]
        )
    head = ["regime", "asked", *(f"{mode}: {column}" for mode in MODES for column in ("regret", "below nobody"))]
    return _table(head, [[*key, *figures] for key, figures in cells.items()])


def _tasks(rank: Rank) -> list[Task]:
    return [(rank, mode) for mode in MODES]


def _by_regime(regimes: Sequence[str], lines: dict[str, list[str]]) -> str:
    return _table(["rule", *regimes], [[rule, *cells] for rule, cells in lines.items()])


def _thousandths(stars: Interval) -> str:
    said = f"{1000 * stars.mean:+.1f}±{1000 * stars.margin:.1f}"
    return f"**{said}**" if stars.excludes_zero else said


def _percent(share: Interval) -> str:
    return f"{100 * share.mean:.1f}±{100 * share.margin:.1f}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])
