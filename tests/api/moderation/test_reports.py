"""What reports do by themselves, and what they do not."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from geo import maintenance
from geo.crowd import closures
from tests.api.moderation.callers import Caller, Phones, StaffOf, phone, scalar
from tests.conftest import TestClock
from tests.factories import add_facility

NEARBY = "/v1/facilities?lat=60.1699&lon=24.9384"


def status(reader: Caller, place: int) -> tuple[str, str | None]:
    properties = reader("GET", f"/v1/facilities/{place}").get_json()["properties"]
    return properties["status"], properties["status_note"]


def comment_of(reader: Caller, place: int) -> str | None:
    (rating,) = reader("GET", f"/v1/facilities/{place}/ratings").get_json()["ratings"]
    return rating["comment"]  # type: ignore[no-any-return]


def test_a_device_has_one_open_report_per_target_and_reason(place: int, regulars: Phones) -> None:
    reporter = regulars()
    first, again = (reporter.report(place, "wrong") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert reporter.report(place, "moved").status_code == 201


def test_three_networks_close_a_place_until_it_expires(
    session: Session, place: int, regulars: Phones, clock: TestClock, moderator: Caller
) -> None:
    for _ in range(2):
        regulars().report(place, "closed")
    assert status(regulars(), place) == ("active", None)
    regulars().report(place, "closed")
    closed, note = status(regulars(), place)
    assert closed == "reported_closed"
    assert note is not None
    (feature,) = regulars()("GET", NEARBY).get_json()["features"]
    assert feature["properties"]["status"] == "reported_closed"
    (decision,) = moderator("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert (decision["action"], decision["staff_id"]) == ("report_closed", None)

    clock.now += closures.REPORTED_CLOSED_LIFETIME
    (due,) = maintenance.closures_to_end(session, clock())
    maintenance.end_closure(session, due, clock())
    assert status(regulars(), place) == ("active", None)
    assert moderator.queue() == []


def test_three_devices_of_one_network_do_not_close_a_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int
) -> None:
    for host in range(9):
        phone(client, session, clock, f"192.0.2.{host}").report(place, "closed")
    for host in range(9):
        phone(client, session, clock, f"2001:db8:1:{host}::1").report(place, "closed")
    assert status(phone(client, session, clock), place) == ("active", None)


def test_reports_before_the_latest_rating_do_not_count(place: int, regulars: Phones, clock: TestClock) -> None:
    for _ in range(2):
        regulars().report(place, "closed")
    clock.advance(hours=1)
    regulars().rate(place)
    clock.advance(hours=1)
    for _ in range(2):
        regulars().report(place, "closed")
    assert status(regulars(), place) == ("active", None)
    regulars().report(place, "closed")
    assert status(regulars(), place)[0] == "reported_closed"


def test_a_rating_by_a_reporter_does_not_cancel_the_reports(place: int, regulars: Phones, clock: TestClock) -> None:
    for _ in range(3):
        reporter = regulars()
        reporter.report(place, "closed")
        clock.advance(minutes=1)
        reporter.rate(place, 1)
    assert status(regulars(), place)[0] == "reported_closed"


@pytest.mark.parametrize(("action", "becomes"), [("dismiss_reports", "active"), ("close_facility", "closed")])
def test_a_moderator_decides_on_a_reported_closure(
    place: int, regulars: Phones, moderator: Caller, action: str, becomes: str
) -> None:
    for _ in range(3):
        regulars().report(place, "closed")
    (item,) = moderator.queue(kind="facility")
    assert moderator.decide(item, action, "verified").status_code == 201
    assert status(regulars(), place)[0] == becomes
    assert moderator.queue() == []


def test_three_networks_hide_a_comment_and_open_a_queue_item_and_a_decision(
    place: int, regulars: Phones, moderator: Caller
) -> None:
    author = regulars()
    rating = author.rate(place, 2, "Rude words")
    for _ in range(2):
        regulars().report(place, "offensive", rating["id"])
    assert comment_of(regulars(), place) == "Rude words"
    regulars().report(place, "spam", rating["id"])
    assert comment_of(regulars(), place) is None
    (item,) = moderator.queue(kind="comment")
    assert item["details"]["auto_hidden"] is True
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert (decision["action"], decision["automated"], decision["restricts"]) == ("hide_comment", True, True)


def test_no_number_of_unknown_devices_hides_a_comment(
    client: FlaskClient, session: Session, clock: TestClock, place: int, regulars: Phones
) -> None:
    rating = regulars().rate(place, 2, "Rude words")
    for _ in range(12):
        phone(client, session, clock).report(place, "offensive", rating["id"])
        assert comment_of(regulars(), place) == "Rude words"
    for _ in range(2):
        regulars().report(place, "offensive", rating["id"])
    assert comment_of(regulars(), place) is None


def test_reports_do_not_hide_an_approved_text_until_it_changes(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    author = regulars()
    rating = author.rate(place, 2, "Frank words")
    for _ in range(3):
        regulars().report(place, "offensive", rating["id"])
    assert moderator.decide(moderator.queue()[0], "approve_comment", "no_fault").status_code == 201
    for _ in range(4):
        assert regulars().report(place, "offensive", rating["id"]).status_code == 201
    assert comment_of(regulars(), place) == "Frank words"
    assert len(moderator.queue(kind="comment")) == 1  # but staff see them
    clock.advance(hours=1)
    author.rate(place, 2, "Other words")
    assert moderator.queue() == []  # nothing is pending about a text that is gone
    for _ in range(3):
        regulars().report(place, "offensive", rating["id"])
    assert comment_of(regulars(), place) is None


def test_a_hidden_text_submitted_again_stays_hidden(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    author = regulars()
    rating = author.rate(place, 2, "Rude words")
    regulars().report(place, "offensive", rating["id"])
    moderator.decide(moderator.queue()[0], "hide_comment", "offensive")
    for comment in ("Rude words", "Fine words", "Rude words"):
        clock.advance(hours=1)
        state = author.rate(place, 3, comment)["comment_state"]
        assert state == ("visible" if comment == "Fine words" else "hidden")
    author("DELETE", f"/v1/facilities/{place}/rating")
    assert author.rate(place, 3, "Rude words")["comment_state"] == "hidden"


@pytest.mark.parametrize(
    "text",
    [
        "Call 040 123 4567 for the key",
        "Key: +358 40 1234567",
        "０４０１２３４５６７",  # noqa: RUF001 - fullwidth digits, on purpose
        "write to anna@example.org",
        "anna (at) example (dot) org has the key",
        "see https://example.org/x",
        "more on example.com",
        "www.example.org",
    ],
)
def test_a_text_with_contact_details_is_accepted_pending_review(
    place: int, regulars: Phones, moderator: Caller, text: str
) -> None:
    author = regulars()
    assert author.rate(place, 4, text)["comment_state"] == "held"
    assert comment_of(regulars(), place) is None
    own = author("GET", f"/v1/facilities/{place}/rating").get_json()
    assert own["comment"] == text
    (item,) = moderator.queue(kind="comment")
    assert item["details"]["contact_details"]
    assert moderator.decide(item, "approve_comment", "no_fault").status_code == 201
    assert comment_of(regulars(), place) == text


@pytest.mark.parametrize(
    "text",
    ["Shit. Clean, 5/5, open 8-20.", "Costs 1.50 e.g. at the counter", "Visited 2026-11-20 12:30", "Room 12, floor 3"],
)
def test_plain_text_is_visible_without_review(place: int, regulars: Phones, text: str) -> None:
    assert regulars().rate(place, 4, text)["comment_state"] == "visible"


def test_a_comment_is_reported_at_its_own_place(session: Session, place: int, regulars: Phones) -> None:
    rating, elsewhere = regulars().rate(place, 1, "Bad"), add_facility(session)
    for wrong in (elsewhere, 999_999_999):
        assert regulars().report(wrong, "spam", rating["id"]).status_code == 404
    assert scalar(session, "SELECT count(*) FROM report") == 0
    assert regulars().report(place, "spam", rating["id"]).status_code == 201


def test_hidden_text_cannot_be_reported(place: int, regulars: Phones) -> None:
    rating = regulars().rate(place, 4, "me@example.org")
    assert regulars().report(place, "spam", rating["id"]).status_code == 404
    assert regulars().report(place, "spam", 10**9).status_code == 404
    assert regulars().report(10**9, "closed").status_code == 404
    assert regulars().report(place, "closed", rating["id"]).status_code == 422  # no reason for a text


def test_the_network_is_stored_as_a_keyed_hash_for_a_week(
    session: Session, place: int, regulars: Phones, clock: TestClock
) -> None:
    regulars().rate(place)
    regulars().report(place, "wrong")
    hashes = "SELECT count(network) FROM (SELECT network FROM rating UNION ALL SELECT network FROM report) AS n"
    assert scalar(session, hashes) == 2
    clock.advance(days=7, seconds=-1)
    purged = maintenance.purge(session, clock())
    assert purged is not None
    assert purged.networks == 0
    clock.advance(seconds=1)
    purged = maintenance.purge(session, clock())
    assert purged is not None
    assert purged.networks == 2
    assert scalar(session, hashes) == 0


def test_hiding_a_facility_needs_a_senior_and_hides_it_everywhere(
    place: int, regulars: Phones, moderator: Caller, staff_of: StaffOf
) -> None:
    regulars().report(place, "unsafe")
    (item,) = moderator.queue()
    assert moderator.decide(item, "hide_facility", "unsafe").status_code == 403
    senior = staff_of("senior")
    assert senior.decide(item, "hide_facility", "unsafe").status_code == 201
    reader = regulars()
    assert reader("GET", f"/v1/facilities/{place}").status_code == 404
    assert reader("GET", f"/v1/facilities/{place}/ratings").status_code == 404
    assert reader("GET", NEARBY).get_json()["features"] == []
    assert moderator("GET", f"/admin/v1/facilities/{place}").get_json()["facility"]["status"] == "hidden"
    (decision,) = moderator("GET", "/admin/v1/decisions").get_json()["decisions"]
    revert = senior("POST", f"/admin/v1/decisions/{decision['id']}/revert", {"reason": "mistake"})
    assert revert.status_code == 201
    assert status(reader, place)[0] == "active"
