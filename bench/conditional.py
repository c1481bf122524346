"""Measures 304 responses against full responses to the same requests."""

import time

from bench import wrk
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import Server, product
from bench.slices import medians

SHARE_OF_ASKERS = 5
"""One of so many askers repeats its request: each must first get its ETag, within the minute that the ETag is valid."""

MINUTE_S = 60

MARGIN_S = 3
"""Time for getting the ETags, and for wrk to start and end."""

ATTEMPTS = 5
"""Slices at most for one that counts: when PostgreSQL analyses a table by itself, all data have a new version."""

LARGEST_304_BYTES = 1_000
"""A 304 is its header fields; a full answer has twenty times as much."""


def rows(run: Run) -> list[Row]:
    """Closed loops of 304s and of 200s to the same questions, in turns."""
    paths = [asker.path for asker in run.askers[::SHARE_OF_ASKERS]]
    full = [wrk.raw_request(path) for path in paths]
    with product(run.url) as server:
        unchanged_rate, full_rate = medians(
            lambda: _unchanged(server, paths, run.slice_s).rate,
            lambda: wrk.load(server.port, full, run.slice_s).rate,
        )
    return [Row("conditional, 304s", unchanged_rate, full_rate, "/s", "200s to the same questions", "≥ 3")]


def _unchanged(server: Server, paths: list[str], slice_s: int) -> wrk.Load:
    """A closed loop of requests that know the ETag of what they ask for.

    Raises:
        NotMeasured: in every attempt some answers were in full, as where somebody else writes into the cluster.
    """
    for _ in range(ATTEMPTS):
        left_s = MINUTE_S - time.time() % MINUTE_S
        if left_s < slice_s + MARGIN_S:
            time.sleep(left_s)
        tags = [server.get(path)[0].headers["ETag"] for path in paths]
        requests = [
            wrk.raw_request(path, header=[("If-None-Match", tag)]) for path, tag in zip(paths, tags, strict=True)
        ]
        seen = wrk.load(server.port, requests, slice_s)
        if seen.bytes <= LARGEST_304_BYTES * seen.requests:
            return seen
    raise NotMeasured(f"answers of {seen.bytes / seen.requests:.0f} bytes each are no 304s: does somebody else write?")
