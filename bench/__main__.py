"""`make bench`: one run, one machine, one table. Ratios count; absolute times are this machine's.

make bench                                                       100,000 facilities and 300,000 ratings
make bench ARGS="--facilities 1000000"                           another world; always three ratings a facility
make bench ARGS="--rows http,latency --slice-s 2"                some rows only, and less time for them
make bench ARGS="--facilities 1000000 --memory-requests 10000"   sooner done with a worker's memory
make bench ARGS="--facilities 1000000 --rows all"                the whole table, with a world of 5,000,000: an hour
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench import (
    conditional,
    http,
    import_speed,
    latency,
    memory,
    peers,
    ratings,
    route,
    scale,
    start,
    starvation,
    statement,
    world,
    worst,
    wrk,
)
from bench.databases import empty_database
from bench.row import NotMeasured, Row, markdown
from bench.run import Run
from geo.private_postgres.cluster import PrivatePostgres, default_data_dir

PROJECT = Path(__file__).resolve().parent.parent
RATINGS_A_FACILITY = 3

SLICE_S = 5
"""Seconds of one slice of a load; a comparison takes four slices of each side."""

MEMORY_REQUESTS = 100_000

Rows = Mapping[str, Callable[[Run], list[Row]]]

STATEMENTS: Rows = {
    "import": lambda _: [],  # measured already: it makes the world
    "statement": statement.rows,
    "route": lambda run: route.rows(run.database),
    "scale": scale.rows,
}

SERVERS: Rows = {
    "http": http.rows,
    "peers": peers.rows,
    "conditional": conditional.rows,
    "latency": latency.rows,
    "starvation": starvation.rows,
    "worst": worst.rows,
    "memory": memory.rows,
    "start": start.rows,
    "ratings": ratings.rows,  # last: it changes the world
}

ROWS: Rows = {**STATEMENTS, **SERVERS}

BY_DEFAULT = [name for name in ROWS if name not in {"scale", "starvation", "worst"}]
"""Scale makes a world of five million facilities, which takes a quarter of an hour; the others one of a million."""


def measure(options: argparse.Namespace) -> Iterator[Row]:
    """Yield the requested rows as they are measured."""
    if not STATEMENTS.keys() >= set(options.rows):
        wrk.require()
    data_dir = os.environ.get("BEFOREHAND_DATA_DIR")
    cluster = PrivatePostgres(Path(data_dir) if data_dir else default_data_dir(), PROJECT)
    cluster.start()
    name = f"bench_{os.getpid()}"
    with empty_database(cluster, name) as database:
        yield import_speed.row(database, options.facilities)
        print(f"rating {options.facilities} facilities", file=sys.stderr)
        world.add_ratings(database, RATINGS_A_FACILITY * options.facilities)
        run = Run(database, cluster, name, options.slice_s, options.memory_requests)
        for row in options.rows:
            print(f"measuring {row}", file=sys.stderr)
            yield from ROWS[row](run)


def main() -> None:
    """Measure, and print the table and its JSON: of what there is, where a row cannot be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--facilities", type=int, default=100_000)
    parser.add_argument("--rows", type=_names, default=BY_DEFAULT, help=f"all, or some of {','.join(ROWS)}")
    parser.add_argument("--slice-s", type=int, default=SLICE_S, help="seconds of one slice of a load")
    parser.add_argument("--memory-requests", type=int, default=MEMORY_REQUESTS)
    options = parser.parse_args()
    # On SIGTERM it stops its servers first, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows: list[Row] = []
    failure = None
    try:
        rows.extend(measure(options))
    except NotMeasured as error:
        failure = f"make bench: {error}"
    print(markdown(rows))
    print(json.dumps({"facilities": options.facilities, "rows": [row.document() for row in rows]}))
    sys.exit(failure)


def _names(text: str) -> list[str]:
    names = list(ROWS) if text == "all" else text.split(",")
    if unknown := set(names) - set(ROWS):
        raise argparse.ArgumentTypeError(f"no row is called {', '.join(sorted(unknown))}")
    return [name for name in ROWS if name in names]


main()
