"""The commands: in this process where they only ask the database, else as a newcomer starts them."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.config import PROJECT
from geo import schema
from geo.database import Database
from tests.conftest import TestClock
from tests.factories import add_facility, contents

ROWS = "external_id,kind,lon,lat,venue,opening_hours\na,toilets,1,2,cafe,24/7\nb,shower,3,4,,\nc,shower,3,99,,\n"
TERMS = ("--licence", "CC0-1.0", "--attribution", "The city")
COMMANDS = (
    *("up", "serve", "migrate", "seed"),
    *("database start", "database stop"),
    *("facilities import", "facilities count", "facilities compile-hours"),
    *("partners add", "partners list", "partners rotate", "partners revoke", "partners usage"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "city.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


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


def without_time(line: str) -> str:
    return re.sub(r", in [\d.]+ s$", "", line)


def test_an_import_tells_what_it_did_and_why_it_rejected(app: Flask, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS)
    assert result.exit_code == 0
    assert [without_time(line) for line in result.stdout.splitlines()] == [
        "city: 2 added, 0 changed, 0 unchanged, 0 vanished, 1 rejected",
        "  rejected c: row 4: latitude 99.0 is not within -90 and 90",
    ]


def test_the_same_import_again_says_that_nothing_changed(app: Flask, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS)
    again = run(app, "facilities", "import", file, *TERMS)
    assert without_time(again.stdout.splitlines()[0]) == (
        "city: 0 added, 0 changed, 2 unchanged, 0 vanished, 1 rejected"
    )


def test_progress_is_told_beside_the_summary(app: Flask, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS)
    assert result.stderr == "3 rows read\n"
    assert "rows read" not in result.stdout


def test_a_long_list_of_rejections_is_cut_and_counted(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    path.write_text(ROWS + "".join(f"x{number},bench,1,2,,\n" for number in range(200)), encoding="utf-8")
    lines = run(app, "facilities", "import", path, *TERMS, "--max-rejected", "100%").stdout.splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 191 more"


def city_of(path: Path, rows: int, first: int = 0, kind: str = "toilets") -> Path:
    lines = [f"{number},{kind},1,2" for number in range(first, first + rows)]
    path.write_text("\n".join(["external_id,kind,lon,lat", *lines]) + "\n", encoding="utf-8")
    return path


def statuses(session: Session) -> dict[str, int]:
    return {row.status: row.n for row in session.execute(text("SELECT status, count(*) n FROM facility GROUP BY 1"))}


@pytest.fixture
def city(app: Flask, tmp_path: Path) -> Path:
    """A city of 200 facilities that has been imported."""
    path = city_of(tmp_path / "city.csv", 200)
    assert run(app, "facilities", "import", path, *TERMS).exit_code == 0
    return path


def test_an_edition_that_would_close_most_of_its_dataset_is_refused(app: Flask, session: Session, city: Path) -> None:
    before = contents(session)
    result = run(app, "facilities", "import", city_of(city, 50), *TERMS)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.splitlines()[-1] == (
        "Error: city: 150 of the 200 facilities of this dataset would vanish, so nothing was changed;"
        " if the file is right and complete, allow it with --max-vanished 150"
    )
    assert contents(session) == before


@pytest.mark.parametrize(("allowed", "status"), [("150", 0), ("75%", 0), ("149", 3), ("74%", 3), ("0", 3)])
def test_as_many_as_the_caller_allows_may_vanish(
    app: Flask, session: Session, city: Path, allowed: str, status: int
) -> None:
    result = run(app, "facilities", "import", city_of(city, 50), *TERMS, "--max-vanished", allowed)
    assert result.exit_code == status
    assert statuses(session) == ({"active": 50, "closed": 150} if status == 0 else {"active": 200})


def test_an_edition_with_too_many_rejected_rows_is_refused_with_their_reasons(
    app: Flask, session: Session, city: Path
) -> None:
    before = contents(session)
    city_of(city, 200)
    with city.open("a", encoding="utf-8") as file:
        file.writelines(f"new-{number},bench,1,2\n" for number in range(50))
    result = run(app, "facilities", "import", city, *TERMS)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "  rejected new-0: row 202: kind is 'bench'" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: city: 50 of the 250 rows read are rejected, so nothing was changed;"
        " if the file is right and complete, allow it with --max-rejected 50"
    )
    assert contents(session) == before
    assert run(app, "facilities", "import", city, *TERMS, "--max-rejected", "20%").exit_code == 0


def test_what_would_be_refused_for_both_reasons_names_both(app: Flask, city: Path) -> None:
    city_of(city, 20)
    with city.open("a", encoding="utf-8") as file:
        file.writelines(f"new-{number},bench,1,2\n" for number in range(50))
    assert run(app, "facilities", "import", city, *TERMS).stderr.splitlines()[-1] == (
        "Error: city: 180 of the 200 facilities of this dataset would vanish and 50 of the 70 rows read are rejected,"
        " so nothing was changed; if the file is right and complete, allow it with"
        " --max-vanished 180 --max-rejected 50"
    )


@pytest.mark.parametrize("rows", [50, 190, 230])
def test_a_dry_run_prints_the_figures_and_changes_nothing(app: Flask, session: Session, city: Path, rows: int) -> None:
    before = contents(session)
    dry = run(app, "facilities", "import", city_of(city, rows), *TERMS, "--dry-run")
    assert dry.exit_code == 0
    assert contents(session) == before
    figures, *more = dry.stdout.splitlines()
    assert figures.endswith(" s (dry run: nothing was changed)")
    refusal = (
        "would be refused: 150 of the 200 facilities of this dataset would vanish;"
        " if the file is right and complete, allow it with --max-vanished 150"
    )
    assert more == ([refusal] if rows == 50 else [])
    done = run(app, "facilities", "import", city, *TERMS, "--max-vanished", "100%")
    assert without_time(figures.removesuffix(" (dry run: nothing was changed)")) == (
        without_time(done.stdout.splitlines()[0])
    )


def test_a_dry_run_of_a_new_dataset_leaves_no_dataset(app: Flask, session: Session, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS, "--dry-run")
    assert (result.exit_code, result.stdout.splitlines()[0].partition(",")[0]) == (0, "city: 2 added")
    assert session.execute(text("SELECT count(*) FROM dataset")).scalar_one() == 0


def test_a_row_that_is_rejected_leaves_its_place_as_it_was(app: Flask, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    for fee in ("no", "free"):
        path.write_text(f"external_id,kind,lon,lat,fee\na,toilets,1,2,\nb,toilets,1,2,{fee}\n", encoding="utf-8")
        result = run(app, "facilities", "import", path, *TERMS)
    assert [without_time(line) for line in result.stdout.splitlines()] == [
        "city: 0 added, 0 changed, 1 unchanged, 0 vanished, 1 rejected",
        "  rejected b: row 3: fee is 'free', not one of yes, no",
        "  facilities left as they were, because their rows were rejected: 1",
    ]
    assert session.execute(text("SELECT status, fee FROM facility ORDER BY id")).all() == [
        ("active", None),
        ("active", "no"),
    ]


def test_an_import_keeps_the_terms_that_it_was_told(app: Flask, session: Session, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS, "--url", "https://city.example", "--dataset", "toilets")
    told = session.execute(text("SELECT name, licence, attribution, url FROM dataset")).one()
    assert tuple(told) == ("toilets", "CC0-1.0", "The city", "https://city.example")


def test_counts_are_told_by_kind(app: Flask, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS)
    assert run(app, "facilities", "count").stdout.splitlines() == [
        "2 facilities",
        "  shower: 1 stand-alone, 0 in venues, 1 offered",
        "  toilets: 0 stand-alone, 1 in venues, 1 offered",
    ]


def test_an_empty_database_counts_nothing(app: Flask) -> None:
    assert run(app, "facilities", "count").stdout == "0 facilities\n"


def test_hours_are_compiled_for_the_coming_weeks(app: Flask, session: Session, clock: TestClock) -> None:
    add_facility(session, 24.94, 60.17, opening_hours="Mo-Su 08:00-20:00")
    clock.advance(days=40)
    assert run(app, "facilities", "compile-hours").stdout == "Compiled the opening hours of 1 facilities.\n"
    now_open = session.execute(text("SELECT open_during @> CAST(:now AS timestamptz) FROM facility"), {"now": clock()})
    assert now_open.scalar_one() is True


def test_migrating_tells_the_revision(own_database_url: str) -> None:
    done = flask("migrate", DATABASE_URL=own_database_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"The schema is at revision {schema.head()}.\n", "")


@pytest.fixture
def in_a_folder_with_files(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    Path("folder").mkdir()
    Path("nothing.csv").touch()
    Path("header.csv").write_text("external_id,kind,lon,lat\n", encoding="utf-8")
    Path("empty.json").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")


@pytest.mark.usefixtures("in_a_folder_with_files")
@pytest.mark.parametrize(
    ("args", "status", "complaint"),
    [
        (("absent.csv", "--format", "csv", *TERMS), 1, "Error: absent.csv cannot be opened: No such file or directory"),
        (("absent.csv", *TERMS), 1, "Error: absent.csv cannot be opened: No such file or directory"),
        (("folder", *TERMS), 1, "Error: folder cannot be opened: Is a directory"),
        (("city.csv",), 2, "Error: --licence and --attribution are required for this format"),
        (("city.csv", "--licence", "CC0-1.0"), 2, "Error: --licence and --attribution are required for this format"),
        (("city.csv", "--format", "xml"), 2, "Error: Invalid value for '--format': 'xml' is not one of"),
        (("city.csv", "--format", "geojson", *TERMS), 1, "Error: city.csv is cut short or is no JSON"),
        (("city.csv", "--format", "australia"), 1, "Error: city.csv is not the National Public Toilet Map"),
        (("city.csv", "--format", "osm"), 1, "Error: city.csv cannot be read as an OSM extract"),
        (("empty.json", *TERMS), 1, "Error: empty.json looks like none of the formats we read"),
        (("empty.json", "--format", "geojson", *TERMS), 1, "Error: there is no facility in empty"),
        ((), 2, "Error: Missing argument 'FILE'."),
        (
            ("city.csv", *TERMS, "--max-vanished", "ten"),
            2,
            "Error: Invalid value for '--max-vanished': 'ten' is neither",
        ),
        (
            ("city.csv", *TERMS, "--max-rejected", "101%"),
            2,
            "Error: Invalid value for '--max-rejected': '101%' is neit",
        ),
        (("city.csv", *TERMS, "--max-rejected", "-1"), 2, "Error: Invalid value for '--max-rejected': '-1' is neither"),
        (("nothing.csv", *TERMS), 1, "Error: nothing.csv is empty"),
        (("nothing.csv", "--format", "csv", *TERMS), 1, "Error: nothing.csv lacks the column external_id"),
        (("header.csv", *TERMS), 1, "Error: there is no facility in header"),
    ],
)
def test_an_import_that_cannot_be_is_refused_in_one_line_and_changes_nothing(
    app: Flask, session: Session, args: tuple[str, ...], status: int, complaint: str
) -> None:
    result = run(app, "facilities", "import", *args)
    assert result.exit_code == status
    assert result.stderr.strip().splitlines()[-1].startswith(complaint)
    assert session.execute(text("SELECT count(*) FROM dataset")).scalar_one() == 0


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
def test_a_setting_that_makes_no_sense_ends_a_command_in_one_line(environ: dict[str, str], complaint: str) -> None:
    done = flask("facilities", "count", **environ)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(complaint)


def test_a_database_without_the_schema_is_told_how_to_get_it(own_database_url: str) -> None:
    database = Database(own_database_url)
    schema.downgrade(database, "base")
    database.close()
    done = flask("facilities", "count", DATABASE_URL=own_database_url)
    assert done.returncode == 1
    assert done.stderr == "Error: the database schema does not match this code: run `flask migrate`\n"


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_port_in_use_is_told_before_anything_is_done(own_database_url: str, command: str) -> None:
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
def test_a_database_of_somebody_else_is_neither_started_nor_stopped(app: Flask, command: str) -> None:
    result = run(app, "database", command)
    assert result.exit_code == 1
    assert result.stderr == "Error: DATABASE_URL is set: this command only starts and stops the private database\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_in_a_sentence_what_it_is_for(app: Flask, command: str) -> None:
    result = run(app, *command.split(), "--help")
    assert result.exit_code == 0
    summary = result.stdout.splitlines()[2]
    assert re.fullmatch(r"  [A-Z].*\.", summary)


@pytest.mark.parametrize("group", [(), ("facilities",), ("database",), ("partners",)])
def test_no_summary_is_cut_in_a_list_of_commands(app: Flask, group: tuple[str, ...]) -> None:
    assert "..." not in run(app, *group, "--help").stdout.partition("Commands:")[2]


def test_the_options_and_exit_statuses_of_an_import_are_documented(app: Flask) -> None:
    described = run(app, "facilities", "import", "--help").stdout
    documented = (PROJECT / "docs" / "import-formats.md").read_text(encoding="utf-8")
    options = set(re.findall(r"^  (--[a-z-]+)", described, re.MULTILINE)) - {"--help"}
    assert {option for option in options if f"`{option}" not in documented} == set()
    for status, meaning in ((0, "done"), (1, "fault"), (2, "wrong usage"), (3, "refused")):
        assert re.search(rf"{status} {meaning}", " ".join(described.split()))
        assert f"| {status} | {meaning}" in documented
