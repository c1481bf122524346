"""Commands run in this process, or as a newcomer starts them."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import Result
from flask import Flask

from api.config import PROJECT

ROWS = "external_id,kind,lon,lat,venue,opening_hours\na,toilets,1,2,cafe,24/7\nb,shower,3,4,,\nc,shower,3,99,,\n"
TERMS = ("--licence", "CC0-1.0", "--attribution", "The city")


def run(app: Flask, *args: str | Path) -> Result:
    """A command in this process, on the database of the test; a domain error may not escape as an exception."""
    result = app.test_cli_runner().invoke(args=[str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def flask(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "flask", *args],
        cwd=PROJECT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
