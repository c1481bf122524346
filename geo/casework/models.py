"""Tables of staff, the moderation queue, decisions and the audit chain."""

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
"""Each role includes the rights of those before it."""

QUEUE_KINDS = ("facility", "comment", "proposal", "rate_bomb")
"""A comment is in the queue because of reports, or because it contains contact details."""

QUEUE_STATES = ("open", "decided", "moot")
"""``moot``: the target has changed or no longer exists."""

DECISION_TARGETS = ("facility", "comment", "proposal", "device")

FACTS = ("reviewed", "reported_and_reviewed", "reported", "reported_closed", "contact_details_found")
"""Codes of the facts that a statement of reasons names; geo/casework/statements.py has their parameters."""


class Staff(Base):
    """A member of staff with one token. Rows are never deleted, because decisions refer to them.

    ``device_id`` is the person's own phone, if known: nobody may decide on their own content.
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
    """An item for staff to review. There is one open item per kind and target.

    ``version`` increases with each change, so that nobody decides on a state that they have not seen.
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
    """A decision. Rows are never changed; a revert is a new row.

    A restriction has the fields of a statement of reasons, with their names in the EU's DSA Transparency Database. Of
    its texts it has codes and parameters; decisions made before migration 0009 store the English text.
    ``subject`` is the handle of the device whose content it concerns. ``before`` is the state that a revert restores.
    The registry of geo/moderation/actions adds the constraint on ``action``.
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
            "decision_ground IS NULL OR num_nonnulls(category, content_type, content_date, application_date,"
            " source_type, automated_detection, automated_decision, territorial_scope) = 8",
            name="statement_complete",
        ),
        CheckConstraint(
            "decision_ground IS NULL OR decision_facts_code IS NOT NULL OR num_nonnulls(incompatible_content_ground,"
            " incompatible_content_explanation, decision_facts) = 3",
            name="statement_texts",
        ),
        one_of("decision_facts_code", FACTS),
        CheckConstraint(
            "(decision_facts_code IS NULL) = (decision_facts_parameters IS NULL)", name="decision_facts_parameters"
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
    decision_facts_code: Mapped[str | None]
    decision_facts_parameters: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    source_type: Mapped[str | None]
    automated_detection: Mapped[str | None]
    automated_decision: Mapped[str | None]
    territorial_scope: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class AuditEntry(Base):
    """An entry of the audit chain. The database rejects changes and deletions."""

    __tablename__ = "audit_entry"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name="hash"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    event: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
