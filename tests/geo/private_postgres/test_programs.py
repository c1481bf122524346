"""PostgreSQL's programs are found, or the command that installs them is named."""

from pathlib import Path

import pytest

from geo.errors import DatabaseUnavailable
from geo.private_postgres.programs import find_programs, install_command


def with_apt(machine: Path, *majors: int) -> Path:
    """A machine with apt, and with PostgreSQL of these versions without PostGIS."""
    (machine / "usr/bin").mkdir(parents=True)
    (machine / "usr/bin/apt-get").touch()
    for major in majors:
        (machine / f"usr/lib/postgresql/{major}/bin").mkdir(parents=True)
        (machine / f"usr/lib/postgresql/{major}/bin/initdb").touch()
    return machine


@pytest.mark.parametrize(
    ("majors", "package"),
    [((), "postgresql-postgis"), ((13,), "postgresql-postgis"), ((14, 16), "postgresql-16-postgis-3")],
)
def test_missing_postgis_is_reported_with_the_command_that_installs_it(
    tmp_path: Path, majors: tuple[int, ...], package: str
) -> None:
    machine = with_apt(tmp_path, *majors)
    with pytest.raises(DatabaseUnavailable) as refusal:
        find_programs(machine=machine)
    assert str(refusal.value) == (
        f"PostgreSQL 14 or newer with PostGIS is missing: run `sudo apt-get install {package}`"
    )
    assert install_command(machine=machine)[-1] == package


def test_homebrew_is_used_where_it_is_installed(tmp_path: Path) -> None:
    brew = tmp_path / "opt/homebrew/bin/brew"
    brew.parent.mkdir(parents=True)
    brew.touch()
    assert install_command(machine=tmp_path) == [str(brew), "install", "postgis"]


def test_a_cluster_of_an_uninstalled_version_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="postgresql-14-postgis-3"):
        find_programs(major=14, machine=with_apt(tmp_path, 15))
