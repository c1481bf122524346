"""The queue: what staff should look at, worst first; claimed for a while by one, decided on as it was seen."""

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
"""How long a claim keeps others away: time to look at a place, not to go to lunch."""


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """Which items to show, the highest score first, ties by id.

    Attributes:
        kinds: of QUEUE_KINDS, None for all.
        state: of QUEUE_STATES.
        opened_before: older than this.
        score_at_least: no less than this.
        limit: how many at most.
        after: the score and the id of the last item of the page before.
    """

    kinds: tuple[str, ...] | None = None
    state: str = "open"
    opened_before: datetime | None = None
    score_at_least: float | None = None
    limit: int = 20
    after: tuple[float, int] | None = None


def put(  # noqa: PLR0913 - what, how urgent, why, when
    session: Session, kind: str, target_id: int, as_of: datetime, *, score: float, details: Mapping[str, Any]
) -> int:
    """Open an item, or add to the open one of this target. Returns its id.

    Details are merged, the score is the greater of the two, and the version grows with whatever is new.
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
    """The kind of target that an item of a kind is about: a burst of ratings is of a facility."""
    return "facility" if kind == "rate_bomb" else kind


def lock(session: Session, kind: str, target_id: int) -> None:
    """Lock the open item of a target until the end of the transaction, if there is one."""
    session.execute(select(QueueItem.id).where(_is_open(kind, target_id)).with_for_update())


def end(session: Session, kind: str, target_id: int, state: str, as_of: datetime) -> None:
    """End the open item of a target, if there is one, as ``decided`` or ``moot``."""
    session.execute(
        update(QueueItem)
        .where(_is_open(kind, target_id))
        .values(state=state, ended_at=as_of, claimed_by=None, claimed_until=None, version=QueueItem.version + 1)
    )


def renew(session: Session, kind: str, target_id: int) -> None:
    """Raise the version of the open item of a target that has changed, so that nobody decides on its old state."""
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
    """An item.

    Raises:
        RecordNotFound: there is none of that id.
    """
    row = session.execute(select(QueueItem.__table__).where(QueueItem.id == item_id)).mappings().one_or_none()
    if row is None:
        raise RecordNotFound(f"there is no queue item {item_id}", "item_id")
    return row


def claim(session: Session, item_id: int, member: KnownStaff, as_of: datetime) -> RowMapping:
    """Take an open item for CLAIM_LEASE, or take it longer.

    Raises:
        RecordNotFound: there is none of that id.
        Conflict: it is decided already, or another has claimed it.
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
    """An open item, held until the end of the transaction, as the member of staff saw it.

    Raises:
        RecordNotFound: there is none of that id.
        Conflict: it is decided already, or another has claimed it.
        OutOfDate: something has been added since.
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
