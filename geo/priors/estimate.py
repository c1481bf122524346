"""Estimates the prior of each place: what its kind, and its operator or brand, tell before it has ratings of its own.

The formulas are in geo/sql/24_priors.sql; docs/ranking.md explains them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from geo.crowd.quality import PRESENT_CREDIBILITY, PRIOR_MEAN_STARS, RECORD_CREDIBILITY
from geo.database import Session
from geo.facilities.attributes import KINDS
from geo.gazetteer.names import normalised
from geo.rows import sql_file

PAIR_WEIGHT_AT_LEAST = 100.0
"""Summed weight of the pairs of ratings from which C0 and C are estimated. A place with n ratings within two years has
(n - 1)/2 at most, so that is two hundred ratings of places that have others (docs/ranking.md has the comparison)."""

WORDS = ("operator", "brand")
"""What places of a group have in common. The operator, who has the place cleaned, comes before the brand."""

PLACES_AT_LEAST = 2
"""Places of a group: one place tells nothing about others."""

NAMES_REMEMBERED = 100_000
"""Spellings whose normalised forms are kept: those of all operators, in a few MB."""


class Prior(NamedTuple):
    """The prior of a place: columns of ``facility``.

    Attributes:
        stars: μ.
        group: the places that it comes from: ``kind:toilets``, ``operator:`` or ``brand:`` with the name as the place
            spells it; None if the ratings of the kind are too few.
        record_credibility: C0.
        present_credibility: C.
    """

    stars: float
    group: str | None
    record_credibility: float
    present_credibility: float


class SpelledSums(NamedTuple):
    """Sums over the places of a kind with the same operator and brand: the columns of 20_sums.sql."""

    kind: str
    operator: str | None
    brand: str | None
    places: int
    credibility: float
    credible_stars: float


class GroupSums(NamedTuple):
    """Sums over the places of a group; without word and name, over places that have none."""

    kind: str
    word: str | None
    name: str | None
    credibility: float
    credible_stars: float


@dataclass(frozen=True, slots=True)
class Priors:
    """The priors of all places.

    Attributes:
        by_kind: the prior of each kind that has places.
        by_group: μ of each group, by kind, word and normalised name.
    """

    by_kind: Mapping[str, Prior]
    by_group: Mapping[tuple[str, str, str], float]

    def of_place(self, kind: str, operator: str | None, brand: str | None) -> Prior:
        """Return the prior of a place."""
        prior = self.by_kind.get(kind, DEFAULT)
        for word, spelling in zip(WORDS, (operator, brand), strict=True):
            stars = self.by_group.get((kind, word, group_name(spelling)))
            if stars is not None:
                return prior._replace(stars=stars, group=f"{word}:{spelling}")
        return prior


DEFAULT = Prior(PRIOR_MEAN_STARS, None, RECORD_CREDIBILITY, PRESENT_CREDIBILITY)


@lru_cache(NAMES_REMEMBERED)
def group_name(spelling: str | None) -> str:
    """Return the name that the spellings of one operator or brand have in common; empty without one."""
    return normalised(spelling or "")


def estimate(session: Session, as_of: datetime) -> Priors:
    """Estimate the priors of all places from the ratings that staff have not excluded.

    Listed places count, with all their ratings; each place counts in the groups whose prior it gets.

    Args:
        session: a write session: the estimate of a large table takes longer than a request may.
        as_of: the instant of the estimate.
    """
    session.execute(text("SET LOCAL statement_timeout = 0"))
    credibilities = _credibilities(session, as_of)
    kinds = {
        "kinds": list(KINDS),
        "record_credibilities": [credibilities[kind].record_credibility for kind in KINDS],
    }
    spelled = [SpelledSums(*row) for row in session.execute(_SUMS, {"as_of": as_of, **kinds})]
    sums = groups_of(spelled)
    columns = dict(zip(_SUMS_PARAMETERS, map(list, zip(*sums, strict=True)), strict=True)) if sums else {}
    by_kind, by_group = {}, {}
    for kind, word, name, stars, is_known in session.execute(_MEANS, {**kinds, **_NO_SUMS, **columns}):
        if word is None:
            by_kind[kind] = credibilities[kind]._replace(stars=stars, group=f"kind:{kind}" if is_known else None)
        else:
            by_group[kind, word, name] = stars
    return Priors(by_kind, by_group)


def groups_of(spelled: Collection[SpelledSums]) -> list[GroupSums]:
    """Assign places to the groups of their operators, the others to those of their brands, and add up the sums.

    A group has PLACES_AT_LEAST places and a rating.
    """
    groups: list[GroupSums] = []
    remaining: Sequence[SpelledSums] = list(spelled)
    for word in WORDS:
        by_name = defaultdict(list)
        for sums in remaining:
            by_name[sums.kind, group_name(getattr(sums, word))].append(sums)
        remaining = []
        for (kind, name), members in by_name.items():
            credibility = sum(sums.credibility for sums in members)
            if name and credibility > 0 and sum(sums.places for sums in members) >= PLACES_AT_LEAST:
                credible_stars = sum(sums.credible_stars for sums in members)
                groups.append(GroupSums(kind, word, name, credibility, credible_stars))
            else:
                remaining += members
    return [*groups, *(GroupSums(sums.kind, None, None, sums.credibility, sums.credible_stars) for sums in remaining)]


def _credibilities(session: Session, as_of: datetime) -> dict[str, Prior]:
    """Return the default prior of each kind with its C0 and C."""
    parameters = {
        "as_of": as_of,
        "record_credibility": RECORD_CREDIBILITY,
        "pair_weight_at_least": PAIR_WEIGHT_AT_LEAST,
    }
    known: Iterable[tuple[str, float, float]] = (tuple(row) for row in session.execute(_CREDIBILITY, parameters))
    return dict.fromkeys(KINDS, DEFAULT) | {
        kind: DEFAULT._replace(record_credibility=record, present_credibility=present)
        for kind, record, present in known
    }


_FILES = Path(__file__).parent / "sql"
_CREDIBILITY = text(sql_file(_FILES / "10_credibility.sql", {}))
_SUMS = text(sql_file(_FILES / "20_sums.sql", {}))
_MEANS = text(sql_file(_FILES / "30_means.sql", {}))

_SUMS_PARAMETERS = ("sums_kinds", "words", "names", "credibilities", "credible_stars")
"""The parameters of 30_means.sql that have the fields of GroupSums."""

_NO_SUMS: Mapping[str, list[object]] = {name: [] for name in _SUMS_PARAMETERS}
