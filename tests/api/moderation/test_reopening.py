"""Later visitors bring back a place that was reported closed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
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
from tests.api.moderation.closing import closed, made, newcomers, outcomes, report_closed, strangers
from tests.api.moderation.test_reports import status
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility, add_record, contents


def test_later_visitors_of_equal_weight_reopen_the_place(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, regulars, clock)
    for stars in (5, 4):
        regulars().rate(place, stars)
        assert status(regulars(), place)[0] == "reported_closed"
    regulars().rate(place, 4)
    assert status(regulars(), place) == ("active", None)
    assert scalar(session, "SELECT reported_closed_until FROM facility") is None
    assert made(moderator) == [("revert", None, "visited"), ("report_closed", None, "closed")]
    assert outcomes(session) == {"moot": 3}
    assert moderator.queue() == []
    assert audit.verify(session).fault is None
    before = contents(session)
    regulars().rate(place, 4)
    assert {name for name, rows in contents(session).items() if rows != before[name]} <= {
        *("device", "past_rating", "rating", "facility")
    }


def test_visitors_count_like_reporters_wherever_their_phones_are(
    place: int, regulars: Phones, clock: TestClock
) -> None:
    closed(place, regulars, clock)
    for _ in range(2):
        regulars().rate(place, 4, presence="farther")
        assert status(regulars(), place)[0] == "reported_closed"
    regulars().rate(place, 4, presence="farther")
    assert status(regulars(), place)[0] == "active"


@pytest.mark.parametrize("of_first_day", [False, True])
def test_no_number_of_unknown_visitors_reopens_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones, of_first_day: bool
) -> None:
    closed(place, regulars, clock)
    unknown = newcomers if of_first_day else strangers
    for visitor in unknown(client, session, clock, 12):
        visitor.rate(place)
        assert status(regulars(), place)[0] == "reported_closed"


def test_visitors_of_one_network_do_not_reopen_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones
) -> None:
    closed(place, regulars, clock)
    for host in range(9):
        phone(client, session, clock, f"192.0.2.{host}").rate(place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_reporters_and_earlier_visitors_do_not_reopen_a_place(place: int, regulars: Phones, clock: TestClock) -> None:
    for _ in range(3):
        regulars().rate(place)
    clock.advance(hours=1)
    for reporter in closed(place, regulars, clock):
        reporter.rate(place, 1)
    for _ in range(2):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_excluded_ratings_do_not_reopen_a_place(
    place: int, regulars: Phones, clock: TestClock, staff_of: StaffOf
) -> None:
    closed(place, regulars, clock)
    for _ in range(2):
        regulars().rate(place)
    window = {"from": "2026-11-20T12:30:00Z", "until": "2026-11-20T13:30:00Z"}
    body = {"target": "facility", "target_id": place, "action": "exclude_ratings", "reason": "one_sided_burst"}
    assert staff_of("senior")("POST", "/admin/v1/decisions", body | window).status_code == 201
    clock.advance(hours=1)
    regulars().rate(place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_visitors_must_outweigh_later_reports_of_closure(
    client: FlaskClient, session: Session, place: int, regulars: Phones, clock: TestClock
) -> None:
    report_closed([*strangers(client, session, clock, 1), regulars(), regulars()], place)  # 2.3
    clock.advance(hours=1)
    report_closed([regulars()], place)  # 3
    for _ in range(2):
        regulars().rate(place)
    report_closed(strangers(client, session, clock, 1), place)
    strangers(client, session, clock, 1)[0].rate(place)  # 2.3
    assert status(regulars(), place)[0] == "reported_closed"
    regulars().rate(place)
    assert status(regulars(), place)[0] == "active"


def test_any_number_of_reports_weighs_as_much_as_any_number_of_visitors(
    place: int, regulars: Phones, clock: TestClock
) -> None:
    closed(place, regulars, clock)
    report_closed([regulars() for _ in range(4)], place)
    for _ in range(2):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "reported_closed"
    regulars().rate(place)
    assert status(regulars(), place)[0] == "active"


def test_visitors_days_apart_reopen_a_place(session: Session, place: int, regulars: Phones, clock: TestClock) -> None:
    closed(place, regulars, clock)
    for _ in range(3):
        clock.advance(days=6)
        regulars().rate(place)
    assert status(regulars(), place)[0] == "active"
    # The networks of older ratings are erased: they count as one.
    other = add_facility(session, 24.9, 60.1)
    closed(other, regulars, clock)
    for _ in range(3):
        maintenance.purge(session, clock())
        regulars().rate(other)
        clock.advance(days=7)
    assert status(regulars(), other)[0] == "reported_closed"


def test_another_open_report_keeps_the_queue_item(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, regulars, clock)
    regulars().report(place, "unsafe")
    for _ in range(3):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "active"
    assert outcomes(session) == {"moot": 3, None: 1}
    assert len(moderator.queue(kind="facility")) == 1


def test_a_reopened_place_can_be_reported_again(place: int, regulars: Phones, clock: TestClock) -> None:
    reporters = closed(place, regulars, clock)
    for _ in range(3):
        regulars().rate(place)
    clock.advance(hours=1)
    report_closed(reporters, place)
    assert status(regulars(), place)[0] == "reported_closed"
    clock.advance(hours=1)
    for _ in range(3):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "active"


def test_a_repeated_request_changes_nothing(session: Session, place: int, regulars: Phones, clock: TestClock) -> None:
    reporters = closed(place, regulars, clock)
    visitors = [regulars() for _ in range(3)]
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
        devices = [add_device(session, NOON - LONG_KNOWN) for _ in range(11)]
        add_record(session, *(device.device_id for device in devices))
        session.commit()
    callers = [_caller(app, token, number) for number, token in enumerate(device.token for device in devices)]
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


def test_visitors_do_not_reopen_a_place_closed_without_a_decision(session: Session, regulars: Phones) -> None:
    place = add_facility(session, status="reported_closed")
    for _ in range(3):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "reported_closed"
