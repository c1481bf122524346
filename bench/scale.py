"""What ever more facilities cost a search: the same askers' question in a large world over that in a small one."""

import sys
from statistics import median

from bench import askers, statement, world
from bench.databases import empty_database
from bench.row import Row
from bench.run import ASKERS, Run
from bench.synthetic import synthetic_facilities
from geo.database import Database
from geo.imports.writer import write_dataset

SMALL, LARGE = 10_000, 5_000_000
"""Facilities."""

ROUNDS = 3
"""Turns of all askers in each world, one after the other; the median of the turns counts."""


def rows(run: Run) -> list[Row]:
    """The median ranked statement, the two worlds asked in turns."""
    with (
        empty_database(run.cluster, f"{run.name}_small") as small,
        empty_database(run.cluster, f"{run.name}_large") as large,
    ):
        _make(small, SMALL)
        _make(large, LARGE)
        with small.read() as small_session, large.read() as large_session:
            # In the small world few have K facilities within reach: those of the large one ask in both.
            asking = askers.find(large_session, ASKERS)
            sessions = (small_session, large_session)
            for session in sessions:
                statement.prepare(session)
            turns = [[statement.medians_ms(session, asking)[1] for session in sessions] for _ in range(ROUNDS)]
    small_ms, large_ms = (median(turn[place] for turn in turns) for place in (0, 1))
    return [Row(f"scale, ranked, {LARGE:,} facilities", large_ms, small_ms, "ms", f"{SMALL:,} facilities", "≤ 1.5")]


def _make(database: Database, facilities: int) -> None:
    print(f"making a world of {facilities} facilities", file=sys.stderr)
    with database.write() as session:
        write_dataset(session, world.DATASET, synthetic_facilities(facilities), world.AS_OF)
        session.commit()
    world.add_sums(database)
