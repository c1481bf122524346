"""The README, followed word for word: its curl lines answer what it shows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.config import PROJECT
from geo.database import Database
from tests.api.serving import serving

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SERVER = "http://127.0.0.1:8000"

EXAMPLES = re.findall(r"```sh\n(.*?curl.*?)```\n\n```json\n(.*?)```", README, re.DOTALL)
"""Commands, and the answers shown right below them."""


FADING = {"quality", "sd", "quality_term", "utility"}
"""Figures that fall with the age of the ratings: README's are those of the day that it was written."""

INSTANT = re.compile(r"(\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d)(\.\d{6})?(?=Z)")
"""As JSON writes it, and as a cursor does."""


def lasting(value: Any, name: str = "") -> Any:
    """A JSON value without what differs from day to day: of instants their precision, of fading figures their type."""
    if isinstance(value, dict):
        return {inner_name: lasting(inner, inner_name) for inner_name, inner in value.items()}
    if isinstance(value, list):
        return [lasting(inner, name) for inner in value]
    if isinstance(value, str):
        return INSTANT.sub(lambda found: "instant" + ("" if found[2] is None else " in microseconds"), value)
    return type(value).__name__ if name in FADING else repr(value)  # 193.0 equals 193, but is not the same answer


def test_the_readme_shows_five_examples_with_their_output() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.slow
def test_each_example_prints_the_output_in_the_readme(own_database_url: str, tmp_path: Path) -> None:
    with Database(own_database_url).write() as session:
        # Tests before this one have drawn ids; the README's are those of a new database.
        for table in ("facility", "rating", "device"):
            session.execute(text(f"ALTER TABLE {table} ALTER COLUMN id RESTART"))
        session.commit()
    environ = {**os.environ, "DATABASE_URL": own_database_url}
    subprocess.run([sys.executable, "-m", "seed_data"], cwd=PROJECT, env=environ, check=True, capture_output=True)
    with serving(own_database_url, tmp_path / "log") as server:
        # One shell for all, as for the reader: the token of one example is used by the next.
        commands = "\necho '<<answer>>'\n".join(command for command, _ in EXAMPLES)
        script = commands.replace(SERVER, server.url)
        done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    answers = done.stdout.split("<<answer>>")
    for (command, shown), answer in zip(EXAMPLES, answers, strict=True):
        assert lasting(json.loads(answer)) == lasting(json.loads(shown)), command
