"""Runs other programs to completion."""

import subprocess
from pathlib import Path

from bench.row import NotMeasured

SHOWN_CHARACTERS = 1_000
"""Characters at the end of a failed program's output that an error shows."""


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program; what it wrote is in ``stdout`` and ``stderr``.

    Raises:
        NotMeasured: it is not there, or failed.
    """
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and every word is ours
            command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise NotMeasured(f"{command[0]} is missing") from error
    if done.returncode:
        raise NotMeasured(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-SHOWN_CHARACTERS:]}")
    return done
