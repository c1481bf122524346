"""The WSGI entry: `flask` and the server find `app` here."""

import multiprocessing
import multiprocessing.util
import os
import signal
import sys

from api import create_app, logs
from api.config import Settings
from api.partner.memory import settle
from geo.errors import BeforehandError

if multiprocessing.parent_process() is not None:
    # Ctrl-C reaches every process of the terminal. A worker that takes it itself hangs (granian 2.8); the main process
    # takes it, and tells its workers to finish.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

logs.configure()
try:
    app = create_app(Settings.from_environ(os.environ))
except BeforehandError as error:
    sys.exit(f"beforehand: {error}")

# A worker of a multiprocessing server skips atexit when it was forked; its finalizers run however it was started.
multiprocessing.util.Finalize(None, settle, args=(app,), exitpriority=1)
