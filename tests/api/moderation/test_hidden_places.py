"""A hidden place stays hidden until a senior reverts its hiding; then it has the status that fits by then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from geo import maintenance
from geo.casework import audit
from tests.api.moderation.callers import Caller, Phones, StaffOf
from tests.api.moderation.test_proposals import NEW, propose
from tests.conftest import TestClock
from tests.factories import facility_row
from tests.geo.imports.city import id_of, record, write


@dataclass
class Town:
    """Who does what to places."""

    session: Session
    regulars: Phones
    senior: Caller
    moderator: Caller
    clock: TestClock

    def act(self, member: Caller, place: int, action: str, **more: Any) -> TestResponse:
        body = {"target": "facility", "target_id": place, "action": action, "reason": "unsafe", **more}
        return member("POST", "/admin/v1/decisions", body)

    def made(self, place: int, action: str) -> int:
        response = self.act(self.senior, place, action)
        assert response.status_code == 201, response.text
        return int(response.get_json()["decision_id"])

    def revert(self, decision_id: int) -> TestResponse:
        return self.senior("POST", f"/admin/v1/decisions/{decision_id}/revert", {"reason": "mistake"})

    def reverted(self, decision_id: int) -> None:
        response = self.revert(decision_id)
        assert response.status_code == 201, response.text

    def report_closed(self, place: int) -> int:
        for _ in range(3):
            assert self.regulars().report(place, "closed").status_code == 201
        return self.last("report_closed")

    def accepted(self, author: Caller, body: dict[str, Any]) -> int:
        """Accept a proposal of the author's. The decision's id."""
        propose(author, body)
        (item,) = self.moderator.queue(kind="proposal")
        assert self.moderator.decide(item, "accept_proposal", "verified").status_code == 201
        return self.last("accept_proposal")

    def last(self, action: str) -> int:
        statement = text("SELECT max(id) FROM decision WHERE action = :action")
        return int(self.session.execute(statement, {"action": action}).scalar_one())

    def status(self, place: int) -> str:
        """As the table has it; what visitors see must agree."""
        stored = str(facility_row(self.session, place)["status"])
        seen = self.regulars()("GET", f"/v1/facilities/{place}")
        assert seen.status_code == (404 if stored == "hidden" else 200)
        return stored


@pytest.fixture
def town(session: Session, regulars: Phones, staff_of: StaffOf, clock: TestClock) -> Town:
    return Town(session, regulars, staff_of("senior"), staff_of("moderator"), clock)


@pytest.mark.parametrize("action", ["close_facility", "dismiss_reports"])
@pytest.mark.parametrize("who", ["moderator", "senior"])
def test_an_action_that_does_not_apply_to_a_hidden_place_is_refused(
    town: Town, place: int, action: str, who: str
) -> None:
    hiding = town.made(place, "hide_facility")
    refused = town.act(getattr(town, who), place, action)
    assert refused.status_code == 409
    assert "is hidden" in refused.get_json(force=True)["detail"]
    assert town.status(place) == "hidden"
    town.reverted(hiding)
    assert town.status(place) == "active"
    assert audit.verify(town.session).fault is None


def test_other_actions_on_a_hidden_place_leave_it_hidden(town: Town, place: int) -> None:
    propose(town.regulars(), {"facility_id": place, "attributes": {"name": "Other name"}})
    town.made(place, "hide_facility")
    (item,) = town.moderator.queue(kind="proposal")
    assert town.moderator.decide(item, "accept_proposal", "verified").status_code == 201
    window = {"from": "2026-11-19T00:00:00Z", "until": "2026-11-20T00:00:00Z"}
    assert town.act(town.senior, place, "exclude_ratings", **window).status_code == 201
    assert town.act(town.moderator, place, "dismiss_alarm").status_code == 201
    for action in ("accept_proposal", "exclude_ratings"):
        town.reverted(town.last(action))
    assert town.status(place) == "hidden"


def close(town: Town, place: int) -> int:
    return town.made(place, "close_facility")


def report(town: Town, place: int) -> int:
    return town.report_closed(place)


def change(town: Town, place: int) -> int:
    return town.accepted(town.regulars(), {"facility_id": place, "attributes": {"name": "Other name"}})


Deed = Callable[[Town, int], int]


@pytest.mark.parametrize(("earlier", "becomes"), [(close, "closed"), (report, "reported_closed"), (change, "active")])
def test_a_place_that_is_shown_again_has_its_earlier_status(
    town: Town, place: int, earlier: Deed, becomes: str
) -> None:
    earlier(town, place)
    town.reverted(town.made(place, "hide_facility"))
    assert town.status(place) == becomes


@pytest.mark.parametrize("earlier", [close, report, change])
def test_a_revert_on_a_hidden_place_takes_effect_when_it_is_shown(town: Town, place: int, earlier: Deed) -> None:
    decision_id = earlier(town, place)
    hiding = town.made(place, "hide_facility")
    town.reverted(decision_id)
    assert town.status(place) == "hidden"
    assert town.revert(decision_id).status_code == 409
    town.reverted(hiding)
    assert town.status(place) == "active"


def test_a_hidden_new_place_whose_acceptance_is_reverted_is_closed_when_it_is_shown(town: Town) -> None:
    acceptance = town.accepted(town.regulars(), NEW)
    place = int(town.session.execute(text("SELECT id FROM facility")).scalar_one())
    hiding = town.made(place, "hide_facility")
    town.reverted(acceptance)
    assert town.status(place) == "hidden"
    town.reverted(hiding)
    assert town.status(place) == "closed"


def test_two_hide_decisions_can_be_reverted_in_any_order(town: Town, place: int) -> None:
    for order in (1, -1):
        hidings = [town.made(place, "hide_facility") for _ in range(2)][::order]
        town.reverted(hidings[0])
        assert town.status(place) == "hidden"
        town.reverted(hidings[1])
        assert town.status(place) == "active"


def test_two_close_decisions_can_be_reverted_in_any_order(town: Town, place: int) -> None:
    for order in (1, -1):
        closings = [close(town, place) for _ in range(2)][::order]
        town.reverted(closings[0])
        assert town.status(place) == "closed"
        town.reverted(closings[1])
        assert town.status(place) == "active"


@pytest.mark.parametrize(("after", "becomes"), [(29, "reported_closed"), (30, "active")])
def test_a_hidden_place_that_is_shown_again_stays_reported_closed_until_that_expires(
    town: Town, place: int, after: int, becomes: str
) -> None:
    town.report_closed(place)
    hiding = town.made(place, "hide_facility")
    town.clock.now += timedelta(days=after)
    for due in maintenance.closures_to_end(town.session, town.clock()):
        maintenance.end_closure(town.session, due, town.clock())
    maintenance.end_closure(town.session, place, town.clock())
    assert town.status(place) == "hidden"
    town.reverted(hiding)
    assert town.status(place) == becomes
    town.clock.advance(days=2)
    for due in maintenance.closures_to_end(town.session, town.clock()):
        maintenance.end_closure(town.session, due, town.clock())
    assert town.status(place) == "active"


def test_a_hidden_place_cannot_be_reported_rated_or_changed_by_a_proposal(town: Town, place: int) -> None:
    author = town.regulars()
    rating = author.rate(place, 4, "Words")
    town.clock.advance(hours=1)
    town.report_closed(place)
    town.made(place, "hide_facility")
    visitor = town.regulars()
    assert visitor.report(place, "closed").status_code == 404
    assert visitor.report(place, "spam", rating["id"]).status_code == 404
    assert visitor("PUT", f"/v1/facilities/{place}/rating", {"stars": 5}).status_code == 404
    assert visitor("POST", "/v1/proposals", {"facility_id": place, "note": "Open."}).status_code == 404
    assert town.regulars()("DELETE", "/v1/me").status_code == 204
    assert town.status(place) == "hidden"


def test_a_rating_of_a_hidden_place_can_be_withdrawn_by_its_author_alone(town: Town, place: int) -> None:
    author, visitor = town.regulars(), town.regulars()
    author.rate(place, 4, "Words")
    town.made(place, "hide_facility")
    assert visitor("DELETE", f"/v1/facilities/{place}/rating").status_code == 404
    assert author("DELETE", f"/v1/facilities/{place}/rating").status_code == 204
    assert author("DELETE", f"/v1/facilities/{place}/rating").status_code == 404
    assert town.status(place) == "hidden"
    assert facility_row(town.session, place)["rating_count"] == 0


def test_erasing_the_reporters_of_a_hidden_place_leaves_it_hidden(town: Town, place: int) -> None:
    reporters = [town.regulars() for _ in range(3)]
    for reporter in reporters:
        reporter.report(place, "closed")
    town.made(place, "hide_facility")
    for reporter in reporters:
        assert reporter("DELETE", "/v1/me").status_code == 204
    assert town.status(place) == "hidden"


def test_only_a_senior_grants_an_appeal_against_hiding_a_place(town: Town, staff_of: StaffOf) -> None:
    author = town.regulars()
    town.accepted(author, NEW)
    place = int(town.session.execute(text("SELECT id FROM facility")).scalar_one())
    town.made(place, "hide_facility")
    decision = author("GET", "/v1/me/decisions").get_json()["decisions"][0]
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "Why?"}).status_code == 201
    (appeal,) = town.moderator("GET", "/admin/v1/appeals").get_json()["appeals"]
    path, answer = f"/admin/v1/appeals/{appeal['id']}/decision", {"outcome": "granted", "answer": "Yes.", "version": 1}
    assert town.moderator("POST", path, answer).status_code == 403
    assert town.status(place) == "hidden"
    assert staff_of("senior")("POST", path, answer).status_code == 204
    assert town.status(place) == "active"


@pytest.mark.parametrize("how", ["it says closed", "it lists it no more"])
def test_a_source_update_of_a_hidden_place_applies_when_it_is_shown(town: Town, how: str) -> None:
    write(town.session, record("a"), record("b"))
    place = id_of(town.session)
    hiding = town.made(place, "hide_facility")
    news = [record("b")] if how == "it lists it no more" else [record("a", closed=True), record("b")]
    write(town.session, *news)
    assert town.status(place) == "hidden"
    town.reverted(hiding)
    assert town.status(place) == "closed"
    write(town.session, record("a"), record("b"))
    assert town.status(place) == "active"


def test_a_hidden_place_that_its_source_reopens_is_active_when_it_is_shown(town: Town) -> None:
    write(town.session, record("a", closed=True), record("b"))
    place = id_of(town.session)
    hiding = town.made(place, "hide_facility")
    write(town.session, record("a"), record("b"))
    assert town.status(place) == "hidden"
    town.reverted(hiding)
    assert town.status(place) == "active"


def test_a_source_does_not_reopen_a_place_that_staff_closed(town: Town) -> None:
    write(town.session, record("a", closed=True), record("b"))
    place = id_of(town.session)
    closing = close(town, place)
    write(town.session, record("a"), record("b"))
    assert town.status(place) == "closed"
    town.reverted(closing)
    assert town.status(place) == "active"
    closing = close(town, place)
    write(town.session, record("a", closed=True), record("b"))
    town.reverted(closing)
    assert town.status(place) == "closed"


def test_a_revert_does_not_overwrite_a_later_change(town: Town, place: int) -> None:
    author = town.regulars()
    first, second = (
        town.accepted(author, {"facility_id": place, "attributes": {"name": name, "opening_hours": hours}})
        for name, hours in (("First", "ask at the bar"), ("Second", "24/7"))
    )
    refused = town.revert(first)
    assert refused.status_code == 409
    assert "name, opening_hours" in refused.get_json(force=True)["detail"]
    assert facility_row(town.session, place)["name"] == "Second"
    town.reverted(second)
    row = facility_row(town.session, place)
    assert (row["name"], row["opening_hours_note"]) == ("First", "ask at the bar")
    town.reverted(first)
    assert facility_row(town.session, place)["name"] == "Asema-aukio"
