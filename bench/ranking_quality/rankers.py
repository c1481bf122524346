"""The orders that are compared: others, ours, and ours with other constants."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from bench.ranking_quality.informed import informed
from bench.reference.estimates import (
    Estimate,
    Evidence,
    TwoScales,
    nothing_known,
    one_scale,
    plain_mean,
    two_scales,
    wilson,
)


class Ranker(NamedTuple):
    """An order of places by stars less doubt less distance.

    Attributes:
        name: in the table.
        estimate: of every place's stars, from a town's ratings.
        kappa: how many standard deviations of doubt to take off, None for that of RANKINGS.
    """

    name: str
    estimate: Callable[[Evidence], Estimate]
    kappa: float | None = None


class Constants(NamedTuple):
    """What ours can be varied by.

    Attributes:
        kappa: None for that of RANKINGS.
        formula: of geo.crowd.quality.
    """

    kappa: float | None = None
    formula: TwoScales = TwoScales()

    def ranker(self, name: str) -> Ranker:
        """Rank by these constants."""
        return Ranker(name, lambda evidence: two_scales(evidence, self.formula), self.kappa)


OURS = Constants().ranker("ours: two scales, κ of RANKINGS")

OTHERS = [
    Ranker("distance only", nothing_known),
    Ranker("plain mean", plain_mean),
    Ranker("Wilson's lower bound", wilson),
    Ranker("Bayesian average, never forgets, κ 0", lambda evidence: one_scale(evidence, np.inf), 0.0),
    Ranker("one scale, 365 days, κ 0", lambda evidence: one_scale(evidence, 365.0), 0.0),
    Ranker("one scale, 90 days, κ 0", lambda evidence: one_scale(evidence, 90.0), 0.0),
    Ranker("one scale, 30 days, κ 0", lambda evidence: one_scale(evidence, 30.0), 0.0),
    Constants(formula=TwoScales(trust="blind")).ranker("ours without trust weights"),
    Constants(formula=TwoScales(trust="known")).ranker("ours, knowing who is honest"),
    Ranker("informed filter", lambda evidence: informed(evidence.world), 0.0),
]

SYMBOLS = {
    "kappa": "κ",
    "slow_days": "slow half-life",
    "fast_days": "fast half-life",
    "record_credibility": "C0",
    "present_credibility": "C",
    "prior_stars": "μ",
}

KAPPAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""Where doubt is priced: how much fits best hangs on whether the prior mean is right, so both with ours and with that
of the kind."""

ALTERNATIVES: dict[str, list[float | str]] = {
    "kappa": [*KAPPAS],
    "fast_days": [7.0, 14.0, 60.0, 90.0],
    "slow_days": [90.0, 180.0, 730.0, 1460.0],
    "present_credibility": [1.0, 2.0, 10.0, 20.0],
    "record_credibility": [1.0, 2.0, 3.0, 10.0, 20.0],
    "prior_stars": [3.2, 3.4, 3.8, 4.0, "town", "kind"],
}
"""Other values of each constant."""

Change = tuple[str, float | str]
"""A constant and its other value."""


def changed(changes: Iterable[Change]) -> Ranker:
    """Ours with other constants."""
    values = dict(changes)
    name = ", ".join(_said(*change) for change in values.items())
    kappa: Any = values.pop("kappa", None)
    others: dict[str, Any] = values
    return Constants(kappa, TwoScales(**others)).ranker(name)


def alone() -> dict[Change, Ranker]:
    """Every other value of every constant, one at a time."""
    changes = [(name, value) for name, values in ALTERNATIVES.items() for value in values]
    return {change: changed([change]) for change in changes}


def right_mean(kappa: float) -> Ranker:
    """Ours with the mean of the kind, taking off some doubt."""
    return changed([("kappa", kappa), ("prior_stars", "kind")])


def together(changes: Iterable[Change]) -> list[Ranker]:
    """Every set of two or more of these changes."""
    sets = product(*([None, change] for change in changes))
    return [changed(some) for some in ([c for c in each if c] for each in sets) if len(some) > 1]


def _said(name: str, value: float | str) -> str:
    return f"{SYMBOLS[name]} {f'of the {value}' if isinstance(value, str) else format(value, 'g')}"
