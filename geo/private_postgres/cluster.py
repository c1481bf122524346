"""Installs, initialises, starts and stops the private PostgreSQL with PostGIS of a checkout, without questions.

Layout of the data folder:

    clusters/HASH/             one for each checkout; HASH is derived from the checkout's path
        lock                   locked by start() while it runs, and by the server while it runs
        postgresql.conf …      the server's settings, rewritten at each start
        server/                mode 0700, owned by the account the server runs as
            data/              the database cluster created by initdb
            server.log
            .s.PGSQL.5432      the socket, unless the path is too long: then it is under /tmp
"""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import platformdirs
import psycopg2
from psycopg2.errors import DuplicateDatabase, UniqueViolation

from geo.errors import DatabaseUnavailable
from geo.private_postgres import settings
from geo.private_postgres.account import account_name, is_reachable_by_others, own, server_account
from geo.private_postgres.programs import Programs, find_or_install, find_programs

DATABASE = ROLE = "beforehand"
"""The database that start() creates, and its superuser."""

PORT = 5432
"""Only a part of the socket's name; set explicitly so that PGPORT cannot change it."""

SOCKET_PATH_LIMIT_BYTES = 103
"""Maximum path length in sockaddr_un on macOS; Linux allows 107."""

PATIENCE_S = 120
"""Maximum duration of a start or stop: recovery after a crash replays at most 1 GB (max_wal_size)."""

POLL_S = 0.05
"""Interval for polling a server that another process is starting."""

SYSTEM_DATA_DIR = Path("/var/lib/beforehand")
"""Data folder for root, whose home the account postgres cannot access."""


