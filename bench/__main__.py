"""`make bench`: one run, one machine, one table. Ratios count; absolute times are this machine's.

make bench                             100,000 facilities and 300,000 ratings
make bench ARGS="--facilities 1000000" another world; always three ratings a facility
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from bench import import_speed, route, statement, world
from bench.row import Row, markdown
from geo import schema
from geo.database import Database, driver_url
from geo.local_postgres import LocalPostgres, default_data_dir

PROJECT = Path(__file__).resolve().parent.parent
RATINGS_A_FACILITY = 3


@contextmanager
def empty_database(cluster: LocalPostgres) -> Iterator[Database]:
    """A migrated database of the bench's own, gone when it ends."""
    name = f"bench_{os.getpid()}"
    admin = psycopg2.connect(driver_url(cluster.url()).replace("+psycopg2", ""))
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        database = Database(cluster.url(name), statement_timeout_ms=0)
        try:
            schema.upgrade(database)
            yield database
        finally:
            database.close()
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            admin.close()


def measure(facilities: int) -> list[Row]:
    """Every row of the table."""
    data_dir = os.environ.get("BEFOREHAND_DATA_DIR")
    cluster = LocalPostgres(Path(data_dir) if data_dir else default_data_dir(), PROJECT)
    cluster.start()
    with empty_database(cluster) as database:
        rows = [import_speed.row(database, facilities)]
        print(f"rating {facilities} facilities", file=sys.stderr)
        world.add_ratings(database, RATINGS_A_FACILITY * facilities)
        return rows + statement.rows(database) + route.rows(database)


def main() -> None:
    """Measure, and print the table and its JSON."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--facilities", type=int, default=100_000)
    asked = parser.parse_args()
    rows = measure(asked.facilities)
    print(markdown(rows))
    print(json.dumps({"facilities": asked.facilities, "rows": [row._asdict() for row in rows]}))


main()
