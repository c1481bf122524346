"""Members of staff, their roles and their tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from geo.casework import audit
from geo.casework.models import ROLES, QueueItem, Staff
from geo.crowd.models import Device
from geo.database import Session
from geo.errors import Conflict, InvalidToken, NotAllowed, RecordNotFound

Role = Literal["reader", "moderator", "senior", "admin"]

TOKEN_PREFIX = "bfs_"  # noqa: S105 - the typed prefix of a token, not one
"""Identifies a leaked token (BeForehand Staff) to people and secret scanners."""

TOKEN_BYTES = 32
"""256 random bits, as for devices."""

TOKEN_LIFETIME = timedelta(days=90)
"""A quarter: the token of somebody who has left must not stay valid for long."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A new member of staff. The token is returned only once."""

    staff_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownStaff:
    """The member of staff that a request's token identifies.

    Attributes:
        staff_id, name, role: the member of staff.
        device_id: the person's own phone, or None if unknown.
    """

    staff_id: int
    name: str
    role: Role
    device_id: int | None

    @property
    def actor(self) -> str:
        """The member of staff as an actor in the audit chain."""
        return f"staff:{self.staff_id}"


def add(  # noqa: PLR0913 - name, role, time, actor and phone
    session: Session, name: str, role: Role, as_of: datetime, *, actor: str, device_handle: UUID | None = None
) -> NewStaff:
    """Add a member of staff with a new token.

    Raises:
        Conflict: a member of staff with that name exists.
        RecordNotFound: there is no device with that handle.
    """
    device_id = None
    if device_handle is not None:
        # Locked until the commit, so that it is not erased meanwhile.
        device = select(Device.id).where(Device.handle == device_handle).with_for_update(read=True, key_share=True)
        device_id = session.execute(device).scalar_one_or_none()
        if device_id is None:
            raise RecordNotFound(f"there is no device {device_handle}", "device_handle")
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = as_of + TOKEN_LIFETIME
    values = {"name": name, "role": role, "token_digest": _digest(token), "device_id": device_id}
    # Concurrent additions of the same name wait for the first one to commit, and then find the name taken.
    staff_id = session.execute(
        upsert(Staff)
        .values(**values, created_at=as_of, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(Staff.id)
    ).scalar_one_or_none()
    if staff_id is None:
        raise Conflict(f"a member of staff called {name} already exists", "name")
    audit.append(session, actor, "staff added", {"staff_id": staff_id, "role": role}, as_of)
    return NewStaff(staff_id, token, expires_at)


def revoke(session: Session, name: str, as_of: datetime, *, actor: str) -> None:
    """Revoke the token of a member of staff, with immediate effect, and free the queue items that they have claimed.

    Raises:
        RecordNotFound: there is no active member of staff with that name.
    """
    staff_id = session.execute(
        update(Staff).where(Staff.name == name, Staff.revoked_at.is_(None)).values(revoked_at=as_of).returning(Staff.id)
    ).scalar_one_or_none()
    if staff_id is None:
        raise RecordNotFound(f"there is no member of staff called {name}", "name")
    claimed = update(QueueItem).where(QueueItem.claimed_by == staff_id, QueueItem.state == "open")
    session.execute(claimed.values(claimed_by=None, claimed_until=None))
    audit.append(session, actor, "staff revoked", {"staff_id": staff_id}, as_of)


def listed(session: Session) -> Sequence[RowMapping]:
    """Return all members of staff, by name."""
    columns = (Staff.id, Staff.name, Staff.role, Staff.created_at, Staff.expires_at, Staff.revoked_at)
    return session.execute(select(*columns).order_by(Staff.name, Staff.id)).mappings().all()


def known(session: Session, token: str, as_of: datetime) -> KnownStaff:
    """Return the member of staff that the token belongs to.

    Raises:
        InvalidToken: the token is unknown, revoked or expired.
    """
    row = session.execute(
        select(Staff.id, Staff.name, Staff.role, Staff.device_id, Staff.expires_at, Staff.revoked_at).where(
            Staff.token_digest == _digest(token)
        )
    ).one_or_none()
    if row is None or row.revoked_at is not None:
        raise InvalidToken("unknown token")
    if row.expires_at <= as_of:
        raise InvalidToken("this token has expired: ask for a new one")
    return KnownStaff(row.id, row.name, row.role, row.device_id)


def require(member: KnownStaff, at_least: str) -> None:
    """Check that a member of staff has at least a role.

    Raises:
        NotAllowed: the member's role is lower.
    """
    if ROLES.index(member.role) < ROLES.index(at_least):
        raise NotAllowed(f"this requires the role {at_least}; yours is {member.role}")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
