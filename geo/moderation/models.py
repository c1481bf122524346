"""Tables of appeals against decisions, and of the changes by accepted proposals."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.crowd.models import COMMENT_MAX_CHARACTERS
from geo.database import Base
from geo.facilities.models import one_of

APPEAL_STATES = ("open", "rejected", "granted", "moot")
"""``granted``: the decision was reverted; ``moot``: it was reverted before the appeal was answered."""


class Appeal(Base):
    """An author's appeal against a decision. It is erased with the author's device."""

    __tablename__ = "appeal"
    __table_args__ = (
        one_of("state", APPEAL_STATES),
        CheckConstraint(f"char_length(text) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="text"),
        CheckConstraint(f"char_length(answer) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="answer"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        Index("uq_appeal_decision_id", "decision_id", "device_id", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    answer: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")


class FacilityChange(Base):
    """A change by an accepted proposal: column values before and after; ``before`` is empty for a new place."""

    __tablename__ = "facility_change"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    after: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
