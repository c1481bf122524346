"""Devices: who may rate. A device is a random token and nothing else."""

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
"""Says what a leaked token is for (BeForehand Device), to people and to secret scanners."""

TOKEN_BYTES = 32
"""256 random bits: nobody guesses one, so that a plain hash keeps it safe."""

TOKEN_LIFETIME = timedelta(days=365)
"""A year from the last renewal: a phone in use never notices, a lost one is forgotten."""


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device just registered; the token is shown this once.

    Attributes:
        device_id: its key here, told to nobody.
        token: the bearer token.
        expires_at: when the token ends unless it is used before.
    """

    device_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """The device whose token a request bore.

    Attributes:
        device_id: its key here.
        handle: what staff and decisions call it.
        registered_at, expires_at: from when until when its token is good.
        suspended_at: when staff suspended it, None where they did not.
    """

    device_id: int
    handle: UUID
    registered_at: datetime
    expires_at: datetime
    suspended_at: datetime | None = None


def register(session: Session, as_of: datetime) -> NewDevice:
    """Make a device and its token.

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


def known(session: Session, token: str, as_of: datetime, *, hold: bool = False) -> KnownDevice:
    """The device that the token belongs to.

    Args:
        session: any session; a write session where it is to be held.
        token: the bearer token.
        as_of: now.
        hold: keep it from being erased until the transaction ends; the first lock that a write takes.

    Raises:
        InvalidToken: it belongs to none, or has expired.
    """
    statement = select(Device.id, Device.handle, Device.created_at, Device.expires_at, Device.suspended_at).where(
        Device.token_digest == _digest(token)
    )
    row = session.execute(statement.with_for_update(read=True, key_share=True) if hold else statement).one_or_none()
    if row is None:
        raise InvalidToken("this token is not known here")
    if row.expires_at <= as_of:
        raise InvalidToken("this token has expired: register the device anew")
    return KnownDevice(row.id, row.handle, row.created_at, row.expires_at, row.suspended_at)


def renew(session: Session, device: KnownDevice, as_of: datetime) -> None:
    """Let the token of a device in use live on, once less than half of its life is left."""
    if device.expires_at - as_of < TOKEN_LIFETIME / 2:
        session.execute(update(Device).where(Device.id == device.device_id).values(expires_at=as_of + TOKEN_LIFETIME))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
