"""Who is calling: the device or the member of staff whose bearer token the request carries, and from which network."""

from datetime import datetime
from functools import cache, partial

import structlog
from flask import g, request
from werkzeug.exceptions import Unauthorized

from api import limits
from api.declarations import Policy, policy_here
from api.problems import problem
from api.services import database, now, settings
from geo.crowd import devices, networks
from geo.database import Session
from geo.errors import InvalidToken, LimitReached, NotAllowed
from geo.moderation import staff as members
from geo.moderation.models import ROLES

DEVICE = Policy("device", refusals=(InvalidToken, LimitReached))
"""A known device, suspended or not: it may see, export and erase what is its own, and appeal."""

CONTRIBUTOR = Policy("device", refusals=(InvalidToken, NotAllowed, LimitReached))
"""A known device that is not suspended and writes no more often than its limit allows."""


def staff(at_least: members.Role) -> Policy:
    """Staff of at least this role."""
    refusals = (InvalidToken,) if at_least == ROLES[0] else (InvalidToken, NotAllowed)
    return Policy("staff", at_least, refusals, partial(_check_staff, at_least))


def calling_device(session: Session, as_of: datetime) -> devices.KnownDevice:
    """The device that calls, checked by the policy of the route; a contributor is locked until the transaction ends.

    Args:
        session: a write session where the route is a contributor's.
        as_of: now.

    Raises:
        Unauthorized: the request carries no bearer token.
        InvalidToken: the token belongs to no device or has expired.
        NotAllowed: staff have suspended the contributor.
        LimitReached: the contributor has written too often lately.
    """
    contributes = policy_here() == CONTRIBUTOR
    device = devices.known(session, _device_token(), as_of, hold=contributes)
    if contributes:
        if device.suspended_at is not None:
            raise NotAllowed("this device is suspended: GET /v1/me/decisions says why, and how to appeal")
        limits.count_write(session, device.device_id)
    return device


def _check_staff(at_least: str) -> None:
    token = bearer_token("this route needs the token of a member of staff: send it as Authorization: Bearer")
    with database().read() as session:
        g.staff = members.known(session, token, now())
    members.require(g.staff, at_least)


def calling_staff() -> members.KnownStaff:
    """The member of staff who calls a route of ``staff``."""
    member: members.KnownStaff = g.staff
    return member


def calling_network(session: Session) -> bytes:
    """The network that the request came from, as a keyed hash; the address itself is kept nowhere."""
    return networks.network_of(session, calling_block(), settings().network_key)


def calling_block() -> bytes:
    """The network that the request came from, to be kept in memory only; networks.UNKNOWN where that is not known."""
    block = networks.block_of(_client_address())
    if block == networks.UNKNOWN:
        warn_of_unknown_network(settings().trusted_proxies)
    return block


@cache
def warn_of_unknown_network(trusted_proxies: int) -> None:
    """Log, once in a process, that the addresses of clients cannot be read.

    Args:
        trusted_proxies: of the settings: the likely cause.
    """
    structlog.get_logger().warning(
        "client_address_unreadable",
        trusted_proxies=trusted_proxies,
        consequence="all clients whose address cannot be read share one network and its limits",
    )


def _client_address() -> str:
    """The address that the outermost trusted proxy saw; with none, the other end of the connection."""
    proxies = settings().trusted_proxies
    if proxies == 0:
        return request.remote_addr or ""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    return forwarded[-proxies] if len(forwarded) >= proxies else ""


def _device_token() -> str:
    return bearer_token(
        "this route needs a device's token: POST /v1/devices gives one, send it as Authorization: Bearer"
    )


def bearer_token(lacking: str) -> str:
    """The token that the request carries.

    Args:
        lacking: what to say where it carries none.

    Raises:
        Unauthorized: it carries none.
    """
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise Unauthorized(response=problem(401, lacking, headers={"WWW-Authenticate": 'Bearer realm="beforehand"'}))
    return authorization.token
