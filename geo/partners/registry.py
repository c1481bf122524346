"""Creates, changes and lists partners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.database import Session
from geo.errors import Conflict, RecordNotFound
from geo.partners.issued_keys import ListedKey, terms_of
from geo.partners.models import Partner, PartnerKey

DAILY_QUOTA = 10_000
"""Default requests per day: five hundred visitors of a site with twenty searches each."""


@dataclass(frozen=True, slots=True)
class ListedPartner:
    """A partner and all its keys, the oldest first."""

    partner_id: int
    name: str
    daily_quota: int
    created_at: datetime
    keys: tuple[ListedKey, ...]


def add(session: Session, name: str, daily_quota: int, as_of: datetime) -> int:
    """Create a partner.

    Returns:
        Its id.

    Raises:
        Conflict: a partner with this name exists.
    """
    values = {"name": name, "daily_quota": daily_quota, "created_at": as_of}
    made = session.execute(upsert(Partner).values(**values).on_conflict_do_nothing().returning(Partner.id))
    partner_id = made.scalar_one_or_none()
    if partner_id is None:
        raise Conflict(f"partner {name!r} already exists", "name")
    return partner_id


def ensure(session: Session, name: str, daily_quota: int | None, as_of: datetime) -> int:
    """Return the partner with this name; create it if it does not exist.

    Args:
        session: a write session.
        name: the partner's name.
        daily_quota: requests per day. None keeps the current quota; DAILY_QUOTA for a new partner.
        as_of: now.

    Returns:
        Its id.
    """
    quota = {} if daily_quota is None else {"daily_quota": daily_quota}
    return session.execute(
        upsert(Partner)
        .values(name=name, daily_quota=daily_quota or DAILY_QUOTA, created_at=as_of)
        .on_conflict_do_update(index_elements=[Partner.name], set_={"name": name, **quota})
        .returning(Partner.id)
    ).scalar_one()


def set_quota(session: Session, partner_id: int, daily_quota: int) -> None:
    """Change a partner's daily quota, which takes effect with its next grant.

    Raises:
        RecordNotFound: there is no such partner.
    """
    changed = session.execute(
        update(Partner).where(Partner.id == partner_id).values(daily_quota=daily_quota).returning(Partner.id)
    )
    if changed.one_or_none() is None:
        raise RecordNotFound(f"there is no partner {partner_id}", "partner_id")


def named(session: Session, name: str) -> int:
    """Return the id of the partner with this name.

    Raises:
        RecordNotFound: there is no such partner.
    """
    partner_id = session.execute(select(Partner.id).where(Partner.name == name)).scalar_one_or_none()
    if partner_id is None:
        raise RecordNotFound(f"there is no partner {name!r}")
    return partner_id


def listed(session: Session, partner_id: int | None = None) -> Sequence[ListedPartner]:
    """Return all partners by name, or one of them.

    Raises:
        RecordNotFound: there is no such partner.
    """
    chosen = [] if partner_id is None else [Partner.id == partner_id]
    partners = session.execute(
        select(Partner.id, Partner.name, Partner.daily_quota, Partner.created_at).where(*chosen).order_by(Partner.name)
    ).all()
    if partner_id is not None and not partners:
        raise RecordNotFound(f"there is no partner {partner_id}", "partner_id")
    rows = session.execute(
        select(*PartnerKey.__table__.columns)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(*chosen)
        .order_by(PartnerKey.id)
    )
    by_partner: dict[int, list[ListedKey]] = {}
    for row in rows:
        key = ListedKey(row.id, row.hint, terms_of(row), row.created_at, row.revoked_at)
        by_partner.setdefault(row.partner_id, []).append(key)
    return [
        ListedPartner(row.id, row.name, row.daily_quota, row.created_at, tuple(by_partner.get(row.id, ())))
        for row in partners
    ]
