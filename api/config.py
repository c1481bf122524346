"""All settings, read once from the environment by wsgi.py and handed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path

from geo.errors import BeforehandError
from geo.private_postgres.cluster import PrivatePostgres, default_data_dir

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout: each has its own private cluster."""


class InvalidSetting(BeforehandError):
    """An environment variable that makes no sense."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment decides.

    Attributes:
        database_url: DATABASE_URL, or that of the private cluster.
        private_postgres: the cluster to start where DATABASE_URL is not set; None where it is.
        port: PORT, where to serve.
        workers: WEB_CONCURRENCY, how many server processes; one a processor unless told.
        trusted_proxies: TRUSTED_PROXIES, how many proxies before us write X-Forwarded-For; 0, none, unless told.
        network_key: BEFOREHAND_NETWORK_KEY, of the hash that networks are told apart by; one that the database keeps
            unless told.
        rate_limits: RATE_LIMITS, ``on`` unless told ``off``: for measurements and load tests, never for the public.
    """

    database_url: str
    private_postgres: PrivatePostgres | None
    port: int
    workers: int
    trusted_proxies: int = 0
    network_key: bytes | None = None
    rate_limits: bool = True

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the variables that the attributes name, and BEFOREHAND_DATA_DIR; an empty one counts as unset.

        Raises:
            InvalidSetting: one of them makes no sense; the text names it.
        """
        private = None
        database_url = environ.get("DATABASE_URL", "")
        if not database_url:
            data_dir = environ.get("BEFOREHAND_DATA_DIR", "")
            private = PrivatePostgres(Path(data_dir).absolute() if data_dir else default_data_dir(), PROJECT)
            database_url = private.url()
        return cls(
            database_url=database_url,
            private_postgres=private,
            port=_whole_number(environ, "PORT", default=8000, most=65_535),
            workers=_whole_number(environ, "WEB_CONCURRENCY", default=cpu_count() or 1, most=256),
            trusted_proxies=_whole_number(environ, "TRUSTED_PROXIES", default=0, least=0, most=10),
            network_key=environ.get("BEFOREHAND_NETWORK_KEY", "").encode() or None,
            rate_limits=_switch(environ, "RATE_LIMITS", default=True),
        )


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "")
    if value not in {"", "on", "off"}:
        raise InvalidSetting(f"{name}={value!r} is neither on nor off")
    return default if not value else value == "on"


def _whole_number(environ: Mapping[str, str], name: str, *, default: int, most: int, least: int = 1) -> int:
    value = environ.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise InvalidSetting(f"{name}={value!r} is not a whole number from {least} to {most}")
    return int(value)
