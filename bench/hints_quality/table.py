"""The table of personas and rules, each figure with its interval over days, in Markdown and as JSON rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.hints_quality.day import Tally
from bench.hints_quality.world import Floats
from bench.ranking_quality.interval import Interval, interval

Tallies = Mapping[str, Mapping[str, Sequence[Tally]]]
"""Of each persona and rule: one a day, the same days for each rule."""

ALL = "all"


def as_json(tallies: Tallies) -> list[dict[str, Any]]:
    """Return a row for each persona, and for all together, and rule."""
    together = {rule: [tally for rules in tallies.values() for tally in rules[rule]] for rule in _rules(tallies)}
    return [
        {"persona": persona, "rule": rule, **_figures(days)}
        for persona, rules in {**tallies, ALL: together}.items()
        for rule, days in rules.items()
    ]


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of the rows of ``as_json``."""
    head = ["persona", "rule", "in time, %", "hints a day", "false alarms a day", "requests an hour"]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        rates = [_shown(row[name]) for name in ("hints_a_day", "false_alarms_a_day", "requests_an_hour")]
        lines.append([row["persona"], row["rule"], _shown(row["in_time"], 100), *rates])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ratio(parts: Floats, wholes: Floats) -> Interval | None:
    """Return the ratio of two sums over days, with its interval by linearisation (Cochran, 1977); None without any."""
    if not wholes.any():
        return None
    mean = float(parts.sum() / wholes.sum())
    return interval(mean + (parts - mean * wholes) / wholes.mean())


def _figures(days: Sequence[Tally]) -> dict[str, dict[str, float] | None]:
    counts = dict(zip(Tally._fields, np.array(days, dtype=np.float64).T, strict=True))
    figures = {
        "in_time": ratio(counts["in_time"], counts["needs"]),
        "hints_a_day": interval(counts["hints"]),
        "false_alarms_a_day": interval(counts["false_alarms"]),
        "requests_an_hour": ratio(counts["requests"], counts["hours"]),
    }
    return {name: None if figure is None else figure._asdict() for name, figure in figures.items()}


def _shown(figure: Mapping[str, float] | None, unit: float = 1) -> str:
    return "" if figure is None else f"{unit * figure['mean']:.1f} ± {unit * figure['margin']:.1f}"


def _rules(tallies: Tallies) -> list[str]:
    return list(next(iter(tallies.values())))
