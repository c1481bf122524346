"""Merges places into one and splits them again, with their sources, ratings and reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from geo.casework import queue
from geo.casework.decisions import RecordedAction, is_effective
from geo.casework.models import Decision
from geo.conflation import records
from geo.crowd import closures, open_reports, ratings
from geo.crowd.models import PastRating, Proposal, Rating, RatingExclusion, Report
from geo.database import Session
from geo.errors import Conflict
from geo.facilities import locks, merged
from geo.facilities.locks import LockedFacility
from geo.facilities.models import LISTED_STATUSES, Facility, FacilitySource, KeptApart
from geo.rows import sql_file

MERGE = RecordedAction("merge_facilities")
SPLIT = RecordedAction("split_facility")
KEEP_APART = RecordedAction("keep_apart")


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge.

    Attributes:
        place_id: the place that is left, which has the older id.
        absorbed_id: the place that is now part of it.
    """

    place_id: int
    absorbed_id: int


def merge(session: Session, facility_id: int, other_id: int, as_of: datetime) -> Merged:
    """Merge two places into the one with the older id.

    A device that rated both keeps its newer rating; the older one becomes history.

    Raises:
        Conflict: a place is not listed, or moderators excluded ratings of it.
    """
    place_id, absorbed_id = sorted((facility_id, other_id))
    by_id = {locked.id: locked for locked in locks.lock_all(session, [place_id, absorbed_id])}
    for each in (place_id, absorbed_id):
        _require_listed(session, each, by_id.get(each))
    records.add_records(session, [place_id, absorbed_id], as_of)
    session.execute(
        update(Facility)
        .where(Facility.id == absorbed_id)
        .values(status="merged", merged_into=place_id, reported_closed_until=None, updated_at=as_of)
    )
    session.execute(
        update(FacilitySource).where(FacilitySource.facility_id == absorbed_id).values(facility_id=place_id)
    )
    _move_ratings(session, absorbed_id, place_id, as_of)
    _move_reports(session, absorbed_id, place_id, as_of)
    session.execute(
        update(Proposal)
        .where(Proposal.facility_id == absorbed_id, Proposal.state == "pending")
        .values(facility_id=place_id)
    )
    _take_over_closure(session, by_id[place_id], by_id[absorbed_id])
    records.compose(session, [place_id], as_of)
    ratings.recompute(session, [place_id, absorbed_id])
    return Merged(place_id, absorbed_id)


def split(session: Session, place_id: int, part_id: int, as_of: datetime) -> None:
    """Make a place that was merged into another one a place of its own again, and keep the two apart.

    Its sources and their values return, and the ratings and reports that were made about it. What was said of the
    merged place since then stays with it.

    Args:
        session: a write session.
        place_id: the place.
        part_id: the place that was merged into it, directly or with another one.
        as_of: now.

    Raises:
        Conflict: it is not part of this place.
    """
    locks.lock_all(session, [place_id, part_id])
    status = session.execute(select(Facility.status).where(Facility.id == part_id)).scalar_one_or_none()
    if status != "merged" or merged.place_of(session, part_id) != place_id:
        raise Conflict(f"facility {part_id} is not part of facility {place_id}")
    parts = session.execute(merged.parts_of([part_id])).scalars().all()
    session.execute(
        update(Facility).where(Facility.id == part_id).values(status="active", merged_into=None, updated_at=as_of)
    )
    session.execute(update(FacilitySource).where(FacilitySource.record_id.in_(parts)).values(facility_id=part_id))
    _return_rows(session, place_id, part_id, parts)
    for one, other in ((place_id, part_id), (part_id, place_id)):
        _restore_displaced(session, one, other)
    _divide_closure(session, place_id, part_id, as_of)
    keep_apart(session, place_id, part_id, as_of)
    records.compose(session, [place_id, part_id], as_of)
    ratings.recompute(session, [place_id, part_id])


def keep_apart(session: Session, facility_id: int, other_id: int, as_of: datetime) -> bool:
    """Record that two places are not the same. Return False if that was recorded before."""
    first, second = sorted((facility_id, other_id))
    added = session.execute(
        upsert(KeptApart)
        .values(facility_id=first, other_id=second, created_at=as_of)
        .on_conflict_do_nothing()
        .returning(KeptApart.facility_id)
    )
    return added.first() is not None


def allow_together(session: Session, facility_id: int, other_id: int) -> None:
    """Undo keep_apart."""
    first, second = sorted((facility_id, other_id))
    session.execute(delete(KeptApart).where(KeptApart.facility_id == first, KeptApart.other_id == second))


def decided_apart(session: Session, place_ids: Collection[int]) -> set[frozenset[int]]:
    """Return the pairs of places that a decision keeps apart, of themselves or of parts of them."""
    parts = merged.parts_of(place_ids)
    rows = session.execute(
        select(KeptApart.facility_id, KeptApart.other_id).where(
            or_(KeptApart.facility_id.in_(parts), KeptApart.other_id.in_(parts))
        )
    )
    return {frozenset(merged.place_of(session, facility_id) for facility_id in row) for row in rows}


