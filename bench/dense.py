"""A large world with a dense city, in which the most expensive requests are measured."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

from bench import world
from bench.databases import empty_database
from bench.run import Run
from bench.synthetic import synthetic_facilities
from geo.coordinates import Point
from geo.imports.writer import write_dataset

ELSEWHERE, IN_THE_CITY = 800_000, 200_000
"""Facilities: fifty times as many as OSM has in any city."""

CITY, CENTRE = "Paris", Point(2.3488, 48.85341)


@contextmanager
def dense(run: Run) -> Iterator[Run]:
    """The run in a dense world, which is gone when it ends."""
    name = f"{run.name}_dense"
    with empty_database(run.cluster, name) as database:
        print(f"making a world of {ELSEWHERE + IN_THE_CITY} facilities with a dense city", file=sys.stderr)
        facilities = chain(synthetic_facilities(ELSEWHERE), synthetic_facilities(IN_THE_CITY, only=CITY))
        with database.write() as session:
            write_dataset(session, world.DATASET, facilities, world.AS_OF)
            session.commit()
        world.add_sums(database)
        yield replace(run, database=database, name=name)
