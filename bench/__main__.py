"""`make bench`: one run, one machine, one table. Ratios count; absolute times are this machine's.

make bench                                                       100,000 facilities and 300,000 ratings
make bench ARGS="--facilities 1000000"                           another world; always three ratings a facility
make bench ARGS="--rows http,latency --slice-s 2"                some rows only, and less time for them
make bench ARGS="--facilities 1000000 --memory-requests 10000"   sooner done with a worker's memory
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from bench import conditional, http, import_speed, latency, memory, peers, ratings, route, start, statement, world, wrk
from bench.row import NotMeasured, Row, markdown
from bench.run import Run
from geo import schema
from geo.database import Database, driver_url
from geo.local_postgres import LocalPostgres, default_data_dir

PROJECT = Path(__file__).resolve().parent.parent
RATINGS_A_FACILITY = 3

SLICE_S = 5
"""Seconds of one slice of a load; a comparison takes four slices of each side."""

MEMORY_REQUESTS = 100_000

Rows = Mapping[str, Callable[[Run], list[Row]]]

STATEMENTS: Rows = {
    "import": lambda _: [],  # measured already: it makes the world
    "statement": lambda run: statement.rows(run.database),
    "route": lambda run: route.rows(run.database),
}

SERVERS: Rows = {
    "http": http.rows,
    "peers": peers.rows,
    "conditional": conditional.rows,
    "latency": latency.rows,
    "memory": memory.rows,
    "start": start.rows,
    "ratings": ratings.rows,  # last: it changes the world
}

ROWS: Rows = {**STATEMENTS, **SERVERS}


@contextmanager
def empty_database(cluster: LocalPostgres, name: str) -> Iterator[Database]:
    """A migrated database of the bench's own, gone when it ends."""
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


def measure(asked: argparse.Namespace) -> Iterator[Row]:
    """The rows that are asked for, each as soon as it is there."""
    if not STATEMENTS.keys() >= set(asked.rows):
        wrk.require()
    data_dir = os.environ.get("BEFOREHAND_DATA_DIR")
    cluster = LocalPostgres(Path(data_dir) if data_dir else default_data_dir(), PROJECT)
    cluster.start()
    name = f"bench_{os.getpid()}"
    with empty_database(cluster, name) as database:
        yield import_speed.row(database, asked.facilities)
        print(f"rating {asked.facilities} facilities", file=sys.stderr)
        world.add_ratings(database, RATINGS_A_FACILITY * asked.facilities)
        run = Run(database, cluster.url(name), asked.slice_s, asked.memory_requests)
        for row in asked.rows:
            print(f"measuring {row}", file=sys.stderr)
            yield from ROWS[row](run)


def main() -> None:
    """Measure, and print the table and its JSON: of what there is, where a row cannot be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--facilities", type=int, default=100_000)
    parser.add_argument("--rows", type=_names, default=list(ROWS), help=f"some of {','.join(ROWS)}")
    parser.add_argument("--slice-s", type=int, default=SLICE_S, help="seconds of one slice of a load")
    parser.add_argument("--memory-requests", type=int, default=MEMORY_REQUESTS)
    asked = parser.parse_args()
    # Told to end, it stops its servers first, as at Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows: list[Row] = []
    failure = None
    try:
        rows.extend(measure(asked))
    except NotMeasured as error:
        failure = f"make bench: {error}"
    print(markdown(rows))
    print(json.dumps({"facilities": asked.facilities, "rows": [row.document() for row in rows]}))
    sys.exit(failure)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(ROWS):
        raise argparse.ArgumentTypeError(f"no row is called {', '.join(sorted(unknown))}")
    return [name for name in ROWS if name in names]


main()
