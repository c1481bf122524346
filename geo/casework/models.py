"""Staff, their queue, the decisions that are made, and the audit chain."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.crowd.models import COMMENT_MAX_CHARACTERS
from geo.database import Base
from geo.facilities.models import one_of

ROLES = ("reader", "moderator", "senior", "admin")
"""Each may do all that those before it may."""

QUEUE_KINDS = ("facility", "comment", "proposal", "rate_bomb")
"""A comment is here for reports, for what it holds, or because it was hidden automatically."""

QUEUE_STATES = ("open", "decided", "moot")
"""``moot``: what it was about has changed or gone."""

DECISION_TARGETS = ("facility", "comment", "proposal", "device")


class Staff(Base):
    """Somebody who moderates, with one token; never deleted, so that decisions keep who made them.

    ``device_id`` is the phone of that person, if they told: nobody decides on their own content.
    """

    __tablename__ = "staff"
    __table_args__ = (
        one_of("role", ROLES),
        CheckConstraint("octet_length(token_digest) = 32", name="token_digest"),
        Index("uq_staff_name", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="SET NULL"), index=True)


class QueueItem(Base):
    """Something for staff to look at; one open item for each kind and target.

    ``version`` grows with each change, so that nobody decides on what they have not seen.
    """

    __tablename__ = "queue_item"
    __table_args__ = (
        one_of("kind", QUEUE_KINDS),
        one_of("state", QUEUE_STATES),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(claimed_by IS NULL) = (claimed_until IS NULL)", name="claim"),
        Index("uq_queue_item_open", "kind", "target_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_queue_item_open_score", text("score DESC"), text("id"), postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    target_id: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="open")
    score: Mapped[float] = mapped_column(server_default="0")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    claimed_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")


class Decision(Base):
    """What was decided; never changed, a revert is a new row.

    A restriction carries the fields of a statement of reasons by the names of the EU's DSA Transparency Database.
    ``subject`` is the handle of the device whose content it concerns. ``before`` is what a revert restores. What
    ``action`` may be follows from the classes of geo/moderation/actions, whose registry adds the constraint.
    """

    __tablename__ = "decision"
    __table_args__ = (
        one_of("target", DECISION_TARGETS),
        CheckConstraint("(target = 'device') = (target_id IS NULL)", name="target_id"),
        CheckConstraint("(action = 'revert') = (reverts IS NOT NULL)", name="reverts"),
        CheckConstraint(f"char_length(note) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="note"),
        CheckConstraint("automated_detection IN ('Yes', 'No')", name="automated_detection"),
        CheckConstraint(
            "(decision_visibility IS NULL AND decision_account IS NULL) = (decision_ground IS NULL)", name="statement"
        ),
        CheckConstraint(
            "decision_ground IS NULL OR num_nonnulls(incompatible_content_ground, incompatible_content_explanation,"
            " category, content_type, content_date, application_date, decision_facts, source_type,"
            " automated_detection, automated_decision, territorial_scope) = 11",
            name="statement_complete",
        ),
        Index("ix_decision_target", "target", "target_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    puid: Mapped[UUID] = mapped_column(unique=True, server_default=text("gen_random_uuid()"))
    decided_at: Mapped[datetime]
    action: Mapped[str]
    target: Mapped[str]
    target_id: Mapped[int | None]
    subject: Mapped[UUID | None] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    queue_item_id: Mapped[int | None] = mapped_column(ForeignKey("queue_item.id"), index=True)
    reverts: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), unique=True)
    reason: Mapped[str]
    note: Mapped[str | None]
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    decision_visibility: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    decision_account: Mapped[str | None]
    decision_ground: Mapped[str | None]
    incompatible_content_ground: Mapped[str | None]
    incompatible_content_explanation: Mapped[str | None]
    category: Mapped[str | None]
    content_type: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    content_type_other: Mapped[str | None]
    content_date: Mapped[date | None]
    application_date: Mapped[date | None]
    end_date_visibility_restriction: Mapped[date | None]
    decision_facts: Mapped[str | None]
    source_type: Mapped[str | None]
    automated_detection: Mapped[str | None]
    automated_decision: Mapped[str | None]
    territorial_scope: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class AuditEntry(Base):
    """One event of the chain; the database refuses to change or remove it."""

    __tablename__ = "audit_entry"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name="hash"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    event: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
