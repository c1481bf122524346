"""Reports that close a place, and what became of them."""

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones, phone
from tests.api.moderation.test_reports import status
from tests.conftest import TestClock
from tests.factories import add_record

Newcomers = list[Caller]


def newcomers(client: FlaskClient, session: Session, clock: TestClock, count: int) -> Newcomers:
    """Devices with a record, in their first day, each in a network of its own."""
    devices = strangers(client, session, clock, count)
    ids = [device.row_id for device in devices]
    session.execute(text("UPDATE device SET created_at = :now WHERE id = ANY(:ids)"), {"now": clock(), "ids": ids})
    add_record(session, *ids)
    return devices


def strangers(client: FlaskClient, session: Session, clock: TestClock, count: int) -> list[Caller]:
    """Devices that have rated nothing, each in a network of its own."""
    return [phone(client, session, clock) for _ in range(count)]


def report_closed(reporters: list[Caller], place: int) -> None:
    for reporter in reporters:
        assert reporter.report(place, "closed").status_code == 201


def closed(place: int, regulars: Phones, clock: TestClock) -> list[Caller]:
    """Three who have closed a place an hour ago."""
    reporters = [regulars() for _ in range(3)]
    report_closed(reporters, place)
    clock.advance(hours=1)
    assert status(regulars(), place)[0] == "reported_closed"
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
