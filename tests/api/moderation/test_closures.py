"""Reports of a closed place: which count, how long a dismissal lasts, and how a closure ends."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from geo import maintenance
from geo.casework import audit
from geo.crowd import agreement, closures
from tests.api.moderation.callers import Caller, Phones, StaffOf
from tests.api.moderation.closing import closed, dismiss, newcomers, outcomes, report_closed, strangers
from tests.api.moderation.test_reports import status
from tests.conftest import TestClock
from tests.factories import add_facility


@pytest.mark.parametrize("of_first_day", [False, True])
def test_no_number_of_unknown_devices_closes_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones, of_first_day: bool
) -> None:
    unknown = newcomers if of_first_day else strangers
    for reporter in unknown(client, session, clock, 12):
        report_closed([reporter], place)
        assert status(regulars(), place)[0] == "active"


def test_known_devices_close_a_place_however_many_unknown_ones_report_it(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones
) -> None:
    report_closed(strangers(client, session, clock, 12), place)
    report_closed([regulars()], place)
    assert status(regulars(), place)[0] == "active"
    report_closed([regulars()], place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_reports_from_two_networks_do_not_close_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones
) -> None:
    report_closed([regulars(), regulars()], place)
    assert status(regulars(), place)[0] == "active"
    report_closed(newcomers(client, session, clock, 1), place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_reports_of_dismissed_reporters_are_listed_but_not_counted_for_thirty_days(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, regulars, clock)
    dismiss(moderator)
    for _ in range(3):
        clock.advance(days=1)
        report_closed(reporters, place)
        assert status(regulars(), place)[0] == "active"
        (item,) = moderator.queue(kind="facility")
        assert item["details"]["reports"] == {"closed": 3}
        dismiss(moderator)
    clock.now += agreement.DISMISSED_FOR
    report_closed(reporters, place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_other_reporters_count_after_a_dismissal(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, regulars, clock)
    dismiss(moderator)
    clock.advance(days=1)
    report_closed([*reporters, regulars(), regulars()], place)
    assert status(regulars(), place)[0] == "active"
    report_closed([regulars()], place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_a_dismissal_applies_to_one_place_and_one_reason(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    elsewhere = add_facility(session, 24.9, 60.1)
    reporters = [regulars() for _ in range(3)]
    for reporter in reporters:
        reporter.report(place, "wrong")
        reporter.report(elsewhere, "closed")
    for item in moderator.queue(kind="facility"):
        assert moderator.decide(item, "dismiss_reports", "verified").status_code == 201
    clock.advance(days=1)
    report_closed(reporters, place)
    assert status(regulars(), place)[0] == "reported_closed"


def test_a_senior_reverts_a_closure(place: int, regulars: Phones, clock: TestClock, staff_of: StaffOf) -> None:
    reporters = closed(place, regulars, clock)
    senior = staff_of("senior")
    (decision,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    path = f"/admin/v1/decisions/{decision['id']}/revert"
    assert senior("POST", path, {"reason": "mistake"}).status_code == 201
    assert status(regulars(), place) == ("active", None)
    assert senior.queue() == []
    report_closed([*reporters, regulars()], place)  # their reports were dismissed with it
    assert status(regulars(), place) == ("active", None)
    for _ in range(3):
        regulars().rate(place)
    assert senior("POST", path, {"reason": "mistake"}).status_code == 409


def test_reverting_an_ended_closure_is_refused_and_keeps_the_current_one(
    place: int, regulars: Phones, clock: TestClock, moderator: Caller, staff_of: StaffOf
) -> None:
    senior = staff_of("senior")
    closed(place, regulars, clock)
    dismiss(moderator)
    closed(place, regulars, clock)
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
    assert status(regulars(), place)[0] == "reported_closed"
    assert senior("POST", present, {"reason": "mistake"}).status_code == 201
    assert status(regulars(), place) == ("active", None)


def test_a_closure_ends_when_its_last_reporter_is_erased(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    reporters = closed(place, regulars, clock)
    for reporter in reporters[:2]:
        assert reporter("DELETE", "/v1/me").status_code == 204
    assert status(regulars(), place)[0] == "reported_closed"
    assert len(moderator.queue(kind="facility")) == 1
    for _ in range(2):
        regulars().rate(place)
    assert status(regulars(), place)[0] == "reported_closed"  # it weighs what it weighed when it was closed
    assert reporters[2]("DELETE", "/v1/me").status_code == 204
    assert status(regulars(), place) == ("active", None)
    assert moderator.queue() == []
    assert audit.verify(session).fault is None


def test_a_queue_item_closes_when_its_last_reporter_is_erased(place: int, regulars: Phones, moderator: Caller) -> None:
    one, other = regulars(), regulars()
    one.report(place, "wrong")
    other.report(place, "unsafe")
    one("DELETE", "/v1/me")
    assert len(moderator.queue()) == 1
    other("DELETE", "/v1/me")
    assert moderator.queue() == []


def test_a_closure_without_a_decision_expires(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    closed(place, regulars, clock)
    regulars().rate(place)
    clock.now += closures.REPORTED_CLOSED_LIFETIME
    (due,) = maintenance.closures_to_end(session, clock())
    for _ in range(2):
        maintenance.end_closure(session, due, clock())
    assert status(regulars(), place) == ("active", None)
    assert outcomes(session) == {"expired": 3}
    assert moderator.queue() == []
