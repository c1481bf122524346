"""Later visitors bring back a place that was reported closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo import maintenance
from geo.casework import audit
from geo.database import Database
from tests.api.moderation.callers import LONG_KNOWN, Caller, Phones, StaffOf, phone, scalar
from tests.api.moderation.closing import closed, made, newcomers, outcomes, report_closed
from tests.api.moderation.test_reports import status
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility, contents


def test_later_visitors_of_equal_weight_reopen_the_place(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, phones, clock)
    for stars in (5, 4):
        phones().rate(place, stars)
        assert status(phones(), place)[0] == "reported_closed"
    phones().rate(place, 4)
    assert status(phones(), place) == ("active", None)
    assert scalar(session, "SELECT reported_closed_until FROM facility") is None
    assert made(moderator) == [("revert", None, "visited"), ("report_closed", None, "closed")]
    assert outcomes(session) == {"moot": 3}
    assert moderator.queue() == []
    assert audit.verify(session).fault is None
    before = contents(session)
    phones().rate(place, 4)
    assert {name for name, rows in contents(session).items() if rows != before[name]} <= {
        *("device", "rating", "facility")
    }


def test_visitors_who_are_not_at_the_place_count_less(place: int, phones: Phones, clock: TestClock) -> None:
    closed(place, phones, clock)
    for _ in range(3):
        phones().rate(place, 4, presence="farther")
        assert status(phones(), place)[0] == "reported_closed"
    phones().rate(place, 4, presence="farther")
    assert status(phones(), place)[0] == "active"


def test_new_devices_have_the_same_weight_for_visitors_and_reporters(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    closed(place, phones, clock)
    visitors = newcomers(client, session, clock, 10)
    for visitor in visitors[:9]:
        visitor.rate(place)
    assert status(phones(), place)[0] == "reported_closed"
    visitors[9].rate(place)
    assert status(phones(), place)[0] == "active"


def test_as_many_new_visitors_as_new_reporters_reopen_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    report_closed(newcomers(client, session, clock, 7), place)
    clock.advance(hours=1)
    for visitor in newcomers(client, session, clock, 7):
        assert status(phones(), place)[0] == "reported_closed"
        visitor.rate(place)
    assert status(phones(), place)[0] == "active"


def test_visitors_of_one_network_do_not_reopen_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    closed(place, phones, clock)
    for host in range(9):
        phone(client, session, clock, f"192.0.2.{host}").rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_reporters_and_earlier_visitors_do_not_reopen_a_place(place: int, phones: Phones, clock: TestClock) -> None:
    for _ in range(3):
        phones().rate(place)
    clock.advance(hours=1)
    for reporter in closed(place, phones, clock):
        reporter.rate(place, 1)
    for _ in range(2):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_excluded_ratings_do_not_reopen_a_place(
    place: int, phones: Phones, clock: TestClock, staff_of: StaffOf
) -> None:
    closed(place, phones, clock)
    for _ in range(2):
        phones().rate(place)
    window = {"from": "2026-11-20T12:30:00Z", "until": "2026-11-20T13:30:00Z"}
    body = {"target": "facility", "target_id": place, "action": "exclude_ratings", "reason": "one_sided_burst"}
    assert staff_of("senior")("POST", "/admin/v1/decisions", body | window).status_code == 201
    clock.advance(hours=1)
    phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_visitors_must_outweigh_later_reports_of_closure(place: int, phones: Phones, clock: TestClock) -> None:
    closed(place, phones, clock)
    report_closed([phones(), phones()], place)
    for _ in range(4):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"
    phones().rate(place)
    assert status(phones(), place)[0] == "active"


def test_visitors_days_apart_reopen_a_place(session: Session, place: int, phones: Phones, clock: TestClock) -> None:
    closed(place, phones, clock)
    for _ in range(3):
        clock.advance(days=6)
        phones().rate(place)
    assert status(phones(), place)[0] == "active"
    # The networks of older ratings are erased: they count as one.
    other = add_facility(session, 24.9, 60.1)
    closed(other, phones, clock)
    for _ in range(3):
        maintenance.purge(session, clock())
        phones().rate(other)
        clock.advance(days=7)
    assert status(phones(), other)[0] == "reported_closed"


def test_another_open_report_keeps_the_queue_item(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, phones, clock)
    phones().report(place, "unsafe")
    for _ in range(3):
        phones().rate(place)
    assert status(phones(), place)[0] == "active"
    assert outcomes(session) == {"moot": 3, None: 1}
    assert len(moderator.queue(kind="facility")) == 1


def test_a_reopened_place_can_be_reported_again(place: int, phones: Phones, clock: TestClock) -> None:
    reporters = closed(place, phones, clock)
    for _ in range(3):
        phones().rate(place)
    clock.advance(hours=1)
    report_closed(reporters, place)
    assert status(phones(), place)[0] == "reported_closed"
    clock.advance(hours=1)
    for _ in range(3):
        phones().rate(place)
    assert status(phones(), place)[0] == "active"


def test_a_repeated_request_changes_nothing(session: Session, place: int, phones: Phones, clock: TestClock) -> None:
    reporters = closed(place, phones, clock)
    visitors = [phones() for _ in range(3)]
    for visitor in visitors[:2]:
        visitor.rate(place)
    before = contents(session)
    for visitor in visitors[:2]:
        visitor.rate(place)
    for reporter in reporters:
        assert reporter.report(place, "closed").status_code == 200
    assert contents(session) == before
    visitors[2].rate(place)
    before = contents(session)
    visitors[2].rate(place)
    assert contents(session) == before


def test_concurrent_visitors_and_reporters_cause_one_revert(own_database_url: str) -> None:
    database, clock = Database(own_database_url, pool_size=20), TestClock()
    settings = Settings(database_url="postgresql://not.used", private_postgres=None, port=8000, workers=1)
    app = create_app(settings, database=database, clock=clock)
    with database.write() as session:
        place = add_facility(session)
        tokens = [add_device(session, NOON - LONG_KNOWN).token for _ in range(11)]
        session.commit()
    callers = [_caller(app, token, number) for number, token in enumerate(tokens)]
    report_closed(callers[:3], place)
    clock.now += timedelta(hours=1)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda visitor: visitor.rate(place), callers[3:]))
        list(pool.map(lambda reporter: reporter.report(place, "closed"), callers[:3]))
    with database.read() as session:
        assert session.execute(text("SELECT action FROM decision ORDER BY id")).scalars().all()[:2] == [
            *("report_closed", "revert")
        ]
        assert session.execute(text("SELECT count(*) FROM decision WHERE action = 'revert'")).scalar_one() == 1
        assert audit.verify(session).fault is None
    database.close()


def _caller(app: Flask, token: str, number: int) -> Caller:
    return Caller(app.test_client(), token, f"10.9.{number}.9")


def test_visitors_do_not_reopen_a_place_closed_without_a_decision(session: Session, phones: Phones) -> None:
    place = add_facility(session, status="reported_closed")
    for _ in range(3):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"
