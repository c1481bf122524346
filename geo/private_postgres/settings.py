"""The settings files of the private server, which are written again at each start."""

import os
import pwd
from pathlib import Path

from geo.private_postgres.account import account_name

SETTINGS = """\
data_directory = {data}
unix_socket_directories = {socket_dir}
listen_addresses = ''                # only the socket: not reachable from other machines
port = {port}
max_connections = 100                # a few server processes with their pools, the tests, a psql
shared_buffers = 512MB               # enough for a million facilities with indexes, and little for a laptop
fsync = on                           # an acknowledged rating is never lost
synchronous_commit = on              # the same
jit = off                            # compiling takes longer than our queries, which take milliseconds
timezone = 'UTC'                     # instants are stored and shown in UTC, regardless of the machine's zone
log_timezone = 'UTC'
log_min_error_statement = panic      # a failing statement contains coordinates, which must not be logged
track_activities = off               # pg_stat_activity would show the coordinates of each connection's last statement
log_error_verbosity = terse          # nor the rows that DETAIL quotes
"""


def write(folder: Path, *, data: Path, socket_dir: Path, port: int, role: str) -> None:
    """Write the server's settings files.

    Args:
        folder: the folder of the files.
        data: the database cluster.
        socket_dir: the folder of the socket.
        port: a part of the socket's name.
        role: the database role that local users may connect as.
    """
    # peer: the kernel identifies the client, so no password is required.
    names = {account_name(), pwd.getpwuid(os.geteuid()).pw_name, "root"}
    files = {
        "postgresql.conf": SETTINGS.format(data=_quoted(data), socket_dir=_quoted(socket_dir), port=port),
        "pg_hba.conf": "local all all peer map=beforehand\n",
        "pg_ident.conf": "".join(f'beforehand "{name}" {role}\n' for name in sorted(names)),
    }
    for name, text in files.items():
        file = folder / name
        file.write_bytes(os.fsencode(text))
        file.chmod(0o644)


def _quoted(path: Path) -> str:
    """Return a path quoted for postgresql.conf."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"
