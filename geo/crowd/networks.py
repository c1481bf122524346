"""Keyed hashes of networks, which identify requests from the same network without storing addresses."""

import hmac
import re
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from sqlalchemy import select

from geo.crowd.models import NETWORK_BYTES, Secret
from geo.database import Session

NETWORK_LIFETIME = timedelta(days=7)
"""How long a hash is kept: as long as ratings from one network are weighted together (docs/ranking.md)."""

IPV4_PREFIX_BITS = 24
"""A block that one site or the customers of one provider commonly share."""

IPV6_PREFIX_BITS = 48
"""The block of one site (RFC 6177), within which a phone may choose its addresses."""


UNKNOWN = b""
"""The network of all unreadable addresses. They share its limits, so that an address that a proxy omits or writes in an
unknown format does not bypass them."""

_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""An address with brackets or a port: ``[2001:db8::1]``, ``[2001:db8::1]:443`` or ``192.0.2.1:443``."""


def network_of(session: Session, block: bytes, key: bytes | None = None) -> bytes:
    """Return the keyed hash of a network, NETWORK_BYTES long.

    Args:
        session: any session.
        block: the network, from ``block_of``.
        key: the key of the hash. Default: the database's.
    """
    key = key or session.execute(select(Secret.value).where(Secret.name == "network")).scalar_one()
    return hmac.digest(key, block, sha256)[:NETWORK_BYTES]


def block_of(address: str) -> bytes:
    """Return the first address of an address's network, for use in memory only; UNKNOWN if it is unreadable.

    Args:
        address: IPv4 or IPv6, optionally with a port, quotes, brackets or a zone.
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
