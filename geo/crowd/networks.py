"""Which network a request came from: a keyed hash, so that sameness shows and the address does not."""

import hmac
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, ip_address, ip_network

from sqlalchemy import select

from geo.crowd.models import NETWORK_BYTES, Secret
from geo.database import Session

NETWORK_LIFETIME = timedelta(days=7)
"""How long a hash is kept: as long as ratings from one network are weighed together (MATH.md)."""

IPV4_PREFIX_BITS = 24
"""The block that one site or household provider commonly shares."""

IPV6_PREFIX_BITS = 48
"""What one site is given (RFC 6177): within it, a phone may choose addresses at will."""


def network_of(session: Session, address: str, key: bytes | None = None) -> bytes | None:
    """The network of an address as a keyed hash of NETWORK_BYTES; None where there is no address.

    Args:
        session: any session.
        address: of the client, IPv4 or IPv6.
        key: of the hash; that of the database unless told.
    """
    block = block_of(address)
    if block is None:
        return None
    key = key or session.execute(select(Secret.value).where(Secret.name == "network")).scalar_one()
    return hmac.digest(key, block, sha256)[:NETWORK_BYTES]


def block_of(address: str) -> bytes | None:
    """The first address of the network of an address, to be kept in memory alone; None where there is no address."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:  # a unix socket has none, and a proxy may write anything
        return None
    if not isinstance(ip, IPv4Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = IPV4_PREFIX_BITS if isinstance(ip, IPv4Address) else IPV6_PREFIX_BITS
    return ip_network((ip, bits), strict=False).network_address.packed
