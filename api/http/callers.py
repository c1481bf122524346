"""Identifies the caller: the device or member of staff whose bearer token the request carries, and its network."""

from datetime import datetime
from functools import cache, partial
from urllib.parse import urlsplit

import structlog
from flask import g, request
from werkzeug.exceptions import Unauthorized

from api.http import limits
from api.http.declarations import Policy, policy_here
from api.http.problems import problem
from api.http.services import database, now, settings
from geo.casework import staff as members
from geo.casework.models import ROLES
from geo.crowd import devices, networks
from geo.crowd.models import ORIGIN_MAX_CHARACTERS
from geo.database import Session
from geo.errors import InvalidToken, LimitReached, NotAllowed

DEVICE = Policy("device", refusals=(InvalidToken, LimitReached))
"""A device, suspended or not. It may read, export and erase its own data, and appeal."""

CONTRIBUTOR = Policy("device", refusals=(InvalidToken, NotAllowed, LimitReached))
"""A device that writes: it must not be suspended, and its writes are limited."""

OPAQUE_ORIGIN = "null"
"""The origin that browsers send for pages whose origin is private (RFC 6454, section 7.1)."""


def staff(at_least: members.Role) -> Policy:
    """Return the policy of routes for staff with at least this role."""
    refusals = (InvalidToken, LimitReached) if at_least == ROLES[0] else (InvalidToken, NotAllowed, LimitReached)
    return Policy("staff", at_least, refusals, partial(_check_staff, at_least))


def calling_device(session: Session, as_of: datetime) -> devices.KnownDevice:
    """Return the calling device, checked by the policy of the route.

    Args:
        session: a write session for a CONTRIBUTOR, whose row is locked until the transaction ends; else any.
        as_of: now.

    Raises:
        Unauthorized: the request carries no bearer token.
        InvalidToken: the token is unknown or has expired.
        NotAllowed: the device is suspended and the route requires a CONTRIBUTOR.
        LimitReached: the CONTRIBUTOR has written too often.
    """
    contributes = policy_here() == CONTRIBUTOR
    device = devices.known(session, _device_token(), as_of, lock=contributes)
    if contributes:
        if device.suspended_at is not None:
            raise NotAllowed("this device is suspended: GET /v1/me/decisions returns the reason and how to appeal")
        limits.count_write(session, device.device_id)
    return device


def _check_staff(at_least: str) -> None:
    token = bearer_token("this route requires the token of a member of staff: send it as Authorization: Bearer")
    with database().read() as session:
        g.staff = members.known(session, token, now())
    members.require(g.staff, at_least)


def calling_staff() -> members.KnownStaff:
    """Return the member of staff who calls a route with a ``staff`` policy."""
    member: members.KnownStaff = g.staff
    return member


def calling_network(session: Session) -> bytes:
    """Return the keyed hash of the network that the request came from. The address itself is not stored."""
    return networks.network_of(session, calling_block(), settings().network_key)


def calling_page() -> str | None:
    """Return the origin of the web page of another site that sent the request; None for apps and pages of this host.

    Pages whose origin is empty or unreadable share OPAQUE_ORIGIN with those whose browser hides it.
    """
    sent = request.headers.get("Origin")
    if sent is None:
        return None
    origin = sent.strip().lower()
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return OPAQUE_ORIGIN
    return None if host == request.host.lower() else origin[:ORIGIN_MAX_CHARACTERS] or OPAQUE_ORIGIN


def calling_block() -> bytes:
    """Return the network that the request came from, for use in memory only; networks.UNKNOWN if it is unknown."""
    block = networks.block_of(_client_address())
    if block == networks.UNKNOWN:
        warn_of_unknown_network(settings().trusted_proxies)
    return block


@cache
def warn_of_unknown_network(trusted_proxies: int) -> None:
    """Log, once per process, that client addresses cannot be read.

    Args:
        trusted_proxies: the setting, which is the likely cause.
    """
    structlog.get_logger().warning(
        "client_address_unreadable",
        trusted_proxies=trusted_proxies,
        consequence="all clients whose address cannot be read share one network and its limits",
    )


def _client_address() -> str:
    """Return the address that the outermost trusted proxy saw; without proxies, the connection's peer address."""
    proxies = settings().trusted_proxies
    if proxies == 0:
        return request.remote_addr or ""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    return forwarded[-proxies] if len(forwarded) >= proxies else ""


def _device_token() -> str:
    return bearer_token(
        "this route requires a device token: get one from POST /v1/devices, send it as Authorization: Bearer"
    )


def bearer_token(lacking: str) -> str:
    """Return the bearer token of the request.

    Args:
        lacking: the detail of the 401 if there is no token.

    Raises:
        Unauthorized: the request carries no bearer token.
    """
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise Unauthorized(response=problem(401, lacking, headers={"WWW-Authenticate": 'Bearer realm="beforehand"'}))
    return authorization.token
