"""Reported closed: who counts, for how long a dismissal holds, and how later visitors bring the place back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo import maintenance
from geo.casework import audit
from geo.crowd import agreement, closures
from geo.database import Database
from tests.api.moderation.callers import LONG_KNOWN, Caller, Phones, StaffOf, phone, scalar
from tests.api.moderation.test_reports import status
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility, contents

Newcomers = list[Caller]


def newcomers(client: FlaskClient, session: Session, clock: TestClock, count: int) -> Newcomers:
    """Devices in their first day, each in a network of its own."""
    devices = [phone(client, session, clock) for _ in range(count)]
    session.execute(text("UPDATE device SET created_at = :now WHERE id = ANY(:ids)"), _ids(clock, devices))
    return devices


def _ids(clock: TestClock, devices: Newcomers) -> dict[str, Any]:
    return {"now": clock(), "ids": [device.row_id for device in devices]}


def report_closed(reporters: list[Caller], place: int) -> None:
    for reporter in reporters:
        assert reporter.report(place, "closed").status_code == 201


def closed(place: int, phones: Phones, clock: TestClock) -> list[Caller]:
    """Three who have closed a place an hour ago."""
    reporters = [phones() for _ in range(3)]
    report_closed(reporters, place)
    clock.advance(hours=1)
    assert status(phones(), place)[0] == "reported_closed"
    return reporters


def dismiss(moderator: Caller) -> None:
    (item,) = moderator.queue(kind="facility")
    assert moderator.decide(item, "dismiss_reports", "verified").status_code == 201


def made(member: Caller) -> list[tuple[str, int | None, str]]:
    rows = member("GET", "/admin/v1/decisions").get_json()["decisions"]
    return [(row["action"], row["staff_id"], row["reason"]) for row in rows]


def outcomes(session: Session) -> dict[str | None, int]:
    rows = session.execute(text("SELECT outcome, count(*) FROM report GROUP BY outcome"))
    return {row[0]: row[1] for row in rows}


def test_three_new_devices_close_nothing_and_seven_do(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    devices = newcomers(client, session, clock, 7)
    report_closed(devices[:6], place)
    assert status(phones(), place)[0] == "active"
    report_closed(devices[6:], place)
    assert status(phones(), place)[0] == "reported_closed"


def test_two_networks_close_nothing_whatever_they_weigh(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    report_closed([phones(), phones()], place)
    assert status(phones(), place)[0] == "active"
    report_closed(newcomers(client, session, clock, 1), place)
    assert status(phones(), place)[0] == "reported_closed"


def test_whoever_was_dismissed_is_listed_but_not_counted_for_thirty_days(
    place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, phones, clock)
    dismiss(moderator)
    for _ in range(3):
        clock.advance(days=1)
        report_closed(reporters, place)
        assert status(phones(), place)[0] == "active"
        (item,) = moderator.queue(kind="facility")
        assert item["details"]["reports"] == {"closed": 3}
        dismiss(moderator)
    clock.now += agreement.DISMISSED_FOR
    report_closed(reporters, place)
    assert status(phones(), place)[0] == "reported_closed"


def test_others_count_beside_whoever_was_dismissed(
    place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, phones, clock)
    dismiss(moderator)
    clock.advance(days=1)
    report_closed([*reporters, phones(), phones()], place)
    assert status(phones(), place)[0] == "active"
    report_closed([phones()], place)
    assert status(phones(), place)[0] == "reported_closed"


def test_a_dismissal_is_of_one_place_and_one_reason(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    elsewhere = add_facility(session, 24.9, 60.1)
    reporters = [phones() for _ in range(3)]
    for reporter in reporters:
        reporter.report(place, "wrong")
        reporter.report(elsewhere, "closed")
    for item in moderator.queue(kind="facility"):
        assert moderator.decide(item, "dismiss_reports", "verified").status_code == 201
    clock.advance(days=1)
    report_closed(reporters, place)
    assert status(phones(), place)[0] == "reported_closed"


def test_later_visitors_of_the_same_weight_bring_the_place_back(
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


def test_visitors_who_do_not_say_that_they_are_there_weigh_half(place: int, phones: Phones, clock: TestClock) -> None:
    closed(place, phones, clock)
    for _ in range(5):
        phones().rate(place, 4, presence="farther")
        assert status(phones(), place)[0] == "reported_closed"
    phones().rate(place, 4, presence="farther")
    assert status(phones(), place)[0] == "active"


def test_new_devices_of_visitors_weigh_as_little_as_those_of_reporters(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    closed(place, phones, clock)
    visitors = newcomers(client, session, clock, 10)
    for visitor in visitors[:9]:
        visitor.rate(place)
    assert status(phones(), place)[0] == "reported_closed"
    visitors[9].rate(place)
    assert status(phones(), place)[0] == "active"


def test_as_many_new_visitors_as_new_reporters_bring_a_place_back(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    report_closed(newcomers(client, session, clock, 7), place)
    clock.advance(hours=1)
    for visitor in newcomers(client, session, clock, 7):
        assert status(phones(), place)[0] == "reported_closed"
        visitor.rate(place)
    assert status(phones(), place)[0] == "active"


def test_three_visitors_of_one_network_bring_nothing_back(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    closed(place, phones, clock)
    for host in range(9):
        phone(client, session, clock, f"192.0.2.{host}").rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_reporters_and_earlier_visitors_bring_nothing_back(place: int, phones: Phones, clock: TestClock) -> None:
    for _ in range(3):
        phones().rate(place)
    clock.advance(hours=1)
    for reporter in closed(place, phones, clock):
        reporter.rate(place, 1)
    for _ in range(2):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_excluded_ratings_bring_nothing_back(place: int, phones: Phones, clock: TestClock, staff_of: StaffOf) -> None:
    closed(place, phones, clock)
    for _ in range(2):
        phones().rate(place)
    window = {"from": "2026-11-20T12:30:00Z", "until": "2026-11-20T13:30:00Z"}
    body = {"target": "facility", "target_id": place, "action": "exclude_ratings", "reason": "one_sided_burst"}
    assert staff_of("senior")("POST", "/admin/v1/decisions", body | window).status_code == 201
    clock.advance(hours=1)
    phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"


def test_visitors_must_outweigh_those_who_confirm_that_it_is_closed(
    place: int, phones: Phones, clock: TestClock
) -> None:
    closed(place, phones, clock)
    report_closed([phones(), phones()], place)
    for _ in range(4):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"
    phones().rate(place)
    assert status(phones(), place)[0] == "active"


def test_weeks_apart_visitors_bring_a_place_back(
    session: Session, place: int, phones: Phones, clock: TestClock
) -> None:
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


def test_a_place_that_was_brought_back_may_be_reported_again(place: int, phones: Phones, clock: TestClock) -> None:
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


def test_a_senior_reverts_a_closure(place: int, phones: Phones, clock: TestClock, staff_of: StaffOf) -> None:
    reporters = closed(place, phones, clock)
    senior = staff_of("senior")
    (decision,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    path = f"/admin/v1/decisions/{decision['id']}/revert"
    assert senior("POST", path, {"reason": "mistake"}).status_code == 201
    assert status(phones(), place) == ("active", None)
    assert senior.queue() == []
    report_closed([*reporters, phones()], place)  # their reports were dismissed with it
    assert status(phones(), place) == ("active", None)
    for _ in range(3):
        phones().rate(place)
    assert senior("POST", path, {"reason": "mistake"}).status_code == 409


def test_the_revert_of_a_closure_that_has_ended_leaves_the_present_one(
    place: int, phones: Phones, clock: TestClock, moderator: Caller, staff_of: StaffOf
) -> None:
    senior = staff_of("senior")
    closed(place, phones, clock)
    dismiss(moderator)
    closed(place, phones, clock)
    earlier, present = (
        f"/admin/v1/decisions/{decision['id']}/revert"
        for decision in sorted(
            senior("GET", "/admin/v1/decisions").get_json()["decisions"], key=lambda decision: decision["decided_at"]
        )
        if decision["action"] == "report_closed"
    )
    refused = senior("POST", earlier, {"reason": "mistake"})
    assert refused.status_code == 409
    assert "reported closed again" in refused.get_json(force=True)["detail"]
    assert status(phones(), place)[0] == "reported_closed"
    assert senior("POST", present, {"reason": "mistake"}).status_code == 201
    assert status(phones(), place) == ("active", None)


def test_a_closure_outlasts_the_erasure_of_some_who_reported_it_and_ends_with_the_last(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, phones, clock)
    for reporter in reporters[:2]:
        assert reporter("DELETE", "/v1/me").status_code == 204
    assert status(phones(), place)[0] == "reported_closed"
    assert len(moderator.queue(kind="facility")) == 1
    for _ in range(2):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"  # it weighs what it weighed when it was closed
    assert reporters[2]("DELETE", "/v1/me").status_code == 204
    assert status(phones(), place) == ("active", None)
    assert moderator.queue() == []
    assert audit.verify(session).fault is None


def test_an_erased_reporter_of_something_else_leaves_no_queue_item_behind(
    place: int, phones: Phones, moderator: Caller
) -> None:
    one, other = phones(), phones()
    one.report(place, "wrong")
    other.report(place, "unsafe")
    one("DELETE", "/v1/me")
    assert len(moderator.queue()) == 1
    other("DELETE", "/v1/me")
    assert moderator.queue() == []


def test_a_closure_that_nobody_answers_expires(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, phones, clock)
    phones().rate(place)
    clock.now += closures.REPORTED_CLOSED_LIFETIME
    (due,) = maintenance.closures_to_end(session, clock())
    for _ in range(2):
        maintenance.end_closure(session, due, clock())
    assert status(phones(), place) == ("active", None)
    assert outcomes(session) == {"expired": 3}
    assert moderator.queue() == []


def test_visitors_and_reporters_at_once_leave_one_revert(own_database_url: str) -> None:
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


def test_a_place_that_no_decision_closed_is_left_to_maintenance(session: Session, phones: Phones) -> None:
    place = add_facility(session, status="reported_closed")
    for _ in range(3):
        phones().rate(place)
    assert status(phones(), place)[0] == "reported_closed"
