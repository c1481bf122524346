"""The commands of moderation, as a person or a scheduler runs them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo.crowd import ratings
from geo.crowd.trust import Circumstances
from geo.database import Database
from geo.facilities.hours import COMPILED_AHEAD
from tests.api.moderation.callers import Caller
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, contents


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    database = Database(own_database_url)
    yield database
    database.close()


@pytest.fixture
def own_app(database: Database, clock: TestClock) -> Flask:
    settings = Settings(database_url="postgresql://not.used", private_postgres=None, port=8000, workers=1)
    return create_app(settings, database=database, clock=clock)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=arguments)


def test_staff_are_added_listed_and_revoked(own_app: Flask) -> None:
    added = run(own_app, "staff", "add", "anna", "--role", "moderator")
    assert added.exit_code == 0, added.output
    token = added.stdout.strip()
    anna = Caller(own_app.test_client(), token)
    assert anna("GET", "/admin/v1/queue").status_code == 200
    listed = run(own_app, "staff", "list").output
    assert "anna: moderator" in listed
    assert token not in listed
    assert run(own_app, "staff", "add", "anna", "--role", "admin").exit_code == 1
    assert run(own_app, "staff", "add", "ben", "--role", "boss").exit_code == 2
    assert run(own_app, "staff", "revoke", "anna").exit_code == 0
    assert anna("GET", "/admin/v1/queue").status_code == 401
    assert run(own_app, "staff", "revoke", "anna").exit_code == 1
    assert run(own_app, "audit", "verify").exit_code == 0


def aged(session: Session, clock: TestClock) -> int:
    """A place that was rated from a network, whose reports of being closed are over, and whose hours run out."""
    place = add_facility(session, 24.9, 60.2, opening_hours="Mo-Su 08:00-20:00", status="reported_closed")
    session.execute(
        text("UPDATE facility SET reported_closed_until = :at WHERE id = :id"),
        {"at": clock() + timedelta(days=8), "id": place},
    )
    device = add_device(session, clock())
    new_rating = ratings.NewRating(4)
    ratings.rate(session, place, device.device_id, new_rating, clock(), circumstances=Circumstances(bytes(16)))
    return place


def test_maintenance_is_safe_to_repeat_and_to_run_twice_at_once(
    own_app: Flask, database: Database, clock: TestClock
) -> None:
    with database.write() as session:
        places = [aged(session, clock) for _ in range(20)]
        session.commit()
    clock.advance(days=9)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: run(own_app, "maintain"), range(4)))
    assert [result.exit_code for result in results] == [0] * 4, [result.output for result in results]
    with database.read() as session:
        assert session.execute(text("SELECT count(network) FROM rating")).scalar_one() == 0
        assert set(session.execute(text("SELECT status FROM facility")).scalars()) == {"active"}
        open_until = session.execute(text("SELECT max(upper(open_during)) FROM facility")).scalar_one()
        assert open_until > clock() + COMPILED_AHEAD - timedelta(days=2)
        ended = "SELECT count(*) FROM audit_entry WHERE event = 'reported_closed expired'"
        assert session.execute(text(ended)).scalar_one() == len(places)
        before = contents(session)
    again = run(own_app, "maintain")
    assert again.exit_code == 0
    assert "Erased 0 networks and 0 devices; ended 0 claims, 0 reports and 0 closures" in again.output
    with database.read() as session:
        assert contents(session) == before
    assert run(own_app, "audit", "verify").exit_code == 0
