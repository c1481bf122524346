"""The table of the shared rate limits."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from geo.database import Base

KEY_BYTES = 16


class RateLimit(Base):
    """The state of one subject under one limit.

    The table is UNLOGGED to avoid write-ahead logging: after a crash of the database it is empty and all limits
    restart. ``digest`` identifies the limit and the subject.
    """

    __tablename__ = "rate_limit"
    __table_args__ = (
        CheckConstraint(f"octet_length(digest) = {KEY_BYTES}", name="digest"),
        {"prefixes": ["UNLOGGED"]},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    next_due_at: Mapped[datetime]
