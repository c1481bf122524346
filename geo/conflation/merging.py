"""Merges places into one and splits them again, with their sources, ratings and reports."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import and_, case, delete, exists, func, or_, select, text, union, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from geo.casework import queue
from geo.casework.decisions import RecordedAction, is_effective
from geo.casework.models import Decision, QueueItem
from geo.conflation import records
from geo.crowd import closures, open_reports, outages, rate_bombs, ratings, reports, trust
from geo.crowd.models import PastRating, Rating, RatingExclusion, Report
from geo.database import Session
from geo.errors import Conflict
from geo.facilities import locks, merged
from geo.facilities.locks import LockedFacility
from geo.facilities.models import LISTED_STATUSES, Facility, FacilitySource, KeptApart
from geo.rows import sql_file

MERGE = RecordedAction("merge_facilities")
SPLIT = RecordedAction("split_facility")
KEEP_APART = RecordedAction("keep_apart")

STRUCTURE_LOCK = 0x6265636F
"""Key of the advisory lock of which places are part of which: imports and conflations hold it alone, merges and splits
by moderators share it ("beco" in ASCII)."""


class Merged(NamedTuple):
    """A merge.

    Attributes:
        place_id: the place that is left, which has the older id.
        absorbed_id: the place that is now part of it.
    """

    place_id: int
    absorbed_id: int


def exclude_others(session: Session) -> None:
    """Wait until no other import, conflation, merge or split is running, and let none begin until the commit."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STRUCTURE_LOCK})


def _refuse_during_import(session: Session) -> None:
    """Raise Conflict while an import or a conflation is running, which may take minutes."""
    if not session.execute(text("SELECT pg_try_advisory_xact_lock_shared(:key)"), {"key": STRUCTURE_LOCK}).scalar_one():
        raise Conflict("an import is running: try again when it has ended")


def merge(session: Session, facility_id: int, other_id: int, as_of: datetime) -> Merged:
    """Merge two places into the one with the older id.

    A device that rated both keeps its newer rating; the older one becomes history.

    Raises:
        Conflict: a place is not listed, moderators excluded ratings of it, or an import is running.
    """
    _refuse_during_import(session)
    group = sorted((facility_id, other_id))
    locked = {facility.id: facility for facility in locks.lock_all(session, group)}
    for obstacle in obstacles(session, group, locked).values():
        raise Conflict(obstacle)
    merge_groups(session, [group], locked, as_of)
    return Merged(*group)


