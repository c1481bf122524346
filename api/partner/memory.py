"""What a server process remembers of partners between requests: keys for a moment, origins, and unspent grants."""

from datetime import datetime, timedelta
from typing import cast

from flask import Flask, current_app

from api.services import database
from geo.partners import registry
from geo.partners.quotas import Accounts

KEY_LIFETIME = timedelta(seconds=10)
"""How long a key and the known origins are believed: within it a revoked key ends everywhere, and at this price a busy
partner costs one look-up of its key in ten seconds, not one a request."""

_KEY = "beforehand.partners"


class PartnerMemory:
    """The memory of one process; the truth is in the database.

    Only keys that work are remembered, so that a new key works at once and nobody can fill the memory with guesses.
    """

    def __init__(self) -> None:
        self.accounts = Accounts()
        self._keys: dict[bytes, tuple[registry.KnownKey, datetime]] = {}
        self._origins: tuple[frozenset[str], datetime] | None = None

    def key(self, digest: bytes, as_of: datetime) -> registry.KnownKey:
        """The working key of a digest.

        Raises:
            InvalidToken: there is none, or no longer.
        """
        remembered = self._keys.get(digest)
        if remembered is None or as_of - remembered[1] >= KEY_LIFETIME:
            self._keys.pop(digest, None)
            with database().read() as session:
                remembered = registry.known(session, digest, as_of), as_of
            self._keys[digest] = remembered
        registry.refuse_expired(remembered[0], as_of)
        return remembered[0]

    def origins(self, as_of: datetime) -> frozenset[str]:
        """All origins that a working key is bound to."""
        if self._origins is None or as_of - self._origins[1] >= KEY_LIFETIME:
            with database().read() as session:
                self._origins = registry.working_origins(session, as_of), as_of
        return self._origins[0]


def provide(app: Flask) -> None:
    """Give an app an empty memory."""
    app.extensions[_KEY] = PartnerMemory()


def memory() -> PartnerMemory:
    """The memory of the app that answers this request."""
    return cast("PartnerMemory", current_app.extensions[_KEY])


def settle(app: Flask) -> None:
    """Tell the database what became of every grant: for a process that ends."""
    with app.app_context(), database().write() as session:
        memory().accounts.settle(session)
        session.commit()
