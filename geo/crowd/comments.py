"""Comments: who may read one. The author always; everybody while it is neither held for a look nor hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from geo.crowd.models import Device, PastRating, Rating, Report
from geo.crowd.text_checks import contact_details
from geo.database import Session
from geo.moderation import queue
from geo.moderation.decisions import Ruling, record

HELD_SCORE = 1.0
"""Urgency of a text held for a look: as one trusted report."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a text stands.

    Attributes:
        state: of COMMENT_STATES.
        approved: a moderator has let this very text pass.
        holds: what it is newly held for, empty where it is not.
    """

    state: str = "visible"
    approved: bool = False
    holds: Sequence[str] = ()


def standing(session: Session, facility_id: int, device_id: int, comment: str | None, country: str | None) -> Standing:
    """How a text that a device writes of a facility stands: as it stood before, where the same was written before.

    Args:
        session: a write session that holds the facility's row.
        facility_id: the facility.
        device_id: the author.
        comment: the text, None for none.
        country: of the facility, whose phone numbers are known.
    """
    if comment is None:
        return Standing()
    for table, latest in ((Rating, Rating.rated_at), (PastRating, PastRating.id)):
        before = session.execute(
            select(table.comment_state, table.comment_approved)
            .where(table.facility_id == facility_id, table.device_id == device_id, table.comment == comment)
            .order_by(latest.desc())
            .limit(1)
        ).one_or_none()
        if before is not None:
            return Standing(before.comment_state, before.comment_approved)
    holds = contact_details(comment, country)
    return Standing("held" if holds else "visible", holds=holds)


def hold(session: Session, rating_id: int, device_id: int, holds: Sequence[str], as_of: datetime) -> None:
    """Put a held text before staff, and write down that it is held."""
    details = {"held_for": list(holds)}
    item_id = queue.put(session, "comment", rating_id, as_of, score=HELD_SCORE, details=details)
    record(
        session,
        Ruling(
            "hold_comment",
            "comment",
            rating_id,
            "contact_details",
            facts=f"A program found in it: {', '.join(holds)}.",
            content_date=as_of.date(),
            subject=author_handle(session, device_id),
            queue_item_id=item_id,
            detected_automatically=True,
        ),
        as_of,
    )


def forget_text(session: Session, rating_id: int, as_of: datetime) -> None:
    """End what was pending about a text that its author has changed or taken back."""
    session.execute(
        update(Report)
        .where(Report.thing == "comment", Report.thing_id == rating_id, Report.closed_at.is_(None))
        .values(closed_at=as_of, outcome="moot")
    )
    queue.end(session, "comment", rating_id, "moot", as_of)


def author_handle(session: Session, device_id: int) -> UUID:
    """The handle of a device."""
    return session.execute(select(Device.handle).where(Device.id == device_id)).scalar_one()
