"""All settings. wsgi.py reads them once from the environment and passes them on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path

from geo.errors import BeforehandError
from geo.private_postgres.cluster import PrivatePostgres, default_data_dir

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout's folder. Each checkout has its own private PostgreSQL cluster."""

FORWARDED = "Forwarded"
"""The list of proxies' reports of RFC 7239."""

X_FORWARDED_FOR = "X-Forwarded-For"
"""The list of addresses that most proxies write."""

_FIELD_NAME = re.compile("[A-Za-z][A-Za-z0-9-]*")

DEFAULT_PORT = 8_000

MAX_PORT = 65_535

METRICS_PORT_OFFSET = 1_000
"""Distance of the default METRICS_PORT from PORT: servers on neighbouring ports do not meet."""


class InvalidSetting(BeforehandError):
    """An environment variable has an invalid value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a deployment.

    Attributes:
        database_url: DATABASE_URL. Default: the URL of the private cluster.
        private_postgres: the cluster to start if DATABASE_URL is not set, otherwise None.
        port: PORT to listen on.
        metrics_port: METRICS_PORT, the port on 127.0.0.1 at which the server's main process answers /metrics. If it
            equals PORT, the server itself answers /metrics, to everybody. Default: METRICS_PORT_OFFSET above PORT.
        workers: WEB_CONCURRENCY, the number of server processes. Default: one for each processor.
        trusted_proxies: TRUSTED_PROXIES, the number of proxies in front of the server. Default: 0.
        client_address_header: CLIENT_ADDRESS_HEADER, the field in which these proxies report the client's address: one
            to which each appends (FORWARDED, X_FORWARDED_FOR) or one with a single address. Default: X_FORWARDED_FOR.
        network_key: BEFOREHAND_NETWORK_KEY, the key of the hash that distinguishes networks. Default: a random key that
            the database keeps.
        rate_limits: RATE_LIMITS, ``on`` or ``off``. Default: ``on``. ``off`` is for measurements and load tests only.
    """

    database_url: str
    private_postgres: PrivatePostgres | None
    port: int
    workers: int
    metrics_port: int = DEFAULT_PORT + METRICS_PORT_OFFSET
    trusted_proxies: int = 0
    client_address_header: str = X_FORWARDED_FOR
    network_key: bytes | None = None
    rate_limits: bool = True

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the variables that the attributes name, and BEFOREHAND_DATA_DIR. An empty variable counts as unset.

        Raises:
            InvalidSetting: a variable has an invalid value; the message names it.
        """
        private = None
        database_url = environ.get("DATABASE_URL", "")
        if not database_url:
            data_dir = environ.get("BEFOREHAND_DATA_DIR", "")
            private = PrivatePostgres(Path(data_dir).absolute() if data_dir else default_data_dir(), PROJECT)
            database_url = private.url()
        port = _whole_number(environ, "PORT", default=DEFAULT_PORT, most=MAX_PORT)
        offset = METRICS_PORT_OFFSET if port <= MAX_PORT - METRICS_PORT_OFFSET else -METRICS_PORT_OFFSET
        return cls(
            database_url=database_url,
            private_postgres=private,
            port=port,
            metrics_port=_whole_number(environ, "METRICS_PORT", default=port + offset, most=MAX_PORT),
            workers=_whole_number(environ, "WEB_CONCURRENCY", default=cpu_count() or 1, most=256),
            trusted_proxies=_whole_number(environ, "TRUSTED_PROXIES", default=0, least=0, most=10),
            client_address_header=_header(environ, "CLIENT_ADDRESS_HEADER", default=X_FORWARDED_FOR),
            network_key=environ.get("BEFOREHAND_NETWORK_KEY", "").encode() or None,
            rate_limits=_switch(environ, "RATE_LIMITS", default=True),
        )


def _header(environ: Mapping[str, str], name: str, *, default: str) -> str:
    """Return a header field's name in one spelling: fields are named without regard to case."""
    value = environ.get(name, "") or default
    if not _FIELD_NAME.fullmatch(value):
        raise InvalidSetting(f"{name}={value!r} must be the name of a header field without underscores, as X-Real-IP")
    if value != default and environ.get("TRUSTED_PROXIES", "") in {"", "0"}:
        raise InvalidSetting(f"{name} has no effect without TRUSTED_PROXIES: set it to the number of proxies")
    return value.title()


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "")
    if value not in {"", "on", "off"}:
        raise InvalidSetting(f"{name}={value!r} must be on or off")
    return default if not value else value == "on"


def _whole_number(environ: Mapping[str, str], name: str, *, default: int, most: int, least: int = 1) -> int:
    value = environ.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise InvalidSetting(f"{name}={value!r} must be a whole number between {least} and {most}")
    return int(value)
