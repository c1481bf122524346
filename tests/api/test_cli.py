"""The commands: in this process where they only ask the database, else as a newcomer starts them."""

import re
import socket
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import schema
from geo.database import Database
from tests.api.command_line import TERMS, flask, run
from tests.conftest import TestClock
from tests.factories import add_facility

COMMANDS = (
    *("up", "serve", "migrate", "seed"),
    *("database start", "database stop"),
    *("facilities import", "facilities count", "facilities compile-hours"),
    *("partners add", "partners list", "partners rotate", "partners revoke", "partners usage"),
)


def test_facilities_are_counted_by_kind(app: Flask, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS)
    assert run(app, "facilities", "count").stdout.splitlines() == [
        "2 facilities",
        "  shower: 1 stand-alone, 0 in venues, 1 offered",
        "  toilets: 0 stand-alone, 1 in venues, 1 offered",
    ]


def test_an_empty_database_counts_no_facilities(app: Flask) -> None:
    assert run(app, "facilities", "count").stdout == "0 facilities\n"


def test_hours_are_compiled_for_the_coming_weeks(app: Flask, session: Session, clock: TestClock) -> None:
    add_facility(session, 24.94, 60.17, opening_hours="Mo-Su 08:00-20:00")
    clock.advance(days=40)
    assert run(app, "facilities", "compile-hours").stdout == "Compiled the opening hours of 1 facilities.\n"
    now_open = session.execute(text("SELECT open_during @> CAST(:now AS timestamptz) FROM facility"), {"now": clock()})
    assert now_open.scalar_one() is True


def test_migrate_prints_the_revision(own_database_url: str) -> None:
    done = flask("migrate", DATABASE_URL=own_database_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"The schema is at revision {schema.head()}.\n", "")


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"DATABASE_URL": "nonsense"}, "beforehand: DATABASE_URL is not a URL such as postgresql://"),
        ({"DATABASE_URL": "postgresql://host:port/x"}, "beforehand: DATABASE_URL is not a URL such as postgresql://"),
        ({"DATABASE_URL": "mysql://host/x"}, "beforehand: DATABASE_URL names mysql: only PostgreSQL with PostGIS"),
        ({"PORT": "abc"}, "beforehand: PORT='abc' must be a whole number between 1 and 65535"),
        ({"PORT": "0"}, "beforehand: PORT='0' must be a whole number"),
        ({"WEB_CONCURRENCY": "0"}, "beforehand: WEB_CONCURRENCY='0' must be a whole number between 1 and 256"),
        ({"RATE_LIMITS": "0"}, "beforehand: RATE_LIMITS='0' must be on or off"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "Error: the database does not respond: "),
        ({"DATABASE_URL": "postgresql:///none?host=/nonexistent"}, "Error: the database does not respond: "),
    ],
)
def test_an_invalid_setting_ends_a_command_with_one_line(environ: dict[str, str], complaint: str) -> None:
    done = flask("facilities", "count", **environ)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(complaint)


def test_a_database_without_the_schema_is_reported_with_the_command_to_run(own_database_url: str) -> None:
    database = Database(own_database_url)
    schema.downgrade(database, "base")
    database.close()
    done = flask("facilities", "count", DATABASE_URL=own_database_url)
    assert done.returncode == 1
    assert done.stderr == "Error: the database schema does not match this code: run `flask migrate`\n"


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_port_in_use_is_reported_before_any_other_work(own_database_url: str, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = flask(command, DATABASE_URL=own_database_url, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: cannot listen on 127.0.0.1:{port} (Address already in use): choose another, as in"
        f" PORT={port + 1} make run\n"
    )
    assert flask("facilities", "count", DATABASE_URL=own_database_url).stdout == "0 facilities\n"


@pytest.mark.parametrize("command", ["start", "stop"])
def test_an_external_database_is_neither_started_nor_stopped(app: Flask, command: str) -> None:
    result = run(app, "database", command)
    assert result.exit_code == 1
    assert result.stderr == "Error: DATABASE_URL is set: this command only starts and stops the private database\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_summary_of_one_sentence(app: Flask, command: str) -> None:
    result = run(app, *command.split(), "--help")
    assert result.exit_code == 0
    summary = result.stdout.splitlines()[2]
    assert re.fullmatch(r"  [A-Z].*\.", summary)


@pytest.mark.parametrize("group", [(), ("facilities",), ("database",), ("partners",)])
def test_no_summary_is_truncated_in_a_list_of_commands(app: Flask, group: tuple[str, ...]) -> None:
    assert "..." not in run(app, *group, "--help").stdout.partition("Commands:")[2]
