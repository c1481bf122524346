"""Decides which of nearby places are the same: one to one between datasets, nearest first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from geo.facilities import names

MAX_M = 30.0
"""Default maximum distance of two entries of one place. Of 615 official toilets of Paris, 481 lie this near
to one of OpenStreetMap; of the same set shifted by 300 m, 11 to 14. At 50 m, 5 more match and 27 to 46 by chance."""

SAME_NAME = 50.0
"""Similarity of two names, 0 to 100, below which they speak against one place. Different names of one place, such as in
two languages or with and without the street, share words; rapidfuzz's token_set_ratio is high for those."""

SAME_OPERATOR = 30.0
"""As SAME_NAME, for operators, of which one place may have two that differ much ("City of Paris", "Mairie de Paris"),
so that they speak only about places that lie OPERATORS_FROM_M or more apart."""

OPERATORS_FROM_M = 10.0


class Candidate(NamedTuple):
    """Two places that may be the same: the columns of geo/conflation/sql/30_candidates.sql."""

    facility_id: int
    other_id: int
    distance_m: float
    name: str | None
    other_name: str | None
    operator: str | None
    other_operator: str | None
    level: str | None
    other_level: str | None
    dataset_ids: Sequence[int]
    other_dataset_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Matches:
    """The result of matching.

    Attributes:
        groups: the ids of the places that are the same, each sorted.
        kept_apart: candidates that something speaks against, with the reason.
    """

    groups: Sequence[tuple[int, ...]]
    kept_apart: Sequence[tuple[Candidate, str]]


def match(candidates: Iterable[Candidate], decided_apart: Collection[frozenset[int]]) -> Matches:
    """Return the groups of places that are the same.

    A group has at most one place of each dataset, and every two of its places are candidates that nothing speaks
    against. Nearer candidates come first, equally near ones in the order of their ids.

    Args:
        candidates: pairs, in any order, each once or in both directions.
        decided_apart: pairs of ids of places that are not the same by a decision.
    """
    pairs = {frozenset((each.facility_id, each.other_id)): each for each in candidates}
    reasons = {pair: reason for pair, each in pairs.items() if (reason := _against(each, pair in decided_apart))}
    group_of: dict[int, set[int]] = {}
    datasets: defaultdict[int, set[int]] = defaultdict(set)
    for each in pairs.values():
        datasets[each.facility_id] |= set(each.dataset_ids)
        datasets[each.other_id] |= set(each.other_dataset_ids)
    for pair in sorted(pairs.keys() - reasons.keys(), key=lambda pair: (pairs[pair].distance_m, sorted(pair))):
        first, second = (group_of.setdefault(facility_id, {facility_id}) for facility_id in sorted(pair))
        if first is not second and _fit(first, second, datasets, pairs, reasons):
            first |= second
            group_of |= dict.fromkeys(second, first)
    groups = {tuple(sorted(group)) for group in group_of.values() if len(group) > 1}
    return Matches(sorted(groups), [(pairs[pair], reason) for pair, reason in reasons.items()])


def _against(candidate: Candidate, is_decided: bool) -> str | None:
    """Return what speaks against two entries of one place; None if nothing does."""
    if is_decided:
        return "by a decision"
    if candidate.level and candidate.other_level and candidate.level != candidate.other_level:
        return "different levels"
    if (similarity := names.similarity(candidate.name, candidate.other_name)) is not None:
        return "different names" if similarity < SAME_NAME else None
    similarity = names.similarity(candidate.operator, candidate.other_operator)
    if similarity is not None and similarity < SAME_OPERATOR and candidate.distance_m >= OPERATORS_FROM_M:
        return "different operators"
    return None


def _fit(
    first: Collection[int],
    second: Collection[int],
    datasets: Mapping[int, set[int]],
    pairs: Mapping[frozenset[int], Candidate],
    reasons: Mapping[frozenset[int], str],
) -> bool:
    """Return whether two groups may become one."""
    crossing = [frozenset((one, other)) for one in first for other in second]
    return all(
        pair in pairs and pair not in reasons and not datasets[min(pair)] & datasets[max(pair)] for pair in crossing
    )
