"""Ranked searches a second over HTTP, against pgbench's rate of the statement that they send, on the same cores."""

from functools import partial

from bench import pgbench, wrk
from bench.row import Row
from bench.run import Run
from bench.server import product
from bench.slices import medians


def rows(run: Run) -> list[Row]:
    """Closed loops from the same points, in turns.

    The same statement is the one that goes over the wire: the API's driver sends its text with each request, and so
    does pgbench in its simple mode. Prepared, what parsing and planning cost counts for us too: a figure beside.
    """
    requests = [wrk.raw_request(asker.path) for asker in run.askers]
    script = pgbench.script(run.database, run.askers)
    with product(run.url) as server:
        ours, simple, prepared = medians(
            lambda: wrk.load(server.port, requests, run.slice_s).rate,
            partial(pgbench.rate, run.libpq_url, script, run.slice_s, "simple"),
            partial(pgbench.rate, run.libpq_url, script, run.slice_s, "prepared"),
        )
    name = "http, GET /v1/facilities, k = 20"
    return [
        Row(name, ours, simple, "/s", "pgbench, the same statement", "≥ 0.55"),
        Row(name, ours, prepared, "/s", "pgbench -M prepared"),
    ]
