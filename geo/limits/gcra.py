"""Rate limits shared by all server processes: the generic cell rate algorithm, as one UPSERT.

GCRA (ITU-T I.371) stores one instant per subject: when its next request would be due at an even rate. Each request
advances it by one interval; a request that would advance it farther than the burst allows is rejected.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import LimitReached
from geo.limits.models import KEY_BYTES, RateLimit


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit.

    Attributes:
        name: name of the policy in responses.
        burst: number of requests allowed at once.
        interval: time after which one more request is allowed.
    """

    name: str
    burst: int
    interval: timedelta

    @property
    def window(self) -> timedelta:
        """The time in which a whole burst is restored."""
        return self.burst * self.interval


def count(session: Session, limit: Limit, subject: bytes, as_of: datetime) -> None:
    """Count one action of a subject; its row stays locked until the commit.

    Args:
        session: a write session.
        limit: the limit.
        subject: who acts, such as a device's id or a network's keyed hash.
        as_of: now.

    Raises:
        LimitReached: the subject has exceeded the limit; nothing is counted.
    """
    digest = hashlib.blake2b(subject, digest_size=KEY_BYTES, key=limit.name.encode()).digest()
    due = func.greatest(RateLimit.next_due_at, as_of)
    counted = session.execute(
        upsert(RateLimit)
        .values(digest=digest, next_due_at=as_of + limit.interval)
        .on_conflict_do_update(
            index_elements=[RateLimit.digest],
            set_={"next_due_at": due + limit.interval},
            where=RateLimit.next_due_at <= as_of + (limit.burst - 1) * limit.interval,
        )
        .returning(RateLimit.next_due_at)
    ).one_or_none()
    if counted is None:
        next_due_at = session.execute(select(RateLimit.next_due_at).where(RateLimit.digest == digest)).scalar_one()
        raise LimitReached(
            limit.name, limit.burst, limit.window, next_due_at - (limit.burst - 1) * limit.interval - as_of
        )


def forget_past(session: Session, as_of: datetime) -> int:
    """Delete the rows that have no effect any more; return their number."""
    deleted = session.execute(delete(RateLimit).where(RateLimit.next_due_at <= as_of).returning(RateLimit.digest))
    return len(deleted.all())