def merge_groups(
    session: Session, groups: Sequence[Sequence[int]], locked: Mapping[int, LockedFacility], as_of: datetime
) -> None:
    """Merge each group of places into its first one.

    Args:
        session: a write session.
        groups: ids, sorted; no id is in two groups, and nothing is an obstacle to a merge.
        locked: the locked rows of all of them.
        as_of: now.
    """
    place_of = {other_id: place_id for place_id, *others in groups for other_id in others}
    place_ids = [place_id for place_id, *_ in groups]
    records.add_records(session, [*place_ids, *place_of], as_of)
    pairs = {"place_ids": list(place_of.values()), "absorbed_ids": list(place_of), "as_of": as_of}
    for statement in (_ABSORB, _MOVE_SOURCES, _DISPLACE_OLDER, _MOVE_RATINGS, _MOVE_PAST_RATINGS):
        session.execute(statement, pairs)
    for absorbed_id in _with_cases(session, place_of):
        _end_cases(session, absorbed_id, place_of[absorbed_id], as_of)
        # One after another: a device may have reported three facilities that become one.
        session.execute(_MOVE_REPORTS, {"place_ids": [place_of[absorbed_id]], "absorbed_ids": [absorbed_id]})
        if open_reports.exist(session, "facility", place_of[absorbed_id]):
            reports.update_queue(session, "facility", place_of[absorbed_id], as_of)
    session.execute(_MOVE_REPORTS, pairs)
    for group in groups:
        _take_over_closure(session, [locked[facility_id] for facility_id in group])
        _take_over_outage(session, [locked[facility_id] for facility_id in group])
    records.compose(session, place_ids, as_of)
    _weigh_presence(session, place_ids, as_of)
    ratings.recompute(session, [*place_ids, *place_of])
    for group in groups:
        if any(locked[facility_id].rush_until for facility_id in group):
            rate_bombs.watch(session, group[0], as_of)


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
        Conflict: it is not part of this place, which is hidden, or of which ratings are excluded; or an import is
            running.
    """
    _refuse_during_import(session)
    locked = {facility.id: facility for facility in locks.lock_all(session, [place_id, part_id])}
    status_of = {facility.id: facility.status for facility in locked.values()}
    if status_of.get(part_id) != "merged" or merged.place_of(session, part_id) != place_id:
        raise Conflict(f"facility {part_id} is not part of facility {place_id}")
    if status_of[place_id] == "hidden":
        raise Conflict(f"facility {place_id} is hidden: revert hide_facility first")
    for obstacle in _excluded(session, [place_id]).values():
        raise Conflict(obstacle)
    parts = session.execute(merged.parts_of([part_id])).scalars().all()
    merged_at = session.execute(select(Facility.updated_at).where(Facility.id == part_id)).scalar_one()
    session.execute(
        update(Facility)
        .where(Facility.id == part_id)
        .values(
            status="active",
            merged_into=None,
            out_of_order_until=locked[place_id].out_of_order_until,
            updated_at=as_of,
        )
    )
    session.execute(update(FacilitySource).where(FacilitySource.record_id.in_(parts)).values(facility_id=part_id))
    _return_rows(session, place_id, part_id, merged_at, as_of)
    for one, other in ((place_id, part_id), (part_id, place_id)):
        _restore_displaced(session, one, other)
    _divide_closure(session, place_id, part_id)
    for facility_id in (place_id, part_id):
        outages.settle_without_reports(session, facility_id, as_of)
    keep_apart(session, place_id, part_id, as_of)
    records.compose(session, [place_id, part_id], as_of)
    _weigh_presence(session, [place_id, part_id], as_of)
    ratings.recompute(session, [place_id, part_id])
    if locked[place_id].rush_until:
        for facility_id in (place_id, part_id):
            rate_bombs.watch(session, facility_id, as_of)


def last_decision(session: Session, part_id: int) -> int | None:
    """Return the id of the latest decision that stands to merge a facility into another one, or to split it."""
    part = {"absorbed_id": part_id}, {"part_id": part_id}
    return session.execute(
        select(func.max(Decision.id)).where(
            Decision.action.in_((MERGE.name, SPLIT.name)),
            or_(*(Decision.before.contains(each) for each in part)),
            is_effective(),
        )
    ).scalar_one()


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


def obstacles(
    session: Session, facility_ids: Collection[int], locked: Mapping[int, LockedFacility]
) -> Mapping[int, str]:
    """Return why facilities cannot be merged, by the ids of those that cannot.

    Args:
        session: a write session.
        facility_ids: the facilities.
        locked: the locked rows of those that exist.
    """
    unlisted = {
        facility_id: f"facility {facility_id} is not listed: only listed facilities can be merged"
        for facility_id in facility_ids
        if facility_id not in locked or locked[facility_id].status not in LISTED_STATUSES
    }
    return _excluded(session, facility_ids) | unlisted


def _excluded(session: Session, facility_ids: Collection[int]) -> dict[int, str]:
    """Return the message for each facility whose ratings are excluded."""
    excluded = select(RatingExclusion.facility_id).where(
        RatingExclusion.facility_id.in_(facility_ids), RatingExclusion.lifted_at.is_(None)
    )
    return {
        facility_id: f"ratings of facility {facility_id} are excluded: revert exclude_ratings first"
        for facility_id in session.execute(excluded).scalars()
    }


def _with_cases(session: Session, facility_ids: Collection[int]) -> Sequence[int]:
    """Return which of some facilities have open reports or queue items."""
    reported = select(Report.target_id).where(
        Report.target == "facility", Report.target_id.in_(facility_ids), Report.closed_at.is_(None)
    )
    queued = select(QueueItem.target_id).where(
        *(QueueItem.kind.in_(("facility", "rate_bomb")), QueueItem.target_id.in_(facility_ids)),
        QueueItem.state == "open",
    )
    return sorted(session.execute(union(reported, queued)).scalars())


def _end_cases(session: Session, absorbed_id: int, place_id: int, as_of: datetime) -> None:
    """End the queue items of a facility, and the reports that their devices have made about its place, too."""
    present = aliased(Report)
    repeated = exists().where(
        *(present.target == "facility", present.target_id == place_id, present.closed_at.is_(None)),
        *(present.device_id == Report.device_id, present.reason == Report.reason),
    )
    queue.end(session, "facility", absorbed_id, "moot", as_of)
    queue.end(session, "rate_bomb", absorbed_id, "moot", as_of)
    open_reports.close(session, "facility", absorbed_id, "moot", as_of, repeated)


def _weigh_presence(session: Session, facility_ids: Collection[int], as_of: datetime) -> None:
    """Count anew who rated each place from one network at the same time: its ratings are others than before."""
    rated = select(Rating.facility_id).where(Rating.facility_id.in_(facility_ids), Rating.network.is_not(None))
    for facility_id in sorted(session.execute(rated.distinct()).scalars()):
        trust.weigh_presence(session, facility_id, as_of)


def _take_over_closure(session: Session, group: Sequence[LockedFacility]) -> None:
    """Set the first place reported closed if any of them was, until the latest end."""
    ends = [each.reported_closed_until for each in group if each.status == "reported_closed"]
    if ends:
        latest = max((end for end in ends if end is not None), default=None)
        session.execute(
            update(Facility)
            .where(Facility.id == group[0].id)
            .values(status="reported_closed", reported_closed_until=latest)
        )


def _take_over_outage(session: Session, group: Sequence[LockedFacility]) -> None:
    """Show the first place out of order if any of them was, until the latest end."""
    ends = [each.out_of_order_until for each in group if each.out_of_order_until is not None]
    if ends:
        session.execute(update(Facility).where(Facility.id == group[0].id).values(out_of_order_until=max(ends)))


def _return_rows(session: Session, place_id: int, part_id: int, merged_at: datetime, as_of: datetime) -> None:
    """Move ratings, past ratings and reports that were made about the part back to it.

    Reports that its merge ended, as their devices had made them about the place too, are open again.
    """
    parts = merged.parts_of([part_id])
    for table in (Rating, PastRating):
        session.execute(
            update(table)
            .where(table.facility_id == place_id, table.moved_from.in_(parts))
            .values(facility_id=part_id, moved_from=func.nullif(table.moved_from, part_id))
        )
    queue.lock(session, "facility", place_id)
    was_repeated = and_(Report.outcome == "moot", Report.closed_at == merged_at)
    session.execute(
        update(Report)
        .where(Report.target == "facility", Report.target_id == place_id, Report.moved_from.in_(parts))
        .values(
            target_id=part_id,
            moved_from=func.nullif(Report.moved_from, part_id),
            closed_at=case((was_repeated, None), else_=Report.closed_at),
            outcome=case((was_repeated, None), else_=Report.outcome),
        )
        .execution_options(synchronize_session=False)
    )
    for facility_id in (place_id, part_id):
        if open_reports.exist(session, "facility", facility_id):
            reports.update_queue(session, "facility", facility_id, as_of)
        else:
            queue.end(session, "facility", facility_id, "moot", as_of)


def _restore_displaced(session: Session, facility_id: int, other_id: int) -> None:
    """Make a rating that a merge displaced current again if the newer one, by the same device, is now of the other.

    Its device may have gained a record since then.
    """
    restored = session.execute(_RESTORE, {"facility_id": facility_id, "other_id": other_id}).scalars().all()
    if restored:
        trust.weigh_devices(session, restored)


def _divide_closure(session: Session, place_id: int, part_id: int) -> None:
    """Leave ``reported_closed`` to those of two places whose reports are open and led to a closure that stands."""
    status = session.execute(select(Facility.status).where(Facility.id == place_id)).scalar_one()
    if status != "reported_closed":
        return
    for facility_id in (place_id, part_id):
        closed_at = session.execute(
            select(func.max(Decision.decided_at)).where(
                *(Decision.target == "facility", Decision.target_id.in_(merged.parts_of([facility_id]))),
                *(Decision.action == closures.REPORT_CLOSED.name, is_effective()),
            )
        ).scalar_one()
        values: dict[str, Any] = {"status": "active", "reported_closed_until": None}
        if closed_at and open_reports.exist(session, "facility", facility_id, Report.reason == "closed"):
            until = closed_at + closures.REPORTED_CLOSED_LIFETIME
            values = {"status": "reported_closed", "reported_closed_until": until}
        session.execute(update(Facility).where(Facility.id == facility_id).values(**values))


_RATING_COLUMNS = (
    *("device_id", "stars", "comment", "comment_state", "comment_approved", "observed", "rated_at", "demo"),
    *(*ratings.WEIGHTS, "presence", "origin", "trusted", "moved_from"),
)
"""The columns that current and past ratings have in common, except ids."""

_FILES = Path(__file__).parent / "sql"
_MARKERS = {
    "columns": ", ".join(_RATING_COLUMNS),
    "rating_columns": ", ".join(f"rating.{column}" for column in _RATING_COLUMNS),
}
_ABSORB = text(sql_file(_FILES / "35_absorb.sql", {}))
_MOVE_SOURCES = text(sql_file(_FILES / "36_move_sources.sql", {}))
_DISPLACE_OLDER = text(sql_file(_FILES / "40_displace.sql", _MARKERS))
_MOVE_REPORTS = text(sql_file(_FILES / "46_move_reports.sql", {}))
_MOVE_RATINGS, _MOVE_PAST_RATINGS = (
    text(sql_file(_FILES / "45_move_ratings.sql", {"table": table})) for table in ("rating", "past_rating")
)
_RESTORE = text(sql_file(_FILES / "50_restore.sql", _MARKERS))
