"""The format of partners' keys: a typed prefix, 256 random bits, and a checksum.

``bfp_`` or ``bfk_``, 43 characters of base62, and 6 more for the CRC-32 of all characters before them: the format of
GitHub's tokens since 2021. The checksum distinguishes a mistyped key from an unknown one without a database query, and
lets secret scanners identify a leaked key reliably. It adds no security.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Mapping
from urllib.parse import urlsplit

from geo.errors import InvalidKeyTerms, InvalidToken
from geo.partners.models import HINT_CHARACTERS

PREFIXES: Mapping[str, str] = {"publishable": "bfp_", "secret": "bfk_"}
"""By kind: BeForehand Publishable, BeForehand Key."""

KEY_BYTES = 32
"""256 random bits cannot be guessed, so a plain hash is safe."""

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_CHARACTERS = 43
"""62^43 is the first power of 62 above 2^256."""
_CHECKSUM_CHARACTERS = 6
"""62^6 is the first power of 62 above 2^32."""

_FORM = re.compile(
    rf"({'|'.join(PREFIXES.values())})[0-9A-Za-z]{{{_RANDOM_CHARACTERS + _CHECKSUM_CHARACTERS}}}", re.ASCII
)

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.ASCII)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts where http is safe because nothing leaves the machine (W3C Secure Contexts)."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


def generate(kind: str) -> str:
    """Return a new key of a kind."""
    return _checked(PREFIXES[kind] + _base62(int.from_bytes(secrets.token_bytes(KEY_BYTES)), _RANDOM_CHARACTERS))


def digest(key: str) -> bytes:
    """Return the digest of a key, by which the database identifies it.

    Raises:
        InvalidToken: it does not have the format of a key, or its checksum is wrong.
    """
    if not _FORM.fullmatch(key):
        raise InvalidToken("this is not a partner key: those start with bfp_ or bfk_ and have 53 characters")
    if _checked(key[:-_CHECKSUM_CHARACTERS]) != key:
        raise InvalidToken("this key is mistyped or truncated: its checksum is wrong")
    return hashlib.sha256(key.encode()).digest()


def hint(key: str) -> str:
    """Return the last characters of a key, by which people distinguish keys."""
    return key[-HINT_CHARACTERS:]


def origin(text: str) -> str:
    """Return an origin as browsers serialise it (RFC 6454): scheme, host and any non-default port, in lower case.

    Raises:
        InvalidKeyTerms: the text is not an origin, or not one that a key may be bound to.
    """
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        raise InvalidKeyTerms(f"{text!r} is not a valid origin (example: https://www.example.org)") from None
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not _HOST.fullmatch(host)
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise InvalidKeyTerms(
            f"{text!r} is not a valid origin (example: https://www.example.org): scheme, ASCII host, port, no path"
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidKeyTerms(f"{text!r} must be https: the scripts of an http page can be changed in transit")
    return f"{parts.scheme}://{host}" + ("" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}")


def _checked(beginning: str) -> str:
    return beginning + _base62(zlib.crc32(beginning.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    written = ""
    for _ in range(characters):
        number, digit = divmod(number, len(_BASE62))
        written = _BASE62[digit] + written
    return written
