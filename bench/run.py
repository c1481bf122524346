"""What the rows with servers are measured on, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bench import askers
from geo.database import Database
from geo.private_postgres.cluster import PrivatePostgres

ASKERS = 500
"""Places that ask in turn: enough that no cache of one of them helps."""


@dataclass(frozen=True)
class Run:
    """One run of the bench.

    Attributes:
        database: the world.
        cluster: that it is in.
        name: of its database there.
        slice_s: how long one slice of a load lasts.
        memory_requests: after how many requests a worker's memory is looked at.
    """

    database: Database
    cluster: PrivatePostgres
    name: str
    slice_s: int
    memory_requests: int

    @property
    def url(self) -> str:
        """Of its database, as SQLAlchemy writes it."""
        return self.cluster.url(self.name)

    @property
    def libpq_url(self) -> str:
        """The same URL, as libpq and its kin write it."""
        return self.url.replace("+psycopg2", "")

    @cached_property
    def askers(self) -> Sequence[askers.Asker]:
        """Who asks."""
        with self.database.read() as session:
            return askers.find(session, ASKERS)
