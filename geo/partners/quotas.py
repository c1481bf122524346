"""Daily quotas, enforced without a database write per request.

A server process takes a grant of several requests from the partner's day in one transaction and spends it in memory.
The total granted never exceeds the quota, regardless of the number of processes. In return, requests that another
process holds unspent are rejected here. A grant is at most GRANT_MOST requests and at most a GRANT_DIVISOR-th of the
rest, so that requests are rejected early by less than ``(processes - 1) * min(GRANT_MOST, quota / GRANT_DIVISOR)``
requests. The unspent grants of a killed process, at most one for each partner, are lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import RecordNotFound
from geo.partners.models import Partner, PartnerUsage

GRANT_MOST = 100
"""Maximum requests of one grant: one transaction for a hundred searches."""

GRANT_DIVISOR = 20
"""A grant is at most this part of the rest: towards the end of a quota, grants shrink to single requests."""

GRANT_LIFETIME = timedelta(minutes=1)
"""Time after which an active process settles its grant and takes another: a changed quota takes effect within a minute,
and so do usage figures. A partner with few requests costs one transaction per minute, not one per request."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A partner's quota after a request.

    Attributes:
        allowed: whether the request is within the quota.
        quota: requests per day.
        remaining: requests left, as far as this process knows.
        resets_in: time until the next day, UTC.
    """

    allowed: bool
    quota: int
    remaining: int
    resets_in: timedelta


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant of requests by the database.

    Attributes:
        requests: number of requests; 0 if the whole quota of the day is granted.
        remaining: rest of the quota after the grant.
        quota: requests per day.
    """

    requests: int
    remaining: int
    quota: int


def grant(session: Session, partner_id: int, day: date) -> Grant:
    """Take a grant from a partner's day, which stays locked until the commit.

    Args:
        session: a write session.
        partner_id: the partner.
        day: the day in UTC.

    Raises:
        RecordNotFound: the partner no longer exists.
    """
    quota = session.execute(select(Partner.daily_quota).where(Partner.id == partner_id)).scalar_one_or_none()
    if quota is None:
        raise RecordNotFound(f"there is no partner {partner_id}")
    granted = settle(session, partner_id, day, served=0, unspent=0)
    left = max(0, quota - granted)
    requests = min(GRANT_MOST, -(-left // GRANT_DIVISOR))
    session.execute(_of(partner_id, day).values(granted=PartnerUsage.granted + requests))
    return Grant(requests, left - requests, quota)


def settle(session: Session, partner_id: int, day: date, *, served: int, unspent: int) -> int:
    """Report how a grant was used: requests served, and unspent requests returned.

    Returns:
        The total granted for the day.
    """
    inserted = upsert(PartnerUsage).values(partner_id=partner_id, day=day)
    return session.execute(
        inserted.on_conflict_do_update(
            index_elements=[PartnerUsage.partner_id, PartnerUsage.day],
            set_={"served": PartnerUsage.served + served, "granted": PartnerUsage.granted - unspent},
        ).returning(PartnerUsage.granted)
    ).scalar_one()


def _of(partner_id: int, day: date) -> Update:
    return update(PartnerUsage).where(PartnerUsage.partner_id == partner_id, PartnerUsage.day == day)


class Account:
    """A partner's grant in the memory of one process. Users must hold its lock."""

    def __init__(self, partner_id: int) -> None:
        self.lock = Lock()
        self._partner_id = partner_id
        self._day: date | None = None
        self._settled_at: datetime | None = None
        self._grant = Grant(0, 0, 0)
        self._unspent = 0
        self._served = 0

    def is_due(self, as_of: datetime) -> bool:
        """Return whether the next request requires a new grant: the old one is spent, too old, or of yesterday.

        If the whole quota of the day is granted, only the age counts: rejecting requests costs no transaction.
        """
        if self._settled_at is None or as_of.date() != self._day or as_of - self._settled_at >= GRANT_LIFETIME:
            return True
        return self._unspent == 0 and self._grant.requests > 0

    def renew(self, session: Session, as_of: datetime) -> Grant:
        """Settle the grant and take another; call ``receive`` after the commit."""
        self.settle(session)
        return grant(session, self._partner_id, as_of.date())

    def settle(self, session: Session) -> None:
        """Report how the grant was used, once: even if the commit fails, it is not reported again."""
        served, unspent, self._served, self._unspent = self._served, self._unspent, 0, 0
        if self._day is not None and (served or unspent):
            settle(session, self._partner_id, self._day, served=served, unspent=unspent)

    def receive(self, grant_: Grant, as_of: datetime) -> None:
        """Store a grant to spend."""
        self._grant, self._unspent, self._day, self._settled_at = grant_, grant_.requests, as_of.date(), as_of

    def spend(self, as_of: datetime) -> QuotaState:
        """Count one request if any are left."""
        is_allowed = self._unspent > 0
        if is_allowed:
            self._unspent -= 1
            self._served += 1
        midnight = datetime.combine(as_of.astimezone(UTC).date() + DAY, time.min, UTC)
        return QuotaState(is_allowed, self._grant.quota, self._grant.remaining + self._unspent, midnight - as_of)


class Accounts:
    """The accounts of all partners in one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_partner: dict[int, Account] = {}

    @contextmanager
    def locked(self, partner_id: int) -> Iterator[Account]:
        """Lock and return a partner's account."""
        with self._lock:
            account = self._by_partner.setdefault(partner_id, Account(partner_id))
        with account.lock:
            yield account

    def settle(self, session: Session) -> None:
        """Report how every grant was used, before the process ends."""
        for partner_id in list(self._by_partner):
            with self.locked(partner_id) as account:
                account.settle(session)
