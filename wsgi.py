"""The WSGI entry point, which exports `app` for `flask` and the server."""

import multiprocessing
import multiprocessing.util
import os
import signal
import sys

from api import create_app
from api.config import Settings
from api.http import logs
from api.partners.memory import settle
from geo.errors import BeforehandError

if multiprocessing.parent_process() is not None:
    # Ctrl-C reaches every process of the terminal. A worker that handles it hangs (granian 2.8); the main process
    # handles it and signals its workers to finish.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

logs.configure()
try:
    app = create_app(Settings.from_environ(os.environ))
except BeforehandError as error:
    sys.exit(f"beforehand: {error}")

# A forked worker of a multiprocessing server skips atexit; its finalizers always run.
multiprocessing.util.Finalize(None, settle, args=(app,), exitpriority=1)
