"""The app in processes that start in no time, forked from this one, to be killed: one for each port on standard input.

Run as a program, by fleet.py.
"""

import os
import signal
import sys

from werkzeug.serving import make_server

from wsgi import app

if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the killed
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(log, 1)
            os.dup2(log, 2)
            make_server("127.0.0.1", int(line), app, threaded=True).serve_forever()
        print(pid, flush=True)  # noqa: T201 - how the test learns whom to kill
