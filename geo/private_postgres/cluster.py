"""The private PostGIS of a checkout: installed, initialised, started and stopped, with nothing asked.

What lies where, under the data folder:

    clusters/HASH/             one for each checkout; HASH is taken from the checkout's path
        lock                   locked by start() while it works, and by the server for as long as it lives
        postgresql.conf …      the server's settings, written anew at each start
        server/                mode 0700, owned by the account the server runs as
            data/              the database cluster as initdb made it
            server.log
            .s.PGSQL.5432      the socket, unless the path is too long for one: then it lies under /tmp
"""

import fcntl
import hashlib
import os
import pwd
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
from geo.private_postgres.programs import Programs, find_or_install, find_programs

DATABASE = ROLE = "beforehand"
"""The database that start() makes, and its superuser."""

PORT = 5432
"""Only a part of the socket's name; written out so that PGPORT cannot change it."""

SOCKET_PATH_LIMIT_BYTES = 103
"""What sockaddr_un holds on macOS; Linux allows 107."""

PATIENCE_S = 120
"""How long a start or stop may take: recovery after a crash replays at most 1 GB (max_wal_size)."""

POLL_S = 0.05
"""Pause between two looks at a server that somebody else is starting."""

SYSTEM_DATA_DIR = Path("/var/lib/beforehand")
"""For root, whose own home the account postgres cannot enter."""

SETTINGS = """\
data_directory = {data}
unix_socket_directories = {socket_dir}
listen_addresses = ''                # the socket only: nothing to reach from another machine
port = {port}
max_connections = 100                # a few server processes with their pools, the tests, a psql
shared_buffers = 512MB               # a million facilities with their indexes, and little for a laptop
fsync = on                           # an acknowledged rating is never lost
synchronous_commit = on              # the same
jit = off                            # compiling takes longer than our queries, which last milliseconds
timezone = 'UTC'                     # instants are stored and shown in UTC, whatever the machine says
log_timezone = 'UTC'
log_min_error_statement = panic      # a failing statement holds coordinates: they stay out of the log
log_error_verbosity = terse          # so do the rows that DETAIL quotes
"""


