"""The devices that rate, their ratings, and the ratings that were replaced or withdrawn."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from geo.database import Base

COMMENT_MAX_CHARACTERS = 1_000
"""Room for a good story; a comment is read on a phone."""


class Device(Base):
    """A phone that may rate. It has no name and no owner here: a token's digest is all that is known."""

    __tablename__ = "device"
    __table_args__ = (CheckConstraint("octet_length(token_digest) = 32", name="token_digest"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class _RatingColumns:
    """What a rating says, live or past; a demo rating is an invented one."""

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
            CheckConstraint(f"char_length(comment) BETWEEN 1 AND {COMMENT_MAX_CHARACTERS}", name="comment"),
            CheckConstraint("jsonb_typeof(observed) = 'object'", name="observed"),
            CheckConstraint("weight > 0 AND weight <= 1", name="weight"),
        )

    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
    observed: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    weight: Mapped[float] = mapped_column(server_default="1")
    rated_at: Mapped[datetime]
    demo: Mapped[bool] = mapped_column(server_default=text("false"))


class Rating(_RatingColumns, Base):
    """The one live rating that a device has given a facility."""

    __tablename__ = "rating"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (*super().__table_args__, Index(None, "facility_id", text("rated_at DESC"), text("id DESC")))

    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True, index=True)
    id: Mapped[int] = mapped_column(Identity(), unique=True)


class PastRating(_RatingColumns, Base):
    """A rating as it was before it was replaced or withdrawn."""

    __tablename__ = "past_rating"

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            CheckConstraint("ended_by IN ('replaced', 'withdrawn')", name="ended_by"),
        )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    rating_id: Mapped[int]
    facility_id: Mapped[int] = mapped_column(ForeignKey("facility.id", ondelete="CASCADE"), index=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), index=True)
    ended_at: Mapped[datetime]
    ended_by: Mapped[str]
