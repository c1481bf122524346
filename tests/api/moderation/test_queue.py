"""The queue and its decisions: one wins, nobody judges their own, everything can be taken back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api import create_app
from api.config import Settings
from geo.casework import audit, staff
from geo.database import Database
from tests.api.moderation.callers import Caller, Phones, StaffOf, member
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility


def test_the_queue_is_filtered_by_kind_state_age_and_score_and_paged(
    session: Session, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    places = [add_facility(session, 24.9, 60.1) for _ in range(5)]
    for reports, place in enumerate(places, start=1):
        for _ in range(reports):
            regulars().report(place, "wrong")
    clock.advance(hours=1)
    rating = regulars().rate(places[0], 2, "Bad")
    regulars().report(places[0], "spam", rating["id"])
    assert [item["score"] for item in moderator.queue()] == [5, 4, 3, 2, 1, 1]
    assert [item["kind"] for item in moderator.queue(kind="comment")] == ["comment"]
    assert len(moderator.queue(opened_before="2026-11-20T12:30:00Z")) == 5
    assert len(moderator.queue(min_score="2.5")) == 3
    moderator.decide(moderator.queue()[0], "dismiss_reports", "no_fault")
    assert [item["score"] for item in moderator.queue(state="decided")] == [5]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = moderator("GET", "/admin/v1/queue", query_string=query).get_json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [item["id"] for item in moderator.queue()]


def test_a_claim_excludes_other_moderators_for_fifteen_minutes(
    place: int, regulars: Phones, staff_of: StaffOf, clock: TestClock
) -> None:
    regulars().report(place, "wrong")
    one, other = staff_of("moderator"), staff_of("moderator")
    (item,) = one.queue()
    path = f"/admin/v1/queue/{item['id']}/claim"
    assert one("POST", path).status_code == 200
    assert other("POST", path).status_code == 409
    assert other.decide(item, "dismiss_reports", "no_fault").status_code == 409
    clock.advance(minutes=15)
    assert other("POST", path).status_code == 200
    assert one.decide(item, "dismiss_reports", "no_fault").status_code == 409
    assert other.decide(item, "dismiss_reports", "no_fault").status_code == 201


def test_a_decision_on_an_outdated_version_is_a_412(place: int, regulars: Phones, moderator: Caller) -> None:
    regulars().report(place, "wrong")
    (item,) = moderator.queue()
    regulars().report(place, "unsafe")
    assert moderator.decide(item, "dismiss_reports", "no_fault").status_code == 412
    assert moderator.decide(moderator.queue()[0], "dismiss_reports", "no_fault").status_code == 201
    assert moderator.decide(item, "dismiss_reports", "no_fault").status_code == 409


@pytest.mark.parametrize("action", ["hide_comment", "accept_proposal", "exclude_ratings", "suspend_device"])
def test_an_action_of_another_kind_is_refused(place: int, regulars: Phones, staff_of: StaffOf, action: str) -> None:
    regulars().report(place, "wrong")
    senior = staff_of("senior")
    (item,) = senior.queue()
    more = {"from": "2026-11-19T00:00:00Z", "until": "2026-11-20T00:00:00Z"} if action == "exclude_ratings" else {}
    assert senior.decide(item, action, "no_fault", **more).status_code == 409


def test_a_bulk_dry_run_reports_the_outcome_and_changes_nothing(
    session: Session, regulars: Phones, staff_of: StaffOf
) -> None:
    places = [add_facility(session, 24.9, 60.1) for _ in range(3)]
    for place in places:
        regulars().report(place, "wrong")
    senior = staff_of("senior")
    seen = [{"id": item["id"], "version": item["version"]} for item in senior.queue()]
    seen[1]["version"] += 1
    body = {"action": "dismiss_reports", "reason": "no_fault", "items": [*seen, {"id": 10**9, "version": 1}]}
    would = senior("POST", "/admin/v1/queue/decisions", body | {"dry_run": True}).get_json()
    assert [item["status"] for item in would["items"]] == [201, 412, 201, 404]
    assert len(senior.queue()) == 3
    assert senior("GET", "/admin/v1/decisions").get_json()["decisions"] == []
    did = senior("POST", "/admin/v1/queue/decisions", body).get_json()
    assert [item["status"] for item in did["items"]] == [201, 412, 201, 404]
    assert [item["id"] for item in senior.queue()] == [seen[1]["id"]]
    assert audit.verify(session).fault is None


def test_a_moderator_cannot_decide_on_their_own_content(
    session: Session, clock: TestClock, place: int, regulars: Phones, moderator: Caller
) -> None:
    author = regulars()
    rating = author.rate(place, 1, "Bad")
    regulars().report(place, "spam", rating["id"])
    own = member(author.client, session, clock, "admin", author.handle)
    (item,) = own.queue()
    assert own.decide(item, "approve_comment", "no_fault").status_code == 403
    direct = {"target": "comment", "target_id": rating["id"], "action": "approve_comment", "reason": "no_fault"}
    assert own("POST", "/admin/v1/decisions", direct).status_code == 403
    assert moderator.decide(item, "hide_comment", "spam").status_code == 201
    (decision,) = own("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert own("POST", f"/admin/v1/decisions/{decision['id']}/revert", {"reason": "mistake"}).status_code == 403


def test_a_suspended_device_can_only_withdraw_export_and_appeal_until_it_is_restored(
    place: int, regulars: Phones, staff_of: StaffOf
) -> None:
    author, senior = regulars(), staff_of("senior")
    author.rate(place, 1)
    body = {"target": "device", "handle": str(author.handle), "action": "suspend_device", "reason": "abuse"}
    assert staff_of("moderator")("POST", "/admin/v1/decisions", body).status_code == 403
    made = senior("POST", "/admin/v1/decisions", body)
    assert made.status_code == 201, made.text
    assert senior("POST", "/admin/v1/decisions", body).status_code == 409
    rating = f"/v1/facilities/{place}/rating"
    assert author("PUT", rating, {"stars": 5}).status_code == 403
    assert author.report(place, "closed").status_code == 403
    assert author("POST", "/v1/proposals", {"facility_id": place, "note": "Moved."}).status_code == 403
    assert author("DELETE", rating).status_code == 204
    assert author("GET", rating).status_code == 404
    assert author("GET", "/v1/me/export").status_code == 200
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert decision["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "Why?"}).status_code == 201
    (appeal,) = senior("GET", "/admin/v1/appeals").get_json()["appeals"]
    answer = {"outcome": "granted", "answer": "Sorry.", "version": 1}
    assert staff_of("moderator")("POST", f"/admin/v1/appeals/{appeal['id']}/decision", answer).status_code == 204
    assert author("PUT", rating, {"stars": 5}).status_code == 201


def test_a_decision_is_reverted_only_once_by_a_new_row(
    session: Session, place: int, regulars: Phones, staff_of: StaffOf
) -> None:
    rating = regulars().rate(place, 1, "Bad")
    regulars().report(place, "spam", rating["id"])
    senior = staff_of("senior")
    senior.decide(senior.queue()[0], "hide_comment", "spam")
    (decision,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    path = f"/admin/v1/decisions/{decision['id']}/revert"
    assert senior("POST", path, {"reason": "mistake"}).status_code == 201
    assert senior("POST", path, {"reason": "mistake"}).status_code == 409
    rows = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert [(row["action"], row["reverts"]) for row in rows] == [("revert", decision["id"]), ("hide_comment", None)]
    again = senior("POST", f"/admin/v1/decisions/{rows[0]['id']}/revert", {"reason": "mistake"})
    assert again.status_code == 409
    assert session.execute(text("SELECT comment_state FROM rating")).scalar_one() == "visible"


def test_one_of_two_simultaneous_decisions_is_refused(own_database_url: str) -> None:
    database = Database(own_database_url, pool_size=20)
    clock = TestClock()
    settings = Settings(database_url="postgresql://not.used", private_postgres=None, port=8000, workers=1)
    app = create_app(settings, database=database, clock=clock)
    with database.write() as session:
        places = [add_facility(session) for _ in range(12)]
        reporter = add_device(session, NOON)
        members = [staff.add(session, f"m{n}", "moderator", NOON, actor="command") for n in range(2)]
        session.commit()
    reporting = Caller(app.test_client(), reporter.token)
    for place in places:
        assert reporting.report(place, "wrong").status_code == 201
    callers = [Caller(app.test_client(), added.token) for added in members]
    items = callers[0].queue(limit=100)
    assert len(items) == len(places)
    barrier = Barrier(2)

    def decide_all(caller: Caller) -> list[int]:
        statuses = []
        for item in items:
            barrier.wait(30)
            statuses.append(caller.decide(item, "dismiss_reports", "no_fault").status_code)
        return statuses

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(decide_all, callers)
    assert all(sorted(pair) == [201, 409] for pair in zip(one, other, strict=True)), (one, other)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM decision")).scalar_one() == len(places)
        assert audit.verify(session).fault is None
    database.close()
