"""The moderation queue: items for staff to review, which they claim for a while and decide on in a known version."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo import paging
from geo.casework.models import QueueItem
from geo.casework.staff import KnownStaff
from geo.database import Session
from geo.errors import Conflict, OutOfDate, RecordNotFound
from geo.paging import Page

CLAIM_LEASE = timedelta(minutes=15)
"""How long only the claimant may decide on an item: enough to review a place, less than a break."""


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """A query for a page of items, the highest score first, then the lowest id.

    Attributes:
        kinds: some of QUEUE_KINDS; None for all.
        state: one of QUEUE_STATES.
        opened_before: only items opened before this instant.
        score_at_least: only items with at least this score.
        limit: the maximum number of items.
        after: score and id of the last item of the previous page.
    """

    kinds: tuple[str, ...] | None = None
    state: str = "open"
    opened_before: datetime | None = None
    score_at_least: float | None = None
    limit: int = 20
    after: tuple[float, int] | None = None


def put(  # noqa: PLR0913 - target, time, urgency and details
    session: Session, kind: str, target_id: int, as_of: datetime, *, score: float, details: Mapping[str, Any]
) -> int:
    """Open an item, or update the open item of this target. Return its id.

    An update merges the details, keeps the greater score and increases the version.
    """
    values = {"kind": kind, "target_id": target_id, "score": score, "details": dict(details), "opened_at": as_of}
    statement = upsert(QueueItem).values(**values)
    return session.execute(
        statement.on_conflict_do_update(
            index_elements=[QueueItem.kind, QueueItem.target_id],
            index_where=QueueItem.state == "open",
            set_={
                "score": func.greatest(QueueItem.score, statement.excluded.score),
                "details": QueueItem.details.op("||")(statement.excluded.details),
                "version": QueueItem.version + 1,
            },
        ).returning(QueueItem.id)
    ).scalar_one()


def target_kind(kind: str) -> str:
    """Return the kind of target of a kind of item: the target of a rate bomb is a facility."""
    return "facility" if kind == "rate_bomb" else kind


def lock(session: Session, kind: str, target_id: int) -> None:
    """Lock the open item of a target until the end of the transaction, if there is one."""
    session.execute(select(QueueItem.id).where(_is_open(kind, target_id)).with_for_update())


def end(session: Session, kind: str, target_id: int, state: str, as_of: datetime) -> None:
    """Close the open item of a target, if there is one, as ``decided`` or ``moot``."""
    session.execute(
        update(QueueItem)
        .where(_is_open(kind, target_id))
        .values(state=state, ended_at=as_of, claimed_by=None, claimed_until=None, version=QueueItem.version + 1)
    )


def renew(session: Session, kind: str, target_id: int) -> None:
    """Increase the version of the open item of a changed target, so that nobody decides on its previous state."""
    session.execute(update(QueueItem).where(_is_open(kind, target_id)).values(version=QueueItem.version + 1))


def page(session: Session, query: QueueQuery) -> Page[RowMapping]:
    """Return a page of items."""
    where = [QueueItem.state == query.state]
    if query.kinds is not None:
        where.append(QueueItem.kind.in_(query.kinds))
    if query.opened_before is not None:
        where.append(QueueItem.opened_at < query.opened_before)
    if query.score_at_least is not None:
        where.append(QueueItem.score >= query.score_at_least)
    if query.after is not None:
        score, item_id = query.after
        where.append(or_(QueueItem.score < score, and_(QueueItem.score == score, QueueItem.id > item_id)))
    statement = select(QueueItem.__table__).where(*where).order_by(QueueItem.score.desc(), QueueItem.id)
    return paging.read(session, statement, query.limit)


def one(session: Session, item_id: int) -> RowMapping:
    """Return an item.

    Raises:
        RecordNotFound: there is no item with that id.
    """
    row = session.execute(select(QueueItem.__table__).where(QueueItem.id == item_id)).mappings().one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no queue item {item_id}", "item_id")
    return row


def claim(session: Session, item_id: int, member: KnownStaff, as_of: datetime) -> RowMapping:
    """Claim an open item for CLAIM_LEASE, or extend the claim.

    Raises:
        RecordNotFound: there is no item with that id.
        Conflict: it is already decided, or somebody else has claimed it.
    """
    item = _locked(session, item_id)
    _require_open(item)
    _require_unclaimed(item, member, as_of)
    return (
        session.execute(
            update(QueueItem)
            .where(QueueItem.id == item_id)
            .values(claimed_by=member.staff_id, claimed_until=as_of + CLAIM_LEASE)
            .returning(*QueueItem.__table__.columns)
        )
        .mappings()
        .one()
    )


def locked_for_decision(
    session: Session, item_id: int, version: int, member: KnownStaff, as_of: datetime
) -> RowMapping:
    """Lock and return an open item in the version that the member of staff has seen.

    Raises:
        RecordNotFound: there is no item with that id.
        Conflict: it is already decided, or somebody else has claimed it.
        OutOfDate: it has changed since that version.
    """
    item = _locked(session, item_id)
    _require_open(item)
    _require_unclaimed(item, member, as_of)
    if item["version"] != version:
        raise OutOfDate(f"queue item {item_id} has changed and is now at version {item['version']}: read it again")
    return item


def _is_open(kind: str, target_id: int) -> ColumnElement[bool]:
    return and_(QueueItem.kind == kind, QueueItem.target_id == target_id, QueueItem.state == "open")


def _locked(session: Session, item_id: int) -> RowMapping:
    statement = select(QueueItem.__table__).where(QueueItem.id == item_id).with_for_update()
    row = session.execute(statement).mappings().one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no queue item {item_id}", "item_id")
    return row


def _require_open(item: RowMapping) -> None:
    if item["state"] != "open":
        raise Conflict(f"queue item {item['id']} is already {item['state']}")


def _require_unclaimed(item: RowMapping, member: KnownStaff, as_of: datetime) -> None:
    is_leased = item["claimed_until"] is not None and item["claimed_until"] > as_of
    if is_leased and item["claimed_by"] != member.staff_id:
        raise Conflict(f"queue item {item['id']} is claimed by somebody else until {item['claimed_until']:%H:%M} UTC")
