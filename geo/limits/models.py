"""What the limits of all server processes share."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from geo.database import Base

KEY_BYTES = 16


class RateLimit(Base):
    """How far ahead of its due rate somebody is.

    The table is UNLOGGED: after a crash of the database it is empty, and everybody starts afresh, which is the price of
    writing no log for it. ``digest`` is of the limit's name and of whom it concerns.
    """

    __tablename__ = "rate_limit"
    __table_args__ = (
        CheckConstraint(f"octet_length(digest) = {KEY_BYTES}", name="digest"),
        {"prefixes": ["UNLOGGED"]},
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    next_due_at: Mapped[datetime]
