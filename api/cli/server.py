"""The main process of the server: it imports the application once and forks the workers, which share its memory.

``flask serve`` becomes this process (``python -m api.cli.server HOST``): the metrics of workers need an environment
variable that prometheus_client reads when it is imported.
"""

import ctypes
import gc
import multiprocessing
import multiprocessing.util
import os
import resource
import signal
import sys
from contextlib import suppress

from flask import Flask
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from api import LARGEST_BODY_BYTES
from api.config import Settings
from api.http.asgi import AsgiApplication
from api.http.callers import block_of
from api.http.status import serve_metrics
from api.partners.memory import settle

REQUEST_THREADS = 8
"""Threads per worker that answer requests: as many as its database connections, so that none waits for one."""

MAX_CONNECTIONS = 4_096
"""Connections of a worker at a time. An idle one takes 20 kB and no thread; without room for thousands a few callers
could keep everybody else from connecting."""

MAX_HEADER_BYTES = 32 * 1024
"""Size of a request's target and header fields, as in nginx and Apache by default: all connections together can make a
worker keep 128 MB of unfinished headers. The server measures in steps, so that it accepts up to twice as much."""

HEADER_MS = 30_000
"""How long the header of a request may take, and how long a connection may be idle between two requests."""

SHUTDOWN_S = 20
"""How long a stopping worker may finish its requests: longer than a statement may take."""

LINUX = sys.platform == "linux"
"""Elsewhere workers are started anew and import the application themselves: macOS' frameworks do not survive a fork."""

PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal that a process gets when its parent ends."""


def main(host: str) -> None:
    """Serve until a signal to stop.

    Args:
        host: the address to listen on.
    """
    settings = Settings.from_environ(os.environ)
    _allow_connections()
    # Python 3.14 has another default, with which no memory is shared.
    multiprocessing.set_start_method("fork" if LINUX else "spawn")
    server = Server(
        "wsgi:app",
        address=host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        # A connection of HTTP/2 would carry any number of requests; proxies speak HTTP/1.1 to us.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS, max_buffer_size=MAX_HEADER_BYTES),
        loop=Loops.asyncio,
        workers=settings.workers,
        backpressure=MAX_CONNECTIONS,
        workers_kill_timeout=SHUTDOWN_S,
        respawn_failed_workers=True,
        websockets=False,
        # Below this level it repeats our own log, and warns of threads that mostly wait for the database.
        log_level=LogLevels(os.environ.get("GRANIAN_LOG_LEVEL", "error")),
    )
    if LINUX:
        _import_application()
        gc.collect()
        gc.freeze()  # a collection in a worker would write to the pages of all objects, and so copy them
    metrics_port = settings.metrics_port
    if metrics_port != settings.port:
        server.on_startup(lambda: serve_metrics(metrics_port))
    server.serve(target_loader=worker_application)


def _allow_connections() -> None:
    """Raise the limit of open files, often 1,024, as far as this process may: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS reports a limit that it does not accept
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def worker_application(_target: str) -> AsgiApplication:
    """Return the application, in a worker."""
    # Ctrl-C reaches every process of the terminal. A worker that handles it hangs (granian 2.8); the main process
    # handles it and signals its workers to finish.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Until granian handles it, too; the handler of the main process would ignore it here.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if LINUX:
        _end_with_main_process()
    app = _import_application()
    # A forked process skips atexit; its finalizers always run.
    multiprocessing.util.Finalize(None, settle, args=(app,), exitpriority=1)
    settings = Settings.from_environ(os.environ)
    return AsgiApplication(app, lambda environ: block_of(environ, settings), LARGEST_BODY_BYTES, REQUEST_THREADS)


def _import_application() -> Flask:
    import wsgi  # noqa: PLC0415 - in a spawned worker, after its signals are blocked

    return wsgi.app


def _end_with_main_process() -> None:
    """Kill this worker when the main process is killed: it would go on serving, and keep the port.

    Nothing gentler: nobody is left to stop a worker that does not finish.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or os.getppid() != parent.pid:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
