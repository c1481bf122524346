"""The operating-system account that the private server runs as, and folders that only this account can access."""

import os
import pwd
import stat
from pathlib import Path

from geo.errors import DatabaseUnavailable


def account_name() -> str:
    """Return the account that the server runs as: the current user, or postgres if that is root."""
    if os.geteuid() == 0:
        return "postgres"
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise DatabaseUnavailable(
            f"user id {os.geteuid()} has no name on this machine, which PostgreSQL requires: set DATABASE_URL"
        ) from error


def server_account() -> pwd.struct_passwd:
    """Return the account's entry in the user database.

    Raises:
        DatabaseUnavailable: the account does not exist.
    """
    try:
        return pwd.getpwnam(account_name())
    except KeyError as error:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root: add a user postgres, or set DATABASE_URL"
        ) from error


def is_reachable_by_others(data_dir: Path) -> bool:
    """Return whether another account could access data_dir if root opened that folder."""
    folders = [folder for folder in (data_dir, *data_dir.parents) if folder.is_dir()]
    return all(
        folder.stat().st_mode & stat.S_IXOTH or (folder == data_dir and folder.stat().st_uid == os.geteuid())
        for folder in folders
    )


def own(folder: Path) -> None:
    """Create a folder that only the server's account can access; reject a link or another user's folder.

    Raises:
        DatabaseUnavailable: the folder belongs to another user.
        OSError: the folder cannot be created.
    """
    account = server_account()
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.pw_uid}:
        raise DatabaseUnavailable(f"{folder} belongs to another user: remove it")
    folder.chmod(0o700)
    if found.st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid, follow_symlinks=False)
