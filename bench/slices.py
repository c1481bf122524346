"""Alternating slices: what is compared is measured in turns, so that a noisy machine is noisy to both."""

from collections.abc import Callable
from statistics import median

ROUNDS = 3


def medians(*measures: Callable[[], float]) -> list[float]:
    """The median of ROUNDS figures of each, taken in turns; a first turn warms up and does not count."""
    figures: list[list[float]] = [[] for _ in measures]
    for turn in range(1 + ROUNDS):
        for measure, seen in zip(measures, figures, strict=True):
            figure = measure()
            if turn:
                seen.append(figure)
    return [median(seen) for seen in figures]
