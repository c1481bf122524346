"""``flask facilities import``: its summary, its limits, its dry run and its refusals."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.config import PROJECT
from tests.api.command_line import ROWS, TERMS, run
from tests.factories import contents


def without_time(line: str) -> str:
    return re.sub(r", in [\d.]+ s$", "", line)


def test_an_import_prints_its_counts_and_the_reason_of_each_rejection(app: Flask, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS)
    assert result.exit_code == 0
    assert [without_time(line) for line in result.stdout.splitlines()] == [
        "city: 2 added, 0 changed, 0 unchanged, 0 vanished, 1 rejected",
        "  rejected c: row 4: latitude 99.0 must be between -90 and 90",
    ]


def test_a_repeated_import_reports_no_changes(app: Flask, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS)
    again = run(app, "facilities", "import", file, *TERMS)
    assert without_time(again.stdout.splitlines()[0]) == (
        "city: 0 added, 0 changed, 2 unchanged, 0 vanished, 1 rejected"
    )


def test_progress_is_printed_on_standard_error(app: Flask, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS)
    assert result.stderr == "3 rows read\n"
    assert "rows read" not in result.stdout


def test_a_long_list_of_rejections_is_truncated_and_counted(app: Flask, tmp_path: Path) -> None:
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
        " if the file is correct and complete, allow it with --max-vanished 150"
    )
    assert contents(session) == before


@pytest.mark.parametrize(("allowed", "status"), [("150", 0), ("75%", 0), ("149", 3), ("74%", 3), ("0", 3)])
def test_as_many_facilities_may_vanish_as_the_caller_allows(
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
    assert "  rejected new-0: row 202: kind must be one of" in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "Error: city: 50 of the 250 rows read are rejected, so nothing was changed;"
        " if the file is correct and complete, allow it with --max-rejected 50"
    )
    assert contents(session) == before
    assert run(app, "facilities", "import", city, *TERMS, "--max-rejected", "20%").exit_code == 0


def test_a_refusal_for_both_reasons_names_both(app: Flask, city: Path) -> None:
    city_of(city, 20)
    with city.open("a", encoding="utf-8") as file:
        file.writelines(f"new-{number},bench,1,2\n" for number in range(50))
    assert run(app, "facilities", "import", city, *TERMS).stderr.splitlines()[-1] == (
        "Error: city: 180 of the 200 facilities of this dataset would vanish and 50 of the 70 rows read are rejected,"
        " so nothing was changed; if the file is correct and complete, allow it with"
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
        " if the file is correct and complete, allow it with --max-vanished 150"
    )
    examples = {
        50: [*(f"  vanished {number}" for number in range(100, 110)), "  and 140 more vanished", refusal],
        190: [f"  vanished {number}" for number in range(190, 200)],
        200: [],
        230: [*(f"  added {number}" for number in range(200, 210)), "  and 20 more added"],
    }
    assert more == examples[rows]
    done = run(app, "facilities", "import", city, *TERMS, "--max-vanished", "100%")
    assert without_time(figures.removesuffix(" (dry run: nothing was changed)")) == (
        without_time(done.stdout.splitlines()[0])
    )


def test_a_dry_run_of_a_new_dataset_leaves_no_dataset(app: Flask, session: Session, file: Path) -> None:
    result = run(app, "facilities", "import", file, *TERMS, "--dry-run")
    assert (result.exit_code, result.stdout.splitlines()[0].partition(",")[0]) == (0, "city: 2 added")
    assert session.execute(text("SELECT count(*) FROM dataset")).scalar_one() == 0


def test_a_rejected_row_leaves_its_facility_unchanged(app: Flask, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    for fee in ("no", "free"):
        path.write_text(f"external_id,kind,lon,lat,fee\na,toilets,1,2,\nb,toilets,1,2,{fee}\n", encoding="utf-8")
        result = run(app, "facilities", "import", path, *TERMS)
    assert [without_time(line) for line in result.stdout.splitlines()] == [
        "city: 0 added, 0 changed, 1 unchanged, 0 vanished, 1 rejected",
        "  rejected b: row 3: fee must be one of yes, no, not 'free'",
        "  facilities left as they were, because their rows were rejected: 1",
    ]
    assert session.execute(text("SELECT status, fee FROM facility ORDER BY id")).all() == [
        ("active", None),
        ("active", "no"),
    ]


def test_an_import_stores_the_given_terms(app: Flask, session: Session, file: Path) -> None:
    run(app, "facilities", "import", file, *TERMS, "--url", "https://city.example", "--dataset", "toilets")
    stored = session.execute(text("SELECT name, licence, attribution, url FROM dataset")).one()
    assert tuple(stored) == ("toilets", "CC0-1.0", "The city", "https://city.example")


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
        (("city.csv", "--format", "geojson", *TERMS), 1, "Error: city.csv is truncated or not JSON"),
        (("city.csv", "--format", "australia"), 1, "Error: city.csv is not the National Public Toilet Map"),
        (("city.csv", "--format", "osm"), 1, "Error: city.csv cannot be read as an OSM extract"),
        (("empty.json", *TERMS), 1, "Error: empty.json is GeoJSON, but"),
        (("empty.json", "--format", "geojson", *TERMS), 1, "Error: there is no facility in empty"),
        ((), 2, "Error: Missing argument 'FILE'."),
        (
            ("city.csv", *TERMS, "--max-vanished", "ten"),
            2,
            "Error: Invalid value for '--max-vanished': 'ten' must be a",
        ),
        (
            ("city.csv", *TERMS, "--max-rejected", "101%"),
            2,
            "Error: Invalid value for '--max-rejected': '101%' must be a",
        ),
        (("city.csv", *TERMS, "--max-rejected", "-1"), 2, "Error: Invalid value for '--max-rejected': '-1' must be a"),
        (
            ("city.csv", *TERMS, "--url", "javascript:alert(1)"),
            2,
            "Error: Invalid value for '--url': must begin with https:// or http://",
        ),
        (("nothing.csv", *TERMS), 1, "Error: nothing.csv is empty"),
        (("nothing.csv", "--format", "csv", *TERMS), 1, "Error: nothing.csv lacks the column external_id"),
        (("header.csv", *TERMS), 1, "Error: there is no facility in header"),
    ],
)
def test_an_invalid_import_is_refused_in_one_line_and_changes_nothing(
    app: Flask, session: Session, args: tuple[str, ...], status: int, complaint: str
) -> None:
    result = run(app, "facilities", "import", *args)
    assert result.exit_code == status
    assert result.stderr.strip().splitlines()[-1].startswith(complaint)
    assert session.execute(text("SELECT count(*) FROM dataset")).scalar_one() == 0


def test_the_options_and_exit_statuses_of_an_import_are_documented(app: Flask) -> None:
    described = run(app, "facilities", "import", "--help").stdout
    documented = (PROJECT / "docs" / "import-formats.md").read_text(encoding="utf-8")
    options = set(re.findall(r"^  (--[a-z-]+)", described, re.MULTILINE)) - {"--help"}
    assert {option for option in options if f"`{option}" not in documented} == set()
    for status, meaning in ((0, "success"), (1, "error"), (2, "wrong usage"), (3, "refused")):
        assert re.search(rf"{status} {meaning}", " ".join(described.split()))
        assert f"| {status} | {meaning}" in documented
