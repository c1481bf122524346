"""Finds the entries of different datasets that are one place, and merges them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, select, text

from geo.casework.decisions import DecisionRecord, record
from geo.casework.statements import Grounds
from geo.conflation import merging
from geo.conflation.matching import MAX_M, Candidate, match
from geo.database import Session
from geo.facilities import locks, recompile
from geo.facilities.models import Dataset
from geo.rows import sql_file

_CANDIDATES = text(sql_file(Path(__file__).parent / "sql" / "30_candidates.sql", {}))


@dataclass(frozen=True, slots=True)
class Conflation:
    """The result of a conflation.

    Attributes:
        merged: number of places that became part of another one.
        kept_apart: descriptions of the pairs that something speaks against, and of places that cannot be merged.
    """

    merged: int
    kept_apart: Sequence[str]


NOTHING_MERGED = Conflation(0, ())


def conflate(
    session: Session, as_of: datetime, max_m: float = MAX_M, place_ids: Collection[int] | None = None
) -> Conflation:
    """Merge the places of different datasets that are the same. Each merge is a decision, which can be reverted.

    Args:
        session: a write session; the caller commits.
        as_of: now.
        max_m: maximum distance of two entries of one place, in metres.
        place_ids: only these places and those near them. Default: all places.
    """
    merging.exclude_others(session)
    if session.execute(select(func.count()).select_from(Dataset)).scalar_one() < 2:
        return NOTHING_MERGED  # without looking for pairs, of which many places at one point have very many
    wanted = None if place_ids is None else list(place_ids)
    rows = session.execute(_CANDIDATES, {"max_m": max_m, "place_ids": wanted}).all()
    candidates = [Candidate(*row) for row in rows]
    near = {facility_id for each in candidates for facility_id in (each.facility_id, each.other_id)}
    if not near:
        return NOTHING_MERGED
    locked = {facility.id: facility for facility in locks.lock_all(session, near)}
    obstacles = merging.obstacles(session, near, locked)
    free = [each for each in candidates if not {each.facility_id, each.other_id} & obstacles.keys()]
    matches = match(free, merging.decided_apart(session, near))
    merging.merge_groups(session, matches.groups, locked, as_of)
    recompile.recompile_changed(session, as_of)
    count = 0
    for place_id, *others in matches.groups:
        for absorbed_id in others:
            _record(session, merging.Merged(place_id, absorbed_id), locked[place_id].created_at.date(), as_of)
            count += 1
    apart = [
        f"{min(each[:2])} and {max(each[:2])}: {reason}" for each, reason in sorted(matches.kept_apart, key=_by_ids)
    ]
    return Conflation(count, [*apart, *(reason for _, reason in sorted(obstacles.items()))])


def _by_ids(kept_apart: tuple[Candidate, str]) -> list[int]:
    return sorted(kept_apart[0][:2])


def _record(session: Session, done: merging.Merged, created_on: date, as_of: datetime) -> None:
    record(
        session,
        DecisionRecord(
            action=merging.MERGE,
            target="facility",
            target_id=done.place_id,
            grounds=Grounds("duplicate", created_on),
            before={"absorbed_id": done.absorbed_id},
        ),
        as_of,
    )
