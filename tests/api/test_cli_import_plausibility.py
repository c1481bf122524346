"""``flask facilities import``: the examples of a dry run, warnings about implausible editions, and the progress bar."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.config import PROJECT
from tests.api.command_line import TERMS, run
from tests.factories import contents

Place = tuple[str, float, float]


def table(path: Path, *places: Place, **fields: str) -> Path:
    header = ",".join(["external_id", "kind", "lon", "lat", *fields])
    rows = [
        ",".join([external_id, "toilets", str(lon), str(lat), *fields.values()]) for external_id, lon, lat in places
    ]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def street(lon: float, lat: float, count: int = 20, prefix: str = "") -> list[Place]:
    """Places that are some 100 m apart."""
    return [(f"{prefix}{number}", round(lon + number / 1000, 6), lat) for number in range(count)]


def import_(app: Flask, file: Path, *args: str, status: int = 0) -> str:
    result = run(app, "facilities", "import", file, *TERMS, *args)
    assert result.exit_code == status, result.output
    return result.output


HELSINKI, SYDNEY = (24.94, 60.17), (151.21, -33.87)


def test_a_dry_run_shows_the_first_ten_of_each_kind(app: Flask, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    import_(app, table(path, *street(*HELSINKI, 40), name="Kiosk", fee="no"))
    before = contents(session)
    table(path, *street(*HELSINKI, 25), *street(24.9, 60.2, 12, "new-"), name="Kiosk", fee="yes")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"bad-{number},bench,1,2,,\n" for number in range(11))
    _, figures, *lines = import_(app, path, "--dry-run").splitlines()
    assert "12 added, 25 changed, 0 unchanged, 15 vanished, 11 rejected" in figures
    assert [line for line in lines if "added" in line] == [
        *(f"  added new-{number} (Kiosk)" for number in range(10)),
        "  and 2 more added",
    ]
    changed = [line for line in lines if "changed" in line]
    assert changed == [*(f"  changed {number} (Kiosk): fee" for number in range(10)), "  and 15 more changed"]
    assert len([line for line in lines if line.startswith("  vanished ")]) == 10
    assert "  and 5 more vanished" in lines
    assert len([line for line in lines if line.startswith("  rejected bad-")]) == 10
    assert lines[-1].startswith(
        "would be refused: 15 of the 40 facilities of this dataset would vanish and 11 of the 48"
    )
    assert contents(session) == before


def test_a_dry_run_names_what_changes(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "city.csv"
    places = street(*HELSINKI, 3)
    import_(app, table(path, *places, name="Old", closed="no"))
    import_(app, table(path, *places[:2], name="Old", closed="no"))
    moved = [("0", 24.941, 60.171), *places[1:]]
    lines = import_(app, table(path, *moved, name="New", closed="yes"), "--dry-run").splitlines()
    assert lines[2:] == [
        "  changed 0 (New): location, name, closed",
        "  changed 1 (New): name, closed",
        "  changed 2 (New): name, listed again",
    ]


def test_one_file_under_two_names_is_refused(app: Flask, session: Session, tmp_path: Path) -> None:
    import_(app, table(tmp_path / "city.csv", *street(*HELSINKI)))
    before = contents(session)
    copy = table(tmp_path / "copy.csv", *street(*HELSINKI))
    output = import_(app, copy, status=3)
    assert "20 of the 20 rows are listed by the dataset city: is it the same file?" in output
    assert output.rstrip().endswith("if the file is correct and complete, allow it with --accept-warnings")
    assert contents(session) == before
    assert "would be refused: 20 of the 20" in import_(app, copy, "--dry-run")
    assert "  warning: 20 of the 20 rows are listed by the dataset city" in import_(app, copy, "--accept-warnings")
    assert "warning" not in import_(app, copy)  # what was accepted is not asked again


@pytest.mark.parametrize(
    ("places", "is_twin"),
    [
        ([*street(*HELSINKI, 11), *street(25, 60, 9, "x")], True),
        ([*street(*HELSINKI, 9), *street(25, 60, 11, "x")], False),
        (street(HELSINKI[0], 60.1701), False),
        (street(*HELSINKI, prefix="x"), False),
    ],
)
def test_a_file_is_a_twin_if_most_ids_and_positions_are_in_one_other_dataset(
    app: Flask, tmp_path: Path, places: list[Place], is_twin: bool
) -> None:
    import_(app, table(tmp_path / "city.csv", *street(*HELSINKI)))
    import_(app, table(tmp_path / "other.csv", *places), status=3 if is_twin else 0)


def swapped(places: list[Place]) -> list[Place]:
    return [(external_id, lat, lon) for external_id, lon, lat in places]


def test_swapped_coordinates_that_are_out_of_range_are_named(app: Flask, tmp_path: Path) -> None:
    path = table(tmp_path / "city.csv", *swapped(street(*SYDNEY)))
    output = import_(app, path, status=1)
    assert "20 of the 20 rows would be valid with lon and lat swapped" in output


def test_most_of_the_coordinates_out_of_range_are_a_warning_that_even_high_limits_do_not_accept(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    path = table(tmp_path / "city.csv", *swapped(street(*SYDNEY)), *street(*HELSINKI, 5, "x"))
    output = import_(app, path, "--max-rejected", "100%", status=3)
    assert "20 of the 25 rows would be valid with lon and lat swapped" in output
    assert session.execute(text("SELECT count(*) FROM facility")).scalar_one() == 0
    import_(app, path, "--max-rejected", "100%", "--accept-warnings")


@pytest.mark.parametrize("known_as", ["city", "other"])
def test_swapped_coordinates_in_range_are_recognised_near_known_facilities(
    app: Flask, tmp_path: Path, known_as: str
) -> None:
    import_(app, table(tmp_path / f"{known_as}.csv", *street(*HELSINKI)))
    output = import_(app, table(tmp_path / "city.csv", *swapped(street(*HELSINKI))), status=3)
    assert "20 of 20 positions are far from all facilities, but near some with lon and lat swapped" in output


def test_a_city_on_its_own_far_from_others_is_not_taken_for_swapped(app: Flask, tmp_path: Path) -> None:
    import_(app, table(tmp_path / "helsinki.csv", *street(*HELSINKI)))
    import_(app, table(tmp_path / "sydney.csv", *street(*SYDNEY)))
    import_(app, table(tmp_path / "nairobi.csv", *street(36.8, -1.3)))


@pytest.mark.parametrize(
    ("edition", "args", "status"),
    [
        (street(HELSINKI[0], 61.08), (), 3),  # 101 km north, the same ids
        (street(HELSINKI[0], 61.06), (), 0),  # 99 km
        (street(*SYDNEY), (), 3),
        (street(*SYDNEY, prefix="x"), ("--max-vanished", "100%"), 3),
        (street(24.96, 60.18, prefix="x"), ("--max-vanished", "100%"), 0),
        ([*street(*HELSINKI), *street(*SYDNEY, 100, "x")], (), 0),  # it grows and stays
        ([*street(*HELSINKI, 15), *street(*SYDNEY, 5, "x")], (), 0),
    ],
)
def test_a_dataset_that_jumps_by_a_hundred_kilometres_is_refused(
    app: Flask, tmp_path: Path, edition: list[Place], args: tuple[str, ...], status: int
) -> None:
    import_(app, table(tmp_path / "city.csv", *street(*HELSINKI)))
    output = import_(app, table(tmp_path / "city.csv", *edition), *args, status=status)
    assert ("the dataset moves by " in output) == (status == 3)
    if status == 3:
        import_(app, table(tmp_path / "city.csv", *edition), *args, "--accept-warnings")


def test_a_terminal_shows_a_bar_with_the_total(own_database_url: str, tmp_path: Path) -> None:
    path = table(tmp_path / "city.csv", *street(*HELSINKI, 300))
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "flask", "facilities", "import", str(path), *TERMS]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": own_database_url},
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=60,
        check=True,
    )
    os.close(terminal)
    shown = os.read(controller, 65_536).decode()
    os.close(controller)
    assert "300/300" in shown
    assert "100%" in shown
    assert done.stdout.decode().startswith("city: 300 added, 0 changed, 0 unchanged, 0 vanished, 0 rejected, in ")
