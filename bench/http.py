"""Ranked searches a second over HTTP, against pgbench's rate of the statement that they send, on the same cores."""

from functools import partial

from bench import pgbench, wrk
from bench.row import Row
from bench.run import Run
from bench.server import product
from bench.slices import medians


def rows(run: Run) -> list[Row]:
    """Both closed loops, from the same points, in turns.

    Prepared is the harder of pgbench's modes to come near: the API's driver sends the statement's text and its values
    with each request, and what parsing and planning it costs counts for us.
    """
    requests = [wrk.raw_request(asker.path) for asker in run.askers]
    script = pgbench.script(run.database, run.askers)
    with product(run.url) as server:
        ours, theirs = medians(
            lambda: wrk.load(server.port, requests, run.slice_s).rate,
            partial(pgbench.rate, run.libpq_url, script, run.slice_s),
        )
    return [
        Row("http, GET /v1/facilities, k = 20", ours, theirs, "/s", "pgbench -M prepared, the same statement", "≥ 0.55")
    ]
