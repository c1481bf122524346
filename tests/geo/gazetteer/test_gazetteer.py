"""Streets, places and stations of an extract are found by name, also with a typing error."""

import random
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.coordinates import Point
from geo.errors import UnreadableFile
from geo.gazetteer import osm, writer
from geo.gazetteer.search import LocalitiesQuery, by_name
from geo.imports.formats import OPENSTREETMAP
from tests.conftest import NOON
from tests.geo.gazetteer.extract import write_extract
from tests.geo.imports.real_data import real_file


def load(session: Session, path: Path, name: str = "valley") -> writer.GazetteerSummary:
    return writer.write(session, name, OPENSTREETMAP, osm.read(path), NOON)


@pytest.fixture
def valley(session: Session, tmp_path: Path) -> Path:
    path = write_extract(tmp_path / "valley.osm")
    assert load(session, path) == writer.GazetteerSummary(places=2, stations=1, streets=3)
    return path


def found(
    session: Session, name: str, limit: int = 10, origin: Point | None = None
) -> list[tuple[str, str, str | None]]:
    return [(row.name, row.kind, row.near) for row in by_name(session, LocalitiesQuery(name, limit, origin))]


@pytest.mark.usefixtures("valley")
def test_pieces_of_a_street_are_one_and_streets_of_one_name_in_two_villages_are_two(session: Session) -> None:
    assert sorted(found(session, "hauptstrasse", 2), key=str) == [
        ("Hauptstrasse", "street", "Altstadt"),
        ("Hauptstrasse", "street", "Bergdorf"),
    ]


@pytest.mark.usefixtures("valley")
@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Altstadt", "Altstadt"),
        ("altst", "Altstadt"),
        ("ALTSTADT BAHNHOF", "Altstadt Bahnhof"),
        ("gassli", "Gässli"),
        ("gäsli", "Gässli"),
        ("Bergdrof", "Bergdorf"),
        ("Hauptsrasse", "Hauptstrasse"),
        ("Haupt", "Hauptstrasse"),
    ],
)
def test_a_name_is_found_whole_in_part_and_with_a_typing_error(session: Session, name: str, first: str) -> None:
    assert found(session, name)[0][0] == first


@pytest.mark.usefixtures("valley")
@pytest.mark.parametrize("name", ["Umfahrung", "???", "%", "_", "xyz", "qqqqqqq", "12345"])
def test_what_is_not_there_is_not_found_first(session: Session, name: str) -> None:
    assert all(row[0] != "Umfahrung" for row in found(session, name))


@pytest.mark.usefixtures("valley")
@pytest.mark.parametrize("name", ["qqqqqqq", "12345"])
def test_a_text_that_is_like_no_name_finds_nothing(session: Session, name: str) -> None:
    assert found(session, name) == []


@pytest.mark.usefixtures("valley")
def test_of_equal_names_the_near_one_comes_first(session: Session) -> None:
    assert found(session, "Hauptstrasse", 1, Point(9.6, 47.2))[0][2] == "Bergdorf"
    assert found(session, "Hauptstrasse", 1, Point(9.5, 47.1))[0][2] == "Altstadt"


def test_a_later_file_of_the_same_name_replaces_the_earlier_one(session: Session, valley: Path) -> None:
    assert load(session, valley) == writer.GazetteerSummary(2, 1, 3)
    assert session.execute(text("SELECT count(*) FROM locality")).scalar_one() == 6
    load(session, write_extract(valley, leave_out=(104, 3)))
    assert session.execute(text("SELECT count(*) FROM locality")).scalar_one() == 4
    assert "Gässli" not in {row[0] for row in found(session, "gassli")}


def test_an_object_in_two_files_is_found_once(session: Session, valley: Path) -> None:
    load(session, valley, "country")
    assert [row[0] for row in found(session, "Bergdorf")].count("Bergdorf") == 1


def test_a_file_without_names_changes_nothing(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "empty.osm"
    path.write_text('<osm version="0.6"/>', encoding="utf-8")
    with pytest.raises(UnreadableFile, match="no named place, station or street in valley"):
        load(session, path)


def with_typo(name: str, chance: random.Random) -> str:
    """Delete, insert, replace or swap one character, not the first."""
    at, letter = chance.randrange(1, len(name)), chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chance.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at:],
            name[:at] + letter + name[at + 1 :],
            name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
        )
    )


def test_of_a_hundred_names_of_a_country_95_come_first_also_with_a_typing_error(session: Session) -> None:
    load(session, real_file("osm_liechtenstein_2021.osm.pbf"))
    names = session.execute(text("SELECT DISTINCT name FROM locality WHERE length(name) > 3 ORDER BY name")).scalars()
    chance = random.Random(1)
    sample = chance.sample(list(names), 100)
    whole = sum(found(session, name, 1)[0][0] == name for name in sample)
    mistyped = sum(found(session, with_typo(name, chance), 1)[0][0] == name for name in sample)
    assert whole >= 95
    assert mistyped >= 95
