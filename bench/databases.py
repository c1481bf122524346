"""Databases of the bench's own, in the private cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from geo import schema
from geo.database import Database, driver_url
from geo.private_postgres.cluster import PrivatePostgres


@contextmanager
def empty_database(cluster: PrivatePostgres, name: str) -> Iterator[Database]:
    """A migrated database, gone when it ends."""
    admin = psycopg2.connect(driver_url(cluster.url()).replace("+psycopg2", ""))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        database = Database(cluster.url(name), read_timeout_ms=0, write_timeout_ms=0)
        try:
            schema.upgrade(database)
            yield database
        finally:
            database.close()
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.close()