@dataclass(frozen=True, slots=True)
class PrivatePostgres:
    """The private PostGIS of one checkout.

    Attributes:
        data_dir: folder for the clusters of all checkouts; need not exist yet.
        checkout: the project's folder; two checkouts with one data_dir have a cluster each.
    """

    data_dir: Path
    checkout: Path

    def url(self, database: str = DATABASE) -> str:
        """Return SQLAlchemy's URL of a database, the same whether the server runs or not.

        Raises:
            DatabaseUnavailable: the operating system has no name for the user who asks.
        """
        query = urlencode(self._address(), safe="/", quote_via=quote)
        return f"postgresql+psycopg2://{ROLE}@/{quote(database, safe='')}?{query}"

    def start(self) -> None:
        """Bring the server up with an empty database in it; do nothing where it is up already.

        Safe to call from several processes at once, after a crash of the server or of an earlier start, and
        after a reboot. The server outlives the caller.

        Raises:
            DatabaseUnavailable: PostgreSQL or PostGIS is missing and cannot be installed, a folder is not
                writable, or the server does not come up; the text says what to do or which log to read.
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
                raise DatabaseUnavailable(f"the private PostgreSQL runs but does not answer: see {self._log}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Shut the server down, ending open sessions; do nothing where it is down.

        Raises:
            DatabaseUnavailable: it does not go down; the text names the log.
        """
        deadline = time.monotonic() + PATIENCE_S
        while self._is_alive():
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"the private PostgreSQL does not stop: see {self._log}")
            find_programs(self._major()).run("pg_ctl", "stop", "-D", self._folder, "-m", "fast", account=_account())
            time.sleep(POLL_S)

    @property
    def _root(self) -> Path:
        data_dir = self.data_dir.resolve()
        if os.geteuid() == 0 and not _reachable_by_others(data_dir):
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
        """Beside the data, or under /tmp where that path is too long or has letters that libpq splits at."""
        inside = self._server_dir
        length_bytes = len(os.fsencode(inside / f".s.PGSQL.{PORT}"))
        if length_bytes <= SOCKET_PATH_LIMIT_BYTES and re.fullmatch(r"[\w/. -]+", str(inside), re.ASCII):
            return inside
        # Not tempfile's folder: TMPDIR differs between shells, and the address must not.
        return Path("/", "tmp", f"beforehand-{_short_hash(inside)}")

    def _address(self) -> dict[str, str]:
        # requirepeer: a stranger's server that took our address while ours was down is not believed.
        return {"host": str(self._socket_dir), "port": str(PORT), "requirepeer": _account_name()}

    def _major(self) -> int | None:
        """Return the major version that made the cluster, the only one that reads it; None before that."""
        try:
            return int((self._data / "PG_VERSION").read_text())
        except OSError:
            return None

    def _is_ready(self) -> bool:
        """Tell whether the server answers; make the database where it is missing."""
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
            return True  # another start() was quicker
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
            _tell(f"The account postgres cannot enter {self.data_dir}: the database lives in {self._root}.")
        # Root's server runs as postgres, who must be able to pass through; nobody else can list or read.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        try:
            for folder in reversed([self._folder, *self._folder.parents]):
                if not folder.is_dir():
                    folder.mkdir(exist_ok=True)
                    folder.chmod(mode)
                elif os.geteuid() == 0 and folder.is_relative_to(self._root):
                    folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
            self._lock_file.touch(0o600)
            _own(self._server_dir)
            _own(self._socket_dir)
        except OSError as error:
            raise DatabaseUnavailable(
                f"cannot write {error.filename} ({error.strerror}): set BEFOREHAND_DATA_DIR to a folder of yours"
            ) from error

    def _launch(self, programs: Programs, lock: int) -> None:
        """Start the server. It inherits the lock: no second one starts while any of its processes lives."""
        if not self._data.exists():
            self._initialise(programs, lock)
        self._write_settings()
        # The lock was free, so nothing of ours lives. PostgreSQL by itself would believe these files
        # where the process id they name now belongs to some other process.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        # pg_ctl gives the server a session of its own, so that Ctrl-C ends the caller alone.
        command = ("pg_ctl", "start", "-D", self._folder, "-l", self._log, "-t", str(PATIENCE_S))
        if programs.run(*command, account=_account(), inherited=(lock,)).returncode:
            raise DatabaseUnavailable(f"the private PostgreSQL does not start: see {self._log}")

    def _initialise(self, programs: Programs, lock: int) -> None:
        """Make the cluster under another name first, so that a half-made one is never taken for it."""
        unfinished = self._server_dir / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # C sorts by code point, the quickest order and the same everywhere; .UTF-8 lets lower() know
        # all letters. macOS has no C.UTF-8.
        locale = "C" if sys.platform == "darwin" else "C.UTF-8"
        options = ["-U", ROLE, "-E", "UTF8", f"--locale={locale}", "--auth=peer"]
        done = programs.run("initdb", "-D", unfinished, *options, account=_account(), inherited=(lock,))
        if done.returncode:
            raise DatabaseUnavailable(f"initdb failed: {' '.join(done.stdout.split())}")
        unfinished.rename(self._data)

    def _write_settings(self) -> None:
        # peer: the kernel says who is on the other end, so there is no password to keep.
        names = {_account_name(), pwd.getpwuid(os.geteuid()).pw_name, "root"}
        files = {
            "postgresql.conf": SETTINGS.format(
                data=_quoted(self._data), socket_dir=_quoted(self._socket_dir), port=PORT
            ),
            "pg_hba.conf": "local all all peer map=beforehand\n",
            "pg_ident.conf": "".join(f'beforehand "{name}" {ROLE}\n' for name in sorted(names)),
        }
        for name, text in files.items():
            file = self._folder / name
            file.write_bytes(os.fsencode(text))
            file.chmod(0o644)


def default_data_dir() -> Path:
    """Return where the clusters live unless told otherwise: the user's data folder; root has the system's."""
    return SYSTEM_DATA_DIR if os.geteuid() == 0 else Path(platformdirs.user_data_dir("beforehand"))


def _account_name() -> str:
    """Return who the server runs as: the user, but postgres for root, whom PostgreSQL refuses."""
    if os.geteuid() == 0:
        return "postgres"
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise DatabaseUnavailable(
            f"user id {os.geteuid()} has no name on this machine, which PostgreSQL asks for: set DATABASE_URL"
        ) from error


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_account_name())
    except KeyError as error:
        raise DatabaseUnavailable("PostgreSQL refuses root: add a user postgres, or set DATABASE_URL") from error


def _reachable_by_others(data_dir: Path) -> bool:
    """Tell whether an account that owns none of the folders gets into data_dir, once root opens that one."""
    folders = [folder for folder in (data_dir, *data_dir.parents) if folder.is_dir()]
    return all(
        folder.stat().st_mode & stat.S_IXOTH or (folder == data_dir and folder.stat().st_uid == os.geteuid())
        for folder in folders
    )


def _own(folder: Path) -> None:
    """Make a folder that only the server's account enters; refuse a link, or one that somebody else made.

    Raises:
        DatabaseUnavailable: it is somebody else's.
        OSError: it cannot be made.
    """
    account = _account()
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.pw_uid}:
        raise DatabaseUnavailable(f"{folder} belongs to another user: remove it")
    folder.chmod(0o700)
    if found.st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _locked(descriptor: int) -> bool:
    """Lock an open file for this process and all that inherit the descriptor; False where others hold it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _short_hash(path: Path) -> str:
    """Return 12 hexadecimal digits for a path: 48 bits, plenty for the checkouts of one machine."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _quoted(path: Path) -> str:
    """Return a path as postgresql.conf writes strings."""
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
