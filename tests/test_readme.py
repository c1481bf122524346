"""The README, followed word for word: its curl lines answer what it shows."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api import create_app
from api.config import PROJECT, Settings
from geo.database import Database
from tests.api.serving import serving
from tests.conftest import TestClock

README = (PROJECT / "README.md").read_text(encoding="utf-8")
SERVER = "http://127.0.0.1:8000"

EXAMPLES = re.findall(r"```sh\n(.*?curl.*?)```\n\n```json\n(.*?)```", README, re.DOTALL)
"""Commands, and the answers shown right below them."""

QUESTIONS = re.findall(
    rf"curl -s (?:-X POST )?'?{SERVER}([^' ]+(?:lat|hints)[^' ]*)(?:' *$| .*\\\n.*-d '(.*)')", README, re.MULTILINE
)
"""Paths with queries, and bodies, of the examples that ask with a position."""

HOURS_OF_A_WEEK = 24 * 7

FADING = {
    *("rating.quality", "rating.sd", "facility_rating.quality", "facility_rating.sd", "prior.weight"),
    *("explain.quality", "explain.sd", "explain.quality_term", "explain.utility"),
}
"""Figures that fall with the age of the ratings: README's are those of the day that it was written."""

INSTANT = re.compile(r"(\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d)(\.\d{6})?(?=Z)")
"""As JSON writes it, and as a cursor does."""


def lasting(value: Any, name: str = "") -> Any:
    """A JSON value without what differs from day to day: of instants their precision, of fading figures their type."""
    if isinstance(value, dict):
        owner = name.rpartition(".")[2]
        return {inner_name: lasting(inner, f"{owner}.{inner_name}") for inner_name, inner in value.items()}
    if isinstance(value, list):
        return [lasting(inner, name) for inner in value]
    if isinstance(value, str):
        return INSTANT.sub(lambda found: "instant" + ("" if found[2] is None else " in microseconds"), value)
    return type(value).__name__ if name in FADING else repr(value)  # 193.0 equals 193, but is not the same answer


def test_the_readme_shows_five_examples_with_their_output() -> None:
    assert len(EXAMPLES) >= 5


def demo_city(database_url: str) -> None:
    """Add the demo city to an empty database, with the ids of a new one."""
    database = Database(database_url)
    with database.write() as session:
        # Tests before this one have drawn ids; the README's are those of a new database.
        for table in ("facility", "rating", "device"):
            session.execute(text(f"ALTER TABLE {table} ALTER COLUMN id RESTART"))
        session.commit()
    database.close()
    environ = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run([sys.executable, "-m", "seed_data"], cwd=PROJECT, env=environ, check=True, capture_output=True)


@pytest.mark.slow
def test_each_example_prints_the_output_in_the_readme(own_database_url: str, tmp_path: Path) -> None:
    demo_city(own_database_url)
    with serving(own_database_url, tmp_path / "log") as server:
        # One shell for all, as for the reader: the token of one example is used by the next.
        commands = "\necho '<<answer>>'\n".join(command for command, _ in EXAMPLES)
        script = commands.replace(SERVER, server.url)
        done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    answers = done.stdout.split("<<answer>>")
    for (command, shown), answer in zip(EXAMPLES, answers, strict=True):
        assert lasting(json.loads(answer)) == lasting(json.loads(shown)), command


@pytest.mark.slow
def test_the_places_in_the_examples_are_the_same_at_each_hour_of_a_week(own_database_url: str) -> None:
    """Opening hours would change them: a place that is shut ranks last and is no backup."""
    demo_city(own_database_url)
    start = datetime.now(UTC)
    clock = TestClock()
    settings = Settings(database_url=own_database_url, private_postgres=None, port=8000, workers=1)
    database = Database(own_database_url)
    client = create_app(settings, database=database, clock=clock).test_client()

    def answer(question: tuple[str, str], hours: int) -> str:
        url, body = question
        clock.now = start + timedelta(hours=hours)
        reply = client.post(url, json=json.loads(body)) if body else client.get(url)
        return json.dumps(lasting(reply.json))

    assert len(QUESTIONS) == 4
    for question in QUESTIONS:
        assert {answer(question, hours) for hours in range(HOURS_OF_A_WEEK)} == {answer(question, 0)}, question
    database.close()
