"""Devices, which may rate. A device is identified only by a random token."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from geo.crowd.models import Device
from geo.database import Session
from geo.errors import InvalidToken

TOKEN_PREFIX = "bfd_"  # noqa: S105 - the typed prefix of a token, not one
"""Identifies a leaked token (BeForehand Device) to people and secret scanners."""

TOKEN_BYTES = 32
"""256 random bits cannot be guessed, so a plain hash is safe."""

TOKEN_LIFETIME = timedelta(days=365)
"""A year from the last renewal: tokens of phones in use are renewed, those of lost phones expire."""


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A newly registered device. The token is returned only once.

    Attributes:
        device_id: its primary key, which is not published.
        token: the bearer token.
        expires_at: when the token expires unless it is renewed.
    """

    device_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """The device that a request's token identifies.

    Attributes:
        device_id: its primary key.
        handle: its id for staff and in decisions.
        registered_at, expires_at: the validity of its token.
        suspended_at: when staff suspended it, or None.
    """

    device_id: int
    handle: UUID
    registered_at: datetime
    expires_at: datetime
    suspended_at: datetime | None = None


def register(session: Session, as_of: datetime) -> NewDevice:
    """Create a device and its token.

    Args:
        session: a write session.
        as_of: now.
    """
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = as_of + TOKEN_LIFETIME
    device_id = session.execute(
        insert(Device).values(token_digest=_digest(token), created_at=as_of, expires_at=expires_at).returning(Device.id)
    ).scalar_one()
    return NewDevice(device_id, token, expires_at)


def known(session: Session, token: str, as_of: datetime, *, lock: bool = False) -> KnownDevice:
    """Return the device that the token belongs to.

    Args:
        session: any session; a write session if lock is set.
        token: the bearer token.
        as_of: now.
        lock: lock the device's row until the transaction ends, so that what a device contributes follows one another;
            the first lock that a write takes.

    Raises:
        InvalidToken: the token is unknown or has expired.
    """
    statement = select(Device.id, Device.handle, Device.created_at, Device.expires_at, Device.suspended_at).where(
        Device.token_digest == _digest(token)
    )
    row = session.execute(statement.with_for_update(key_share=True) if lock else statement).one_or_none()
    if row is None:
        raise InvalidToken("unknown token")
    if row.expires_at <= as_of:
        raise InvalidToken("this token has expired: register the device again")
    return KnownDevice(row.id, row.handle, row.created_at, row.expires_at, row.suspended_at)


def renew(session: Session, device: KnownDevice, as_of: datetime) -> None:
    """Extend a device's token if less than half of its lifetime is left."""
    if device.expires_at - as_of < TOKEN_LIFETIME / 2:
        session.execute(update(Device).where(Device.id == device.device_id).values(expires_at=as_of + TOKEN_LIFETIME))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