@dataclass(frozen=True, slots=True)
class PrivatePostgres:
    """The private PostGIS of one checkout.

    Attributes:
        data_dir: folder for the clusters of all checkouts; need not exist yet.
        checkout: the project's folder; each checkout has its own cluster in data_dir.
    """

    data_dir: Path
    checkout: Path

    def url(self, database: str = DATABASE) -> str:
        """Return SQLAlchemy's URL of a database, whether the server runs or not.

        Raises:
            DatabaseUnavailable: the operating system has no name for the current user.
        """
        query = urlencode(self._address(), safe="/", quote_via=quote)
        return f"postgresql+psycopg2://{ROLE}@/{quote(database, safe='')}?{query}"

    def start(self) -> None:
        """Start the server with an empty database, unless it is already running.

        Safe to call from several processes at once, after a crash of the server or of an earlier start, and
        after a reboot. The server outlives the caller.

        Raises:
            DatabaseUnavailable: PostgreSQL or PostGIS is missing and cannot be installed, a folder is not
                writable, or the server does not start; the message says what to do or which log to read.
        """
        if self._is_ready():
            return
        programs = find_or_install(self._major())
        self._make_folders()
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            with self._lock_file.open("r+b") as lock:
                if _locked(lock.fileno()):
                    self._launch(programs, lock.fileno())
                    continue
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"the private PostgreSQL runs but does not respond: see {self._log}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop the server and end open sessions, unless it is already stopped.

        Raises:
            DatabaseUnavailable: the server does not stop; the message names the log.
        """
        deadline = time.monotonic() + PATIENCE_S
        while self._is_alive():
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"the private PostgreSQL does not stop: see {self._log}")
            find_programs(self._major()).run(
                "pg_ctl", "stop", "-D", self._folder, "-m", "fast", account=server_account()
            )
            time.sleep(POLL_S)

    @property
    def _root(self) -> Path:
        data_dir = self.data_dir.resolve()
        if os.geteuid() == 0 and not is_reachable_by_others(data_dir):
            return SYSTEM_DATA_DIR / _short_hash(data_dir)
        return data_dir

    @property
    def _folder(self) -> Path:
        return self._root / "clusters" / _short_hash(self.checkout.resolve())

    @property
    def _server_dir(self) -> Path:
        return self._folder / "server"

    @property
    def _data(self) -> Path:
        return self._server_dir / "data"

    @property
    def _log(self) -> Path:
        return self._server_dir / "server.log"

    @property
    def _lock_file(self) -> Path:
        return self._folder / "lock"

    @property
    def _socket_dir(self) -> Path:
        """Return the server's folder, or one under /tmp if libpq could not use its path as a socket folder."""
        inside = self._server_dir
        length_bytes = len(os.fsencode(inside / f".s.PGSQL.{PORT}"))
        if length_bytes <= SOCKET_PATH_LIMIT_BYTES and re.fullmatch(r"[\w/. -]+", str(inside), re.ASCII):
            return inside
        # Not tempfile's folder: TMPDIR may differ between shells, but the address must not.
        return Path("/", "tmp", f"beforehand-{_short_hash(inside)}")

    def _address(self) -> dict[str, str]:
        # requirepeer rejects another user's server that took this address while ours was stopped.
        return {"host": str(self._socket_dir), "port": str(PORT), "requirepeer": account_name()}

    def _major(self) -> int | None:
        """Return the major version that created the cluster and that it requires; None if there is no cluster."""
        try:
            return int((self._data / "PG_VERSION").read_text())
        except OSError:
            return None

    def _is_ready(self) -> bool:
        """Return whether the server responds; create the database if it is missing."""
        try:
            connection = psycopg2.connect(dbname="postgres", user=ROLE, connect_timeout=5, **self._address())
            try:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                    if cursor.fetchone() is None:
                        cursor.execute("CREATE DATABASE beforehand")
            finally:
                connection.close()
        except (DuplicateDatabase, UniqueViolation):
            return True  # another start() created it
        except psycopg2.OperationalError:
            return False
        return True

    def _is_alive(self) -> bool:
        try:
            with self._lock_file.open("r+b") as lock:
                return not _locked(lock.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError as error:
            raise DatabaseUnavailable(f"{self._folder} belongs to another user") from error

    def _make_folders(self) -> None:
        if self._root != self.data_dir.resolve():
            _tell(f"The account postgres cannot access {self.data_dir}: the database is in {self._root}.")
        # Root's server runs as postgres, which must be able to traverse the folder; nobody else can list it.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            for folder in reversed([self._folder, *self._folder.parents]):
                if not folder.is_dir():
                    folder.mkdir(exist_ok=True)
                    folder.chmod(mode)
                elif os.geteuid() == 0 and folder.is_relative_to(self._root):
                    folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
            self._lock_file.touch(0o600)
            own(self._server_dir)
            own(self._socket_dir)
        except OSError as error:
            raise DatabaseUnavailable(
                f"cannot write {error.filename} ({error.strerror}): set BEFOREHAND_DATA_DIR to a writable folder"
            ) from error

    def _launch(self, programs: Programs, lock: int) -> None:
        """Start the server. It inherits the lock, so that no second one starts while any of its processes runs."""
        if not self._data.exists():
            self._initialise(programs, lock)
        settings.write(self._folder, data=self._data, socket_dir=self._socket_dir, port=PORT, role=ROLE)
        # The lock was free, so no server of ours runs. PostgreSQL would trust these files if the process id in
        # them now belongs to another process.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        # pg_ctl gives the server its own session, so that Ctrl-C ends only the caller.
        command = ("pg_ctl", "start", "-D", self._folder, "-l", self._log, "-t", str(PATIENCE_S))
        if programs.run(*command, account=server_account(), inherited=(lock,)).returncode:
            raise DatabaseUnavailable(f"the private PostgreSQL does not start: see {self._log}")

    def _initialise(self, programs: Programs, lock: int) -> None:
        """Create the cluster under another name and rename it, so that an incomplete one is never used."""
        unfinished = self._server_dir / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # C sorts by code point, which is fast and the same everywhere; .UTF-8 makes lower() handle all letters.
        # macOS has no C.UTF-8.
        locale = "C" if sys.platform == "darwin" else "C.UTF-8"
        options = ["-U", ROLE, "-E", "UTF8", f"--locale={locale}", "--auth=peer"]
        done = programs.run("initdb", "-D", unfinished, *options, account=server_account(), inherited=(lock,))
        if done.returncode:
            raise DatabaseUnavailable(f"initdb failed: {' '.join(done.stdout.split())}")
        unfinished.rename(self._data)


def default_data_dir() -> Path:
    """Return the default folder of the clusters: the user's data folder, or the system's for root."""
    return SYSTEM_DATA_DIR if os.geteuid() == 0 else Path(platformdirs.user_data_dir("beforehand"))


def _locked(descriptor: int) -> bool:
    """Lock an open file for this process and those that inherit the descriptor; return False if it is locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _short_hash(path: Path) -> str:
    """Return 12 hexadecimal digits for a path: 48 bits, enough for the checkouts of one machine."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
