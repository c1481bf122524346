"""Tables of devices, current and past ratings, reports, proposals and rating exclusions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from geo.coordinates import SRID_WGS84
from geo.database import Base
from geo.facilities.models import one_of
from geo.partners.models import Partner

COMMENT_MAX_CHARACTERS = 1_000
"""Maximum length of a text that people read on a phone."""

COMMENT_STATES = ("visible", "held", "hidden")
"""``held``: pending review because of contact details; ``hidden``: by a decision. Only the author sees either."""

REPORTED_PRESENCES = ("within_150_m", "farther")
"""The phone's distance from the facility, as the phone reports it without its position."""

PRESENCES = (*REPORTED_PRESENCES, "proved")
"""``proved``: the visitor was at the place, whatever the phone says."""

ORIGIN_MAX_CHARACTERS = 255
"""Maximum length of a web origin that is stored: a host name has at most 253 characters (RFC 1035)."""

REPORT_TARGETS = ("facility", "comment", "proposal")
"""What may be reported. A comment has the id of its rating."""

REPORT_REASONS = (
    *("closed", "out_of_order", "moved", "wrong", "duplicate"),
    *("offensive", "unsafe", "spam", "personal_data"),
)

REPORT_OUTCOMES = ("upheld", "dismissed", "moot", "expired")
"""``moot``: the reported target has changed or no longer exists."""

PROPOSAL_KINDS = ("new", "change")
PROPOSAL_STATES = ("pending", "accepted", "rejected")

NETWORK_BYTES = 16
"""128 bits of a keyed hash: networks do not collide by chance."""


def moved_from_column() -> Mapped[int | None]:
    """Return a column for the place that a row was about, if that was merged into the present one."""
    return mapped_column(ForeignKey("facility.id", ondelete="CASCADE"))


def moved_from_index(table: str) -> Index:
    """Return the index that finds the rows to move back when a merge is reverted."""
    return Index(f"ix_{table}_moved_from", "moved_from", postgresql_where=text("moved_from IS NOT NULL"))


def origin_id(table: "type[Rating | PastRating]") -> ColumnElement[int]:
    """Return the id of the facility that a rating was made about, whatever place that is part of now."""
    return func.coalesce(table.moved_from, table.facility_id)


def network_column() -> Mapped[bytes | None]:
    """Return a column for the keyed hash of a request's network, which is deleted after a week."""
    return mapped_column(LargeBinary)


class Device(Base):
    """A phone that may rate. Only the digest of its token is stored, no name and no owner.

    ``handle`` identifies it to staff and in decisions. Erasing the device makes its handle anonymous.
    """

    __tablename__ = "device"
    __table_args__ = (CheckConstraint("octet_length(token_digest) = 32", name="token_digest"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    handle: Mapped[UUID] = mapped_column(unique=True, server_default=text("gen_random_uuid()"))
    suspended_at: Mapped[datetime | None]


class _RatingColumns:
    """The columns of current and past ratings. A demo rating is invented.

    Its weight is the product of the three weights and of the rush weight (geo/crowd/trust.py). A ``trusted`` one was
    made without a request and has full weight. ``origin`` is the web page of another site that sent it.
    """

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
            CheckConstraint(f"char_length(comment) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="comment"),
            CheckConstraint("jsonb_typeof(observed) = 'object'", name="observed"),
            *(
                CheckConstraint(f"{weight} > 0 AND {weight} <= 1", name=weight)
                for weight in ("weight_age", "weight_track", "weight_presence")
            ),
            CheckConstraint(f"char_length(origin) BETWEEN 1 AND {ORIGIN_MAX_CHARACTERS}", name="origin"),
            one_of("presence", PRESENCES),
            one_of("comment_state", COMMENT_STATES),
            CheckConstraint("NOT comment_approved OR comment_state = 'visible'", name="comment_approved"),
        )

    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
    observed: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    weight_age: Mapped[float] = mapped_column(server_default="1")
    weight_presence: Mapped[float] = mapped_column(server_default="1")
    weight_track: Mapped[float] = mapped_column(server_default="1")
    presence: Mapped[str | None]
    origin: Mapped[str | None]
    trusted: Mapped[bool] = mapped_column(server_default=text("false"))
    comment_state: Mapped[str] = mapped_column(server_default="visible")
    comment_approved: Mapped[bool] = mapped_column(server_default=text("false"))
    rated_at: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(server_default=text("false"))


class Rating(_RatingColumns, Base):
    """A device's current rating of a facility."""

    __tablename__ = "rating"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            Index(None, "facility_id", text("rated_at DESC"), text("id DESC")),
            moved_from_index("rating"),
        )

    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True, index=True)
    id: Mapped[int] = mapped_column(Identity(), unique=True)
    network: Mapped[bytes | None] = network_column()
    moved_from: Mapped[int | None] = moved_from_column()


class PastRating(_RatingColumns, Base):
    """A rating as it was before it was replaced or withdrawn, or displaced by a newer one of its device in a merge."""

    __tablename__ = "past_rating"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            CheckConstraint("ended_by IN ('replaced', 'withdrawn', 'merged')", name="ended_by"),
            moved_from_index("past_rating"),
        )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rating_id: Mapped[int]
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    ended_at: Mapped[datetime]
    ended_by: Mapped[str]
    moved_from: Mapped[int | None] = moved_from_column()


class Report(Base):
    """A device's report about a target. There is one open report per device, target and reason.

    ``weight`` is how far the device was trusted when it said so.
    """

    __tablename__ = "report"
    __table_args__ = (
        one_of("target", REPORT_TARGETS),
        one_of("reason", REPORT_REASONS),
        one_of("outcome", REPORT_OUTCOMES),
        CheckConstraint(f"char_length(note) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="note"),
        CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="closed"),
        Index(
            "uq_report_open",
            "device_id",
            "target",
            "target_id",
            "reason",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_report_open_target", "target", "target_id", postgresql_where=text("closed_at IS NULL")),
        moved_from_index("report"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    target: Mapped[str]
    target_id: Mapped[int]
    reason: Mapped[str]
    note: Mapped[str | None]
    weight: Mapped[float]
    network: Mapped[bytes | None] = network_column()
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    moved_from: Mapped[int | None] = moved_from_column()


class Proposal(Base):
    """A proposal of a new place or a change, by a device or a partner. It takes effect when staff accept it.

    ``changes`` are columns of the facility, ``location`` where it is or has moved to.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        one_of("kind", PROPOSAL_KINDS),
        one_of("state", PROPOSAL_STATES),
        CheckConstraint("num_nonnulls(device_id, partner_id) = 1", name="proposer"),
        CheckConstraint("kind = 'new' OR facility_id IS NOT NULL", name="facility"),
        CheckConstraint("kind = 'change' OR location IS NOT NULL", name="location"),
        CheckConstraint("jsonb_typeof(changes) = 'object'", name="changes"),
        CheckConstraint(f"char_length(note) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="note"),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey(Partner.id))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    location: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", srid=SRID_WGS84, spatial_index=False))
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="pending")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class RatingExclusion(Base):
    """A time window whose ratings a decision excludes from a facility's quality, until another decision lifts it."""

    __tablename__ = "rating_exclusion"
    __table_args__ = (CheckConstraint("NOT isempty(during)", name="during"),)

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    during: Mapped[Any] = mapped_column(TSTZRANGE)
    lifted_at: Mapped[datetime | None]


class Secret(Base):
    """A random key of this deployment, created by the migration."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
