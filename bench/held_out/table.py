"""The scores as a table and as rows of JSON."""

from collections.abc import Sequence
from typing import Any

from bench.held_out.prediction import RULES
from bench.held_out.scores import Bounded, Score

HEAD = ("rule", "predicts from", "log-loss", "less ours", "RMSE", "less ours")


def markdown(scores: Sequence[Score]) -> str:
    """Return a table in Markdown; a difference is bold if it is more than chance."""
    rows = [
        (
            score.rule,
            RULES[score.rule],
            _said(score.log_loss),
            _difference_said(score.log_loss_less_ours),
            _said(score.rmse),
            _difference_said(score.rmse_less_ours),
        )
        for score in scores
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (HEAD, ("---",) * len(HEAD), *rows))


def as_json(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return a row for each rule."""
    return [
        {name: figure._asdict() if isinstance(figure, Bounded) else figure for name, figure in score._asdict().items()}
        for score in scores
    ]


def _said(figure: Bounded, sign: str = "") -> str:
    ends = "" if figure.low is None else f" [{figure.low:{sign}.4f}, {figure.high:{sign}.4f}]"
    return f"{figure.value:{sign}.4f}{ends}"


def _difference_said(difference: Bounded | None) -> str:
    if difference is None:
        return ""
    said = _said(difference, "+")
    return f"**{said}**" if difference.excludes_zero else said
