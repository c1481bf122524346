"""Finds, runs and, if they are missing, installs PostgreSQL's programs."""

import os
import pwd
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import DatabaseUnavailable

OLDEST_MAJOR = 14
"""Oldest supported major version: the first with multiranges, which store opening hours. Ubuntu 22.04 ships it."""

MACHINE = Path("/")
"""Root of the file system that is searched."""

PROGRAM_FOLDERS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "usr/pgsql-*/bin",  # the PostgreSQL project's own packages for Red Hat
    "usr/bin",  # distributions with a single version
)
"""Folders of the programs, as patterns under MACHINE. Most are not on the PATH."""

APT_PATIENCE_S = 300
"""How long apt waits for another apt to finish."""

BREW = ("opt/homebrew/bin/brew", "usr/local/bin/brew")
"""Locations of Homebrew under MACHINE."""


@dataclass(frozen=True, slots=True)
class Programs:
    """An installed PostgreSQL with PostGIS.

    Attributes:
        major: its major version.
        folder: the folder of ``initdb`` and ``pg_ctl``.
    """

    major: int
    folder: Path

    def run(
        self, program: str, *arguments: str | Path, account: pwd.struct_passwd, inherited: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to completion, as an account that PostgreSQL accepts.

        Args:
            program: its name.
            arguments: its command-line arguments.
            account: the account that it runs as; only root may name another than its own.
            inherited: file descriptors that it and its children keep open.

        Returns:
            Its exit status, and its whole output in ``stdout``.
        """
        # The caller's PGDATA, LANG or LD_LIBRARY_PATH must have no effect, and messages must be in English.
        return _run(
            [self.folder / program, *arguments],
            account=account if os.geteuid() == 0 else None,
            inherited=inherited,
            environment={"LC_ALL": "C"},
        )


def find_programs(major: int | None = None, machine: Path = MACHINE) -> Programs:
    """Return the newest installed PostgreSQL with PostGIS.

    Args:
        major: the major version that an existing cluster requires.
        machine: root of the file system to search.

    Raises:
        DatabaseUnavailable: there is none; the message contains the command that installs it.
    """
    folders = [folder for pattern in PROGRAM_FOLDERS for folder in machine.glob(pattern)]
    present = [programs for programs in map(_programs_in, folders) if programs]
    found = [programs for programs in present if major in {None, programs.major}]
    if not found:
        raise DatabaseUnavailable(_missing(major, machine))
    return max(found, key=lambda programs: programs.major)


def find_or_install(major: int | None = None) -> Programs:
    """Return the newest PostgreSQL with PostGIS; install it if there is none.

    Raises:
        DatabaseUnavailable: installing it failed; the message contains the command to run.
    """
    try:
        return find_programs(major)
    except DatabaseUnavailable:
        _install(major)
        return find_programs(major)


def install_command(major: int | None = None, machine: Path = MACHINE) -> list[str]:
    """Return the command that installs PostgreSQL with PostGIS; empty on a system without apt or Homebrew.

    Args:
        major: the required major version.
        machine: root of the file system to search.
    """
    if (machine / "usr/bin/apt-get").exists():
        # For an existing server, install its PostGIS rather than a second server.
        servers = [int(file.parts[-3]) for file in machine.glob("usr/lib/postgresql/[0-9]*/bin/initdb")]
        version = major or max((server for server in servers if server >= OLDEST_MAJOR), default=None)
        package = f"postgresql-{version}-postgis-3" if version else "postgresql-postgis"
        # Another apt may be running, for example on a new machine: wait for it.
        options = ["-y", "-o", f"DPkg::Lock::Timeout={APT_PATIENCE_S}"]
        return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *options, package]
    brew = next((machine / path for path in BREW if (machine / path).exists()), None)
    return [str(brew), "install", "postgis"] if brew else []


def _install(major: int | None) -> None:
    command = install_command(major)
    if "apt-get" in command and os.geteuid() != 0:
        # Without a terminal sudo cannot ask for a password.
        command = ["sudo", *([] if os.isatty(0) else ["-n"]), *command]
    if not command:
        raise DatabaseUnavailable(_missing(major, MACHINE))
    sys.stderr.write(f"Installing PostgreSQL with PostGIS: {shlex.join(command)}\n")
    done = _run(command)
    if done.returncode and "apt-get" in command:
        # A new machine has no package lists; an old one has outdated lists.
        _run([*command[: command.index("install")], "update"])
        done = _run(command)
    if done.returncode:
        raise DatabaseUnavailable(f"{_missing(major, MACHINE)} (tried: {done.stdout.strip().rpartition(chr(10))[2]})")


def _missing(major: int | None, machine: Path) -> str:
    version = f"PostgreSQL {major}, which created this cluster," if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    command = install_command(major, machine)
    by_hand = [word for word in command if word != "env" and "=" not in word and word not in {"-y", "-o"}]
    if "apt-get" in command:
        by_hand = ["sudo", *by_hand]
    remedy = f"run `{' '.join(by_hand)}`" if command else "install it, or set DATABASE_URL"
    return f"{version} with PostGIS is missing: {remedy}"


def _programs_in(folder: Path) -> Programs | None:
    if not all((folder / name).exists() for name in ("initdb", "pg_ctl", "pg_config")):
        return None
    lines = _run([folder / "pg_config", "--version", "--sharedir"]).stdout.splitlines()
    version = re.match(r"PostgreSQL (\d+)", lines[0])  # "PostgreSQL 15.18 (Debian …)", "PostgreSQL 19beta1"
    if not version or int(version[1]) < OLDEST_MAJOR or not Path(lines[1], "extension/postgis.control").exists():
        return None
    return Programs(major=int(version[1]), folder=folder)


def _run(
    command: Sequence[str | Path],
    *,
    account: pwd.struct_passwd | None = None,
    inherited: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - no shell; all arguments are constants or paths
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            cwd="/",  # the account may have no access to the caller's folder
            env=environment,
            pass_fds=inherited,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
    except FileNotFoundError as error:  # sudo is missing
        return subprocess.CompletedProcess(command, returncode=127, stdout=f"{error.filename}: not found")