def _require_listed(session: Session, facility_id: int, facility: LockedFacility | None) -> None:
    if facility is None or facility.status not in LISTED_STATUSES:
        raise Conflict(f"facility {facility_id} is not listed: only listed facilities can be merged")
    excluded = select(RatingExclusion.decision_id).where(
        RatingExclusion.facility_id == facility_id, RatingExclusion.lifted_at.is_(None)
    )
    if session.execute(excluded.limit(1)).first() is not None:
        raise Conflict(f"ratings of facility {facility_id} are excluded: revert exclude_ratings first")


def _move_ratings(session: Session, absorbed_id: int, place_id: int, as_of: datetime) -> None:
    """Move ratings and their history. Of two ratings by one device, the older one becomes history."""
    session.execute(_DISPLACE_OLDER, {"place_id": place_id, "absorbed_id": absorbed_id, "as_of": as_of})
    for table in (Rating, PastRating):
        session.execute(
            update(table)
            .where(table.facility_id == absorbed_id)
            .values(facility_id=place_id, moved_from=func.coalesce(table.moved_from, absorbed_id))
        )


def _move_reports(session: Session, absorbed_id: int, place_id: int, as_of: datetime) -> None:
    """Move open reports; one that its device has made about the other place, too, is moot."""
    present = aliased(Report)
    repeated = exists().where(
        *(present.target == "facility", present.target_id == place_id, present.closed_at.is_(None)),
        *(present.device_id == Report.device_id, present.reason == Report.reason),
    )
    queue.end(session, "facility", absorbed_id, "moot", as_of)
    queue.end(session, "rate_bomb", absorbed_id, "moot", as_of)
    open_reports.close(session, "facility", absorbed_id, "moot", as_of, repeated)
    moved = session.execute(
        update(Report)
        .where(open_reports.about("facility", absorbed_id))
        .values(target_id=place_id, moved_from=func.coalesce(Report.moved_from, absorbed_id))
        .returning(Report.weight)
    ).scalars()
    if weights := moved.all():
        queue.put(session, "facility", place_id, as_of, score=sum(weights), details={"merged": absorbed_id})


def _take_over_closure(session: Session, place: LockedFacility, absorbed: LockedFacility) -> None:
    """Set the place reported closed if either was, until the later of the two ends."""
    ends = [each.reported_closed_until for each in (place, absorbed) if each.status == "reported_closed"]
    if ends:
        latest = max((end for end in ends if end is not None), default=None)
        session.execute(
            update(Facility)
            .where(Facility.id == place.id)
            .values(status="reported_closed", reported_closed_until=latest)
        )


def _return_rows(session: Session, place_id: int, part_id: int, parts: Sequence[int]) -> None:
    """Move ratings, past ratings and reports that were made about the part back to it."""
    for table in (Rating, PastRating):
        session.execute(
            update(table)
            .where(table.facility_id == place_id, table.moved_from.in_(parts))
            .values(facility_id=part_id, moved_from=func.nullif(table.moved_from, part_id))
        )
    session.execute(
        update(Report)
        .where(Report.target == "facility", Report.target_id == place_id, Report.moved_from.in_(parts))
        .values(target_id=part_id, moved_from=func.nullif(Report.moved_from, part_id))
    )


def _restore_displaced(session: Session, facility_id: int, other_id: int) -> None:
    """Make a rating that a merge displaced current again if the newer one, by the same device, is now of the other."""
    session.execute(_RESTORE, {"facility_id": facility_id, "other_id": other_id})


def _divide_closure(session: Session, place_id: int, part_id: int, as_of: datetime) -> None:
    """Leave ``reported_closed`` to those of two places that a closure that stands is about."""
    until = session.execute(
        select(Facility.reported_closed_until).where(Facility.id == place_id, Facility.status == "reported_closed")
    ).scalar_one_or_none()
    if until is None or until <= as_of:
        return
    for facility_id in (place_id, part_id):
        is_closed = session.execute(
            select(Decision.id)
            .where(
                *(Decision.target == "facility", Decision.target_id.in_(merged.parts_of([facility_id]))),
                *(Decision.action == closures.REPORT_CLOSED.name, is_effective()),
            )
            .limit(1)
        ).first()
        values: dict[str, Any] = {"status": "active", "reported_closed_until": None}
        if is_closed:
            values = {"status": "reported_closed", "reported_closed_until": until}
        session.execute(update(Facility).where(Facility.id == facility_id).values(**values))


_RATING_COLUMNS = (
    *("device_id", "stars", "comment", "comment_state", "comment_approved", "observed", "rated_at", "demo"),
    *("weight", "weight_age", "weight_presence", "weight_cluster", "presence", "moved_from"),
)
"""The columns that current and past ratings have in common, except ids."""

_FILES = Path(__file__).parent / "sql"
_MARKERS = {
    "columns": ", ".join(_RATING_COLUMNS),
    "rating_columns": ", ".join(f"rating.{column}" for column in _RATING_COLUMNS),
}
_DISPLACE_OLDER = text(sql_file(_FILES / "40_displace.sql", _MARKERS))
_RESTORE = text(sql_file(_FILES / "50_restore.sql", _MARKERS))
