import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.config import PROJECT
from geo.database import Database
from geo.facilities import counts
from geo.gazetteer.search import LocalitiesQuery, by_name
from seed_data.city import CITY, add_city, add_names
from seed_data.crowd import add_ratings
from tests.conftest import NOON

OSM_TERMS = ("ODbL-1.0", "© OpenStreetMap contributors")


def seed(session: Session) -> tuple[int, int]:
    return add_city(session, NOON), add_ratings(session, NOON)


def crowd(session: Session) -> list[tuple[object, ...]]:
    """All that was said, without the ids that a database gives out."""
    rows = session.execute(
        text(
            "SELECT source.external_id, stars, comment, observed, rated_at FROM rating"
            " JOIN facility_source source USING (facility_id) ORDER BY external_id, rated_at"
        )
    )
    return [tuple(row) for row in rows]


def test_the_city_matches_its_source_for_central_helsinki(session: Session) -> None:
    add_city(session, NOON)
    assert counts.by_kind(session) == [("toilets", 18, 24, 42)]


def test_venues_of_the_city_have_names_hours_and_wheelchair_access(session: Session) -> None:
    add_city(session, NOON)
    row = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE tags ? 'toilets:wheelchair') AS told, count(name) AS named,"
            " count(opening_hours) AS with_hours FROM facility WHERE venue IS NOT NULL"
        )
    ).one()
    assert row == (23, 24, 9)


def test_streets_of_the_city_are_found_by_name(session: Session) -> None:
    assert add_names(session, NOON) == 108
    found = by_name(session, LocalitiesQuery("mannerheimintie", 1))
    assert [(row.name, row.kind, row.attribution) for row in found] == [("Mannerheimintie", "street", OSM_TERMS[1])]


def test_the_city_file_contains_its_licence() -> None:
    document = json.loads(CITY.read_text(encoding="utf-8"))
    assert (document["licence"], document["attribution"]) == OSM_TERMS
    assert len(document["features"]) == 42
    assert all(feature["properties"]["@id"] == feature["id"] for feature in document["features"])


def test_every_place_of_the_city_has_the_required_attribution(session: Session) -> None:
    add_city(session, NOON)
    terms = session.execute(
        text(
            "SELECT licence, attribution FROM facility LEFT JOIN facility_source source ON facility_id = facility.id"
            " LEFT JOIN dataset ON dataset.id = dataset_id"
        )
    ).all()
    assert terms == [OSM_TERMS] * 42


def test_every_rating_of_the_city_is_marked_as_invented(session: Session) -> None:
    _, given = seed(session)
    ratings = session.execute(text("SELECT demo, comment FROM rating")).all()
    assert len(ratings) == given > 50
    assert all(demo for demo, _ in ratings)
    assert all(comment is None or comment.startswith("Demo rating: ") for _, comment in ratings)
    assert any(comment for _, comment in ratings)
    assert session.execute(text("SELECT bool_and(rating_count = demo_rating_count) FROM facility")).scalar_one()


def test_no_rating_is_in_the_future_and_some_places_have_none(session: Session) -> None:
    seed(session)
    assert session.execute(text("SELECT max(rated_at) FROM rating")).scalar_one() <= NOON
    assert 0 < session.execute(text("SELECT count(*) FROM facility WHERE rating_count = 0")).scalar_one() < 42


def test_the_demo_is_the_same_each_time(session: Session) -> None:
    with session.begin_nested() as undone:
        seed(session)
        first = crowd(session)
        undone.rollback()
    seed(session)
    assert crowd(session) == first


@pytest.mark.parametrize("at_once", [1, 2])
def test_repeated_and_concurrent_seeding_fills_a_database_once(own_database_url: str, at_once: int) -> None:
    output = []
    for _ in range(2):
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "seed_data"],
                cwd=PROJECT,
                env={**os.environ, "DATABASE_URL": own_database_url},
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(at_once)
        ]
        output += [process.communicate()[0] for process in running]
        assert [process.returncode for process in running] == [0] * at_once
    seeded = [
        line for line in output if line.startswith("Seeded the demo city: 42 facilities of central Helsinki, 108 names")
    ]
    assert len(seeded) == 1
    assert output[-1] == "There are facilities already: nothing was seeded.\n"
    database = Database(own_database_url)
    with database.read() as session:
        assert counts.by_kind(session) == [("toilets", 18, 24, 42)]
        assert session.execute(text("SELECT count(*) FROM device")).scalar_one() == 12
    database.close()


def test_a_database_with_facilities_is_not_seeded(own_database_url: str) -> None:
    database = Database(own_database_url)
    with database.write() as session:
        session.execute(
            text("INSERT INTO facility (kind, location) VALUES ('toilets', ST_SetSRID(ST_Point(1, 2), 4326))")
        )
        session.commit()
    done = subprocess.run(
        [sys.executable, "-m", "seed_data"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": own_database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "There are facilities already: nothing was seeded.\n"
    with database.read() as session:
        assert counts.by_kind(session) == [("toilets", 1, 0, 1)]
    database.close()


def test_an_unreachable_database_is_reported_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seed_data"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("seed_data: the database does not respond: ")
