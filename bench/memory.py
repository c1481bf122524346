"""What one worker holds in memory after many requests."""

from bench import program, wrk
from bench.row import NotMeasured, Row
from bench.run import Run
from bench.server import Server, product

EARLY_SHARE = 0.1
"""Of the requests: what a worker holds then has warmed up, and should not grow."""

MIB_KIB = 1024


def rows(run: Run) -> list[Row]:
    """The resident set of the only worker, early and at the end."""
    requests = [wrk.raw_request(asker.path) for asker in run.askers]
    sizes_mib, answered = [], 0
    with product(run.url, workers=1) as server:
        for until in (EARLY_SHARE * run.memory_requests, run.memory_requests):
            while answered < until:
                answered += wrk.load(server.port, requests, run.slice_s).requests
            sizes_mib.append(_worker_mib(server))
    early_mib, late_mib = sizes_mib
    name = f"memory of a worker after {run.memory_requests:,} requests"
    return [
        Row(name, late_mib, None, "MiB", target="≤ 120"),
        Row(name, late_mib, early_mib, "MiB", f"after {EARLY_SHARE:.0%} of them", "≤ 1.05"),
    ]


def _worker_mib(server: Server) -> float:
    """The resident set of the server's largest child: the worker, beside what multiprocessing may have started."""
    listed = program.run("ps", "-axo", "ppid=,rss=").stdout
    processes = [[int(cell) for cell in line.split()] for line in listed.splitlines()]
    sizes_kib = [rss_kib for parent, rss_kib in processes if parent == server.pid]
    if not sizes_kib:
        raise NotMeasured("the server has no worker")
    return max(sizes_kib) / MIB_KIB
