"""Per-process cache of partners' keys and origins, and of unspent quota grants."""

from datetime import datetime, timedelta
from typing import cast

from flask import Flask, current_app

from api.http.services import database
from geo.partners import issued_keys
from geo.partners.quotas import Accounts

KEY_LIFETIME = timedelta(seconds=10)
"""How long keys and origins are cached. A revoked key becomes invalid everywhere within this time; a busy partner costs
one look-up of its key in ten seconds instead of one per request."""

_KEY = "beforehand.partners"


class PartnerMemory:
    """The cache of one process; the database has the authoritative state.

    Only valid keys are cached, so that a new key works immediately and guessed keys cannot fill the memory.
    """

    def __init__(self) -> None:
        self.accounts = Accounts()
        self._keys: dict[bytes, tuple[issued_keys.KnownKey, datetime]] = {}
        self._origins: tuple[frozenset[str], datetime] | None = None

    def key(self, digest: bytes, as_of: datetime) -> issued_keys.KnownKey:
        """Return the valid key with this digest.

        Raises:
            InvalidToken: the key is unknown, revoked or expired.
        """
        remembered = self._keys.get(digest)
        if remembered is None or as_of - remembered[1] >= KEY_LIFETIME:
            self._keys.pop(digest, None)
            with database().read() as session:
                remembered = issued_keys.known(session, digest, as_of), as_of
            self._keys[digest] = remembered
        issued_keys.refuse_expired(remembered[0], as_of)
        return remembered[0]

    def origins(self, as_of: datetime) -> frozenset[str]:
        """Return all origins that a valid key is bound to."""
        if self._origins is None or as_of - self._origins[1] >= KEY_LIFETIME:
            with database().read() as session:
                self._origins = issued_keys.working_origins(session, as_of), as_of
        return self._origins[0]


def provide(app: Flask) -> None:
    """Add an empty cache to an app."""
    app.extensions[_KEY] = PartnerMemory()


def memory() -> PartnerMemory:
    """Return the cache of the current app."""
    return cast("PartnerMemory", current_app.extensions[_KEY])


def settle(app: Flask) -> None:
    """Report the usage of every grant to the database and return the unspent rest, before the process ends."""
    with app.app_context(), database().write() as session:
        memory().accounts.settle(session)
        session.commit()
