"""From the start of a process to its first answer."""

from statistics import median
from time import perf_counter

from bench.row import Row
from bench.run import Run
from bench.server import free_port, product, running
from bench.slices import ROUNDS

MAKE_RUN = ("make", "run")
"""On this checkout's own private database, which it fills with the demo city where that is empty."""

DEMO_PATH = "/v1/facilities?lat=60.1699&lon=24.9384&limit=3"


def rows(run: Run) -> list[Row]:
    """Medians of several starts."""
    _make_run_s()  # the first time: it may install, migrate and seed
    again_s = median(_make_run_s() for _ in range(ROUNDS))
    serve_s = median(_serve_s(run) for _ in range(ROUNDS))
    return [
        Row("start, `make run` again, to its first answer", again_s, None, "s", target="≤ 10"),
        Row("start, `flask serve` to its first answer", serve_s, None, "s", target="≤ 1.5"),
    ]


def _make_run_s() -> float:
    port = free_port()
    started_s = perf_counter()
    with running(MAKE_RUN, port, {"PORT": str(port), "DATABASE_URL": ""}, DEMO_PATH):
        return perf_counter() - started_s


def _serve_s(run: Run) -> float:
    started_s = perf_counter()
    with product(run.url, path=run.askers[0].path):
        return perf_counter() - started_s
