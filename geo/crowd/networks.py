"""Which network a request came from: a keyed hash, so that sameness shows and the address does not."""

import hmac
import re
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import select

from geo.crowd.models import NETWORK_BYTES, Secret
from geo.database import Session

NETWORK_LIFETIME = timedelta(days=7)
"""How long a hash is kept: as long as ratings from one network are weighed together (MATH.md)."""

IPV4_PREFIX_BITS = 24
"""The block that one site or household provider commonly shares."""

IPV6_PREFIX_BITS = 48
"""What one site is given (RFC 6177): within it, a phone may choose addresses at will."""


UNKNOWN = b""
"""The network of every address that cannot be read. They share one, and its limits: an address that a proxy leaves out,
or writes in a form of its own, is no way around them."""

_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""``[2001:db8::1]``, ``[2001:db8::1]:443`` or ``192.0.2.1:443``."""


def network_of(session: Session, block: bytes, key: bytes | None = None) -> bytes:
    """A network as a keyed hash of NETWORK_BYTES.

    Args:
        session: any session.
        block: of ``block_of``.
        key: of the hash; default: that of the database.
    """
    key = key or session.execute(select(Secret.value).where(Secret.name == "network")).scalar_one()
    return hmac.digest(key, block, sha256)[:NETWORK_BYTES]


def block_of(address: str) -> bytes:
    """The first address of the network of an address, to be kept in memory only; UNKNOWN where it cannot be read.

    Args:
        address: IPv4 or IPv6, also with a port, in quotes, in brackets, with a zone.
    """
    ip = _read(address)
    if ip is None:
        return UNKNOWN
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = IPV4_PREFIX_BITS if isinstance(ip, IPv4Address) else IPV6_PREFIX_BITS
    return ip_network((ip.packed, bits), strict=False).network_address.packed


def _read(address: str) -> IPv4Address | IPv6Address | None:
    address = address.strip(" \t\"'")
    if found := _WITH_PORT.fullmatch(address):
        address = found[1] or found[2] or ""
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None
