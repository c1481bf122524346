"""The form of a partner's key: a typed prefix, 256 random bits, and a checksum.

``bfp_`` or ``bfk_``, 43 characters of base62, and 6 more of the CRC-32 of all that stands before them: the form that
GitHub gave its tokens in 2021. The checksum tells a mistyped key from an unknown one without asking the database, and
lets secret scanners know a leaked key for certain. It protects nothing: who can guess 256 bits can also add 32.
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
"""256 random bits: nobody guesses one, so that a plain hash keeps it safe."""

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
"""Hosts where http is safe, as nothing leaves the machine; browsers count them as secure too (W3C Secure Contexts)."""

_DEFAULT_PORTS = {"https": 443, "http": 80}


def generate(kind: str) -> str:
    """A new key of a kind."""
    return _checked(PREFIXES[kind] + _base62(int.from_bytes(secrets.token_bytes(KEY_BYTES)), _RANDOM_CHARACTERS))


def digest(key: str) -> bytes:
    """What the database knows a key by.

    Raises:
        InvalidToken: it has not the form of a key, or its checksum does not fit.
    """
    if not _FORM.fullmatch(key):
        raise InvalidToken("this is no partner's key: those begin with bfp_ or bfk_ and have 53 characters")
    if _checked(key[:-_CHECKSUM_CHARACTERS]) != key:
        raise InvalidToken("this key is mistyped or cut: its checksum does not fit")
    return hashlib.sha256(key.encode()).digest()


def hint(key: str) -> str:
    """The end of a key, to tell it from its neighbours."""
    return key[-HINT_CHARACTERS:]


def origin(text: str) -> str:
    """An origin as browsers write it (RFC 6454): scheme, host and any unusual port, in lower case.

    Raises:
        InvalidKeyTerms: it is none, or one that a key must not be bound to.
    """
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        raise InvalidKeyTerms(f"{text!r} is no origin such as https://www.example.org") from None
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not _HOST.fullmatch(host)
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise InvalidKeyTerms(
            f"{text!r} is no origin such as https://www.example.org: scheme, host in ASCII, any port, and no path"
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidKeyTerms(f"{text!r} must be https: on the way to a http page anybody may change its script")
    return f"{parts.scheme}://{host}" + ("" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}")


def _checked(beginning: str) -> str:
    return beginning + _base62(zlib.crc32(beginning.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    written = ""
    for _ in range(characters):
        number, digit = divmod(number, len(_BASE62))
        written = _BASE62[digit] + written
    return written
