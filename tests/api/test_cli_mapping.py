"""``flask facilities import --mapping``: other publishers' files by a mapping."""

import json
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.command_line import run

NYC_COLUMNS = (
    "Facility Name,Location Type,Operator,Status,Open,Hours of Operation,Accessibility,Restroom Type,"
    "Changing Stations,Additional Notes,Website,Latitude,Longitude,Location"
)


def nyc(path: Path, *names: str, hours: str = "8am-4pm") -> Path:
    rows = [f'{name},Park,Parks,Operational,Year Round,"{hours}",Fully Accessible,,Yes,,,40.7,-74.0,' for name in names]
    path.write_text("\n".join((NYC_COLUMNS, *rows)) + "\n", encoding="utf-8")
    return path


def test_a_shipped_mapping_is_found_by_its_name(app: Flask, session: Session, tmp_path: Path) -> None:
    result = run(app, "facilities", "import", nyc(tmp_path / "list.csv", "A", "B", "B"), "--mapping", "nyc.toml")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("nyc_public_restrooms: 3 added, 0 changed, 0 unchanged, 0 vanished, 0 rejected")
    assert "  ids are made of Facility Name, Latitude, Longitude" in lines
    row = session.execute(
        text(
            "SELECT DISTINCT opening_hours, wheelchair, changing_table, country, licence, authority"
            " FROM facility, dataset WHERE facility.status = 'active'"
        )
    ).one()
    assert row[:4] == ("08:00-16:00", "yes", "yes", "US")
    assert row.authority == "official"


def test_a_later_edition_changes_hours_and_keeps_ids(app: Flask, tmp_path: Path) -> None:
    run(app, "facilities", "import", nyc(tmp_path / "list.csv", "A", "B"), "--mapping", "nyc.toml")
    later = run(
        app, "facilities", "import", nyc(tmp_path / "list.csv", "B", "A", hours="9am-5pm"), "--mapping", "nyc.toml"
    )
    assert later.stdout.startswith("nyc_public_restrooms: 0 added, 2 changed, 0 unchanged, 0 vanished, 0 rejected")


def test_sanisettes_are_read_from_the_export_of_the_city(app: Flask, session: Session, tmp_path: Path) -> None:
    fields = {"acces_pmr": "Oui", "type": "SANISETTE", "geo_point_2d": [48.85, 2.3], "horaire": "6 h - 22 h"}
    rows = [
        {"fields": {**fields, "adresse": "1 RUE X"}, "geometry": {"type": "Point", "coordinates": [2.3, 48.85]}},
        {
            "fields": {**fields, "adresse": "2 RUE X", "horaire": "Voir fiche équipement"},
            "geometry": {"type": "Point", "coordinates": [2.31, 48.85]},
        },
    ]
    path = tmp_path / "paris.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    result = run(app, "facilities", "import", path, "--mapping", "sanisettes.toml")
    assert result.stdout.startswith("paris_sanisettes: 2 added")
    hours = session.execute(text("SELECT opening_hours, opening_hours_note FROM facility ORDER BY street")).all()
    assert hours == [("06:00-22:00", None), (None, "Voir fiche équipement")]


def test_options_take_precedence_over_the_mapping(app: Flask, session: Session, tmp_path: Path) -> None:
    terms = ("--licence", "CC0-1.0", "--attribution", "me", "--dataset", "mine", "--authority", "community")
    run(app, "facilities", "import", nyc(tmp_path / "list.csv", "A"), "--mapping", "nyc.toml", *terms)
    row = session.execute(text("SELECT name, licence, attribution, authority FROM dataset")).one()
    assert row == ("mine", "CC0-1.0", "me", "community")


def test_a_mapping_with_a_format_or_a_mistake_is_refused(app: Flask, tmp_path: Path) -> None:
    path = nyc(tmp_path / "list.csv", "A")
    both = run(app, "facilities", "import", path, "--mapping", "nyc.toml", "--format", "csv")
    assert (both.exit_code, both.stderr.splitlines()[-1]) == (
        2,
        "Error: --mapping contains the format; leave --format out",
    )
    absent = run(app, "facilities", "import", path, "--mapping", "nowhere.toml")
    assert (absent.exit_code, absent.stderr.splitlines()[-1]) == (
        1,
        "Error: nowhere.toml cannot be opened: No such file or directory",
    )
