"""``flask facilities conflate`` and the option ``--authority`` of imports."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.command_line import TERMS, run
from tests.factories import contents

HEADER = "external_id,kind,lon,lat,name\n"


@pytest.fixture
def two_datasets(app: Flask, session: Session, tmp_path: Path) -> None:
    """Two lists of the same two places, of which one has different names; they lie apart until after the import."""
    for name, lat, names in (("map", 50.0, ("Rose", "Lily")), ("town", 51.0, ("Rose", "Oak Street"))):
        file = tmp_path / f"{name}.csv"
        rows = "".join(f"{index},toilets,{10 + index},{lat},{place}\n" for index, place in enumerate(names))
        file.write_text(HEADER + rows, encoding="utf-8")
        assert run(app, "facilities", "import", file, *TERMS).exit_code == 0
    session.execute(text("UPDATE facility SET location = ST_Point(ST_X(location), 50, 4326)"))


@pytest.mark.usefixtures("two_datasets")
def test_it_prints_what_was_merged_and_what_was_kept_apart(app: Flask) -> None:
    lines = run(app, "facilities", "conflate").stdout.splitlines()
    assert lines[-1] == "1 merged, 1 kept apart"
    assert lines[0].startswith("  kept apart: ")
    assert lines[0].endswith(": different names")
    assert run(app, "facilities", "conflate").stdout.splitlines()[-1] == "0 merged, 1 kept apart"


@pytest.mark.usefixtures("two_datasets")
def test_a_dry_run_changes_nothing(app: Flask, session: Session) -> None:
    before = contents(session)
    lines = run(app, "facilities", "conflate", "--dry-run").stdout.splitlines()
    assert lines[-2:] == ["Dry run: nothing was changed.", "1 merged, 1 kept apart"]
    assert contents(session) == before


@pytest.mark.usefixtures("two_datasets")
@pytest.mark.parametrize("distance", ["0", "-1", "201", "nan", "inf", "x"])
def test_a_distance_that_makes_no_sense_is_refused(app: Flask, distance: str) -> None:
    assert run(app, "facilities", "conflate", "--max-m", distance).exit_code == 2


def test_an_import_stores_the_authority_of_its_dataset(app: Flask, session: Session, file: Path) -> None:
    for options, authority in (((), "community"), (("--authority", "official"), "official"), ((), "official")):
        run(app, "facilities", "import", file, *TERMS, *options)
        assert session.execute(text("SELECT authority FROM dataset")).scalar_one() == authority
    assert run(app, "facilities", "import", file, *TERMS, "--authority", "mine").exit_code == 2
