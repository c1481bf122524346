"""Measures the 99th percentile of latency against the median, below saturation."""

from statistics import median

from bench import open_loop, wrk
from bench.row import Row
from bench.run import Run
from bench.server import product
from bench.slices import ROUNDS

LOAD_SHARE = 0.7
"""Share of the rate that saturates the server."""

DURATION_SLICES = 2
"""An open loop takes so many slices: a percentile 99 needs thousands of requests."""


def rows(run: Run) -> list[Row]:
    """Run rounds of a closed loop, which measures the saturation rate, and an open loop at a share of it."""
    requests = [wrk.raw_request(asker.path) for asker in run.askers]
    with product(run.url) as server:
        wrk.load(server.port, requests, run.slice_s)  # warms up
        seen = []
        for _ in range(ROUNDS):
            rate = LOAD_SHARE * wrk.load(server.port, requests, run.slice_s).rate
            seen.append(open_loop.load(server.port, requests, rate, DURATION_SLICES * run.slice_s))
    p99_ms, p50_ms = median(one.p99_ms for one in seen), median(one.p50_ms for one in seen)
    name = f"latency, p99 at {LOAD_SHARE:.0%} of saturation, arrivals at random"
    return [Row(name, p99_ms, p50_ms, "ms", "p50", "≤ 5")]
