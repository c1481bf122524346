"""The README, followed word for word: its curl lines answer, in the shape that it shows."""

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


def shape(value: Any) -> Any:
    """What a JSON value is made of: the names and types in it, lists by their first member."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_the_readme_shows_five_examples_with_their_answers() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.slow
def test_each_example_answers_in_the_shape_that_the_readme_shows(own_database_url: str, tmp_path: Path) -> None:
    with Database(own_database_url).write() as session:
        # Tests before this one have drawn ids; the README's are those of a new database.
        session.execute(text("ALTER TABLE facility ALTER COLUMN id RESTART"))
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
        assert shape(json.loads(answer)) == shape(json.loads(shown)), command
