"""Reports that close a place, and what became of them."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones, phone
from tests.api.moderation.test_reports import status
from tests.conftest import TestClock

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
