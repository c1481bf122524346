"""Daily quotas, counted without a write for each request.

A server process takes a grant of some requests from the partner's day in one transaction, and spends it in memory.
What is granted never exceeds the quota, so that however many processes serve, no partner gets more than its quota. The
price lies on the other side: what another process holds unspent is refused here. A grant is at most GRANT_MOST
requests and at most a GRANT_DIVISOR-th of what is left, so that a refusal comes early by less than
``(processes - 1) * min(GRANT_MOST, quota / GRANT_DIVISOR)`` requests; and what a killed process had in memory, at most
one grant for each partner, is neither answered nor counted as served any more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from threading import Lock

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import ThingNotFound
from geo.partners.models import Partner, PartnerUsage

GRANT_MOST = 100
"""Requests of one grant: one transaction for a hundred searches costs each a hundredth of it."""

GRANT_DIVISOR = 20
"""A twentieth of what is left: towards the end of a quota the grants shrink to single requests."""

GRANT_LIFETIME = timedelta(minutes=1)
"""After which a process in use settles its grant and takes another: so late at most a changed quota acts, and an admin
sees what was served. A partner who asks rarely costs one transaction a minute, not one a request."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a partner stands after a request.

    Attributes:
        allowed: the request may be answered.
        quota: requests a day.
        remaining: how many are left of it, as far as this process knows.
        resets_in: until the next day, UTC.
    """

    allowed: bool
    quota: int
    remaining: int
    resets_in: timedelta


@dataclass(frozen=True, slots=True)
class Grant:
    """What the database lent.

    Attributes:
        requests: how many; 0 where the day's quota is all granted.
        remaining: of the quota, after it.
        quota: requests a day.
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
        ThingNotFound: there is no such partner any more.
    """
    quota = session.execute(select(Partner.daily_quota).where(Partner.id == partner_id)).scalar_one_or_none()
    if quota is None:
        raise ThingNotFound(f"there is no partner {partner_id}")
    granted = settle(session, partner_id, day, served=0, unspent=0)
    left = max(0, quota - granted)
    requests = min(GRANT_MOST, -(-left // GRANT_DIVISOR))
    session.execute(_of(partner_id, day).values(granted=PartnerUsage.granted + requests))
    return Grant(requests, left - requests, quota)


def settle(session: Session, partner_id: int, day: date, *, served: int, unspent: int) -> int:
    """Tell what became of a grant: requests answered, and requests given back.

    Returns:
        What is granted of the day altogether.
    """
    told = upsert(PartnerUsage).values(partner_id=partner_id, day=day)
    return session.execute(
        told.on_conflict_do_update(
            index_elements=[PartnerUsage.partner_id, PartnerUsage.day],
            set_={"served": PartnerUsage.served + served, "granted": PartnerUsage.granted - unspent},
        ).returning(PartnerUsage.granted)
    ).scalar_one()


def _of(partner_id: int, day: date) -> Update:
    return update(PartnerUsage).where(PartnerUsage.partner_id == partner_id, PartnerUsage.day == day)


class Account:
    """A partner's grant in the memory of one process. Whoever uses it holds its lock."""

    def __init__(self, partner_id: int) -> None:
        self.lock = Lock()
        self._partner_id = partner_id
        self._day: date | None = None
        self._settled_at: datetime | None = None
        self._grant = Grant(0, 0, 0)
        self._unspent = 0
        self._served = 0

    def is_due(self, as_of: datetime) -> bool:
        """Whether the database must be asked before the next request: the grant is spent, too old, or of yesterday.

        Where the day's quota is all granted, only its age counts: refusing costs no transaction.
        """
        if self._settled_at is None or as_of.date() != self._day or as_of - self._settled_at >= GRANT_LIFETIME:
            return True
        return self._unspent == 0 and self._grant.requests > 0

    def renew(self, session: Session, as_of: datetime) -> Grant:
        """Settle the grant and take another; ``receive`` it once it is committed."""
        self.settle(session)
        return grant(session, self._partner_id, as_of.date())

    def settle(self, session: Session) -> None:
        """Tell what became of the grant, once: whether the commit fails or not, nothing is told twice."""
        served, unspent, self._served, self._unspent = self._served, self._unspent, 0, 0
        if self._day is not None and (served or unspent):
            settle(session, self._partner_id, self._day, served=served, unspent=unspent)

    def receive(self, grant_: Grant, as_of: datetime) -> None:
        """Have a grant to spend."""
        self._grant, self._unspent, self._day, self._settled_at = grant_, grant_.requests, as_of.date(), as_of

    def spend(self, as_of: datetime) -> Standing:
        """Count one request, where there is one left."""
        is_allowed = self._unspent > 0
        if is_allowed:
            self._unspent -= 1
            self._served += 1
        midnight = datetime.combine(as_of.astimezone(UTC).date() + DAY, time.min, UTC)
        return Standing(is_allowed, self._grant.quota, self._grant.remaining + self._unspent, midnight - as_of)


class Accounts:
    """The accounts of all partners that one process serves."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_partner: dict[int, Account] = {}

    @contextmanager
    def held(self, partner_id: int) -> Iterator[Account]:
        """A partner's account, for one caller at a time."""
        with self._lock:
            account = self._by_partner.setdefault(partner_id, Account(partner_id))
        with account.lock:
            yield account

    def settle(self, session: Session) -> None:
        """Tell what became of every grant: for a process that ends."""
        for partner_id in list(self._by_partner):
            with self.held(partner_id) as account:
                account.settle(session)
