"""All settings, read once from the environment by wsgi.py and handed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path

from geo.errors import BeforehandError
from geo.local_postgres import LocalPostgres, default_data_dir

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
    """

    database_url: str
    private_postgres: LocalPostgres | None
    port: int
    workers: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read DATABASE_URL, BEFOREHAND_DATA_DIR, PORT and WEB_CONCURRENCY; an empty one counts as unset.

        Raises:
            InvalidSetting: one of them makes no sense; the text names it.
        """
        private = None
        database_url = environ.get("DATABASE_URL", "")
        if not database_url:
            data_dir = environ.get("BEFOREHAND_DATA_DIR", "")
            private = LocalPostgres(Path(data_dir).absolute() if data_dir else default_data_dir(), PROJECT)
            database_url = private.url()
        return cls(
            database_url=database_url,
            private_postgres=private,
            port=_whole_number(environ, "PORT", default=8000, most=65_535),
            workers=_whole_number(environ, "WEB_CONCURRENCY", default=cpu_count() or 1, most=256),
        )


def _whole_number(environ: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    value = environ.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= most):
        raise InvalidSetting(f"{name}={value!r} is not a whole number from 1 to {most}")
    return int(value)
