import os
from collections.abc import Iterator

import pytest

from geo.database import Database
from geo.private_postgres.cluster import PrivatePostgres
from tests.conftest import temporary_database


@pytest.fixture
def empty_database(postgres: PrivatePostgres) -> Iterator[Database]:
    """A database with nothing in it, not even PostGIS."""
    with temporary_database(postgres, f"empty_{os.getpid()}") as url:
        database = Database(url)
        yield database
        database.close()
