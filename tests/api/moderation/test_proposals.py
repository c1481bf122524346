"""Proposals: nothing live changes until one is accepted; then ids, ratings and history stay."""

from collections.abc import Iterator
from datetime import datetime
from time import process_time
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from geo.coordinates import Point
from geo.errors import DatabaseBusy
from geo.facilities import recompile
from geo.facilities.hours import CompiledHours, compile_hours
from tests.api.moderation.callers import Caller, Phones, StaffOf, scalar
from tests.factories import add_facility, facility_row

NEW = {"lat": 60.2, "lon": 24.9, "attributes": {"kind": "toilets", "name": "Harbour", "opening_hours": "24/7"}}


def propose(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    response = caller("POST", "/v1/proposals", body)
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def test_a_proposed_place_is_returned_after_it_is_accepted(phones: Phones, moderator: Caller, session: Session) -> None:
    author = phones()
    assert propose(author, NEW)["likely_duplicates"] == []
    assert scalar(session, "SELECT count(*) FROM facility") == 0
    (item,) = moderator.queue(kind="proposal")
    assert moderator.decide(item, "accept_proposal", "verified").status_code == 201
    (feature,) = author("GET", "/v1/facilities?lat=60.2&lon=24.9").get_json()["features"]
    assert feature["properties"]["name"] == "Harbour"
    assert feature["properties"]["open"]["state"] == "open"
    assert moderator.decide(item, "accept_proposal", "verified").status_code == 409


def test_an_accepted_change_keeps_the_id_ratings_and_history(
    session: Session, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    phones().rate(place, 5)
    before = facility_row(session, place)
    body = {"facility_id": place, "lat": 60.1701, "lon": 24.9384, "attributes": {"name": "Asema", "wheelchair": "yes"}}
    propose(phones(), body)
    assert facility_row(session, place) == before
    senior = staff_of("senior")
    senior.decide(senior.queue()[0], "accept_proposal", "verified")
    after = facility_row(session, place)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"name", "wheelchair", "traits", "location", "updated_at"}
    assert scalar(session, "SELECT before ->> 'name' FROM facility_change") == "Asema-aukio"
    (decision,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert senior("POST", f"/admin/v1/decisions/{decision['id']}/revert", {"reason": "mistake"}).status_code == 201
    restored = facility_row(session, place)
    assert {name for name in before if before[name] != restored[name]} <= {"updated_at"}
    assert len(senior.queue(kind="proposal")) == 1


@pytest.mark.parametrize(
    ("kind", "attribute"), [("drinking_water", "drinking_water"), ("shower", "shower"), ("baby_care", "changing_table")]
)
def test_a_place_is_no_longer_offered_after_an_accepted_proposal_removes_its_use(
    session: Session, phones: Phones, moderator: Caller, kind: str, attribute: str
) -> None:
    facility_id = add_facility(session, 24.9, 60.2, kind=kind)
    searches = [f"/v1/facilities?lat=60.2&lon=24.9&kind={kind}", f"/v1/facilities?bbox=24.8,60.1,25,60.3&kind={kind}"]
    author = phones()

    def found() -> list[list[int]]:
        return [[feature["id"] for feature in author("GET", url).get_json()["features"]] for url in searches]

    assert found() == [[facility_id], [facility_id]]
    propose(author, {"facility_id": facility_id, "attributes": {attribute: "no"}})
    moderator.decide(moderator.queue()[0], "accept_proposal", "verified")
    assert found() == [[], []]
    assert author("GET", f"/v1/facilities/{facility_id}").get_json()["properties"]["offers"] == []


def test_hours_without_valid_syntax_become_a_note(place: int, phones: Phones, moderator: Caller) -> None:
    author = phones()
    propose(author, {"facility_id": place, "attributes": {"opening_hours": "ask at the bar, mostly mornings"}})
    moderator.decide(moderator.queue()[0], "accept_proposal", "verified")
    opening = author("GET", f"/v1/facilities/{place}").get_json()["properties"]["open"]
    assert (opening["state"], opening["note"]) == ("unknown", "ask at the bar, mostly mornings")


@pytest.mark.parametrize("rule", ["Feb 29 Mo[-1] +1 days off; ", "easter +300 days off; ", "PH +1 day off; "])
def test_accepting_the_longest_hours_is_fast(place: int, phones: Phones, moderator: Caller, rule: str) -> None:
    author, hours = phones(), rule * ((1_000 - len("Mo-Su")) // len(rule)) + "Mo-Su"
    propose(author, {"facility_id": place, "attributes": {"opening_hours": hours}})
    (item,) = moderator.queue()
    before = process_time()
    assert moderator.decide(item, "accept_proposal", "verified").status_code == 201
    assert process_time() - before < 1  # some 15 ms, and 160 ms the first time in a process
    opening = author("GET", f"/v1/facilities/{place}").get_json()["properties"]["open"]
    assert (opening["state"], opening["opening_hours"]) == ("open", hours)


@pytest.fixture
def in_transaction(session: Session) -> Iterator[set[Session]]:
    """The sessions, other than the test's own, that are in a transaction."""
    found: set[Session] = set()

    def began(other: Session, transaction: SessionTransaction) -> None:
        if other is not session and transaction.parent is None:
            found.add(other)

    def ended(other: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            found.discard(other)

    event.listen(Session, "after_transaction_create", began)
    event.listen(Session, "after_transaction_end", ended)
    yield found
    event.remove(Session, "after_transaction_create", began)
    event.remove(Session, "after_transaction_end", ended)


@pytest.mark.parametrize(
    "changes", [{"opening_hours": "easter -2 days off; Mo-Su"}, {"opening_hours": "sunrise-22:00"}]
)
def test_no_hours_are_compiled_in_a_transaction_of_a_request(
    place: int,
    phones: Phones,
    staff_of: StaffOf,
    in_transaction: set[Session],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
) -> None:
    compiled = []

    def compile_outside(hours: str, location: Point, as_of: datetime) -> CompiledHours | None:
        assert not in_transaction
        compiled.append(hours)
        return compile_hours(hours, location, as_of)

    monkeypatch.setattr(recompile, "compile_hours", compile_outside)
    senior, author = staff_of("senior"), phones()

    def accept_and_state() -> str:
        propose(author, {"facility_id": place, "attributes": changes})
        senior.decide(senior.queue()[0], "accept_proposal", "verified")
        return str(author("GET", f"/v1/facilities/{place}").get_json()["properties"]["open"]["state"])

    assert accept_and_state() == "open"
    changes["opening_hours"] = "PH 03:00-03:05"
    assert accept_and_state() == "closed"
    newest = senior("GET", "/admin/v1/decisions").get_json()["decisions"][0]["id"]
    assert senior("POST", f"/admin/v1/decisions/{newest}/revert", {"reason": "mistake"}).status_code == 201
    assert author("GET", f"/v1/facilities/{place}").get_json()["properties"]["open"]["state"] == "open"
    assert compiled == [compiled[0], "PH 03:00-03:05", compiled[0]]


def test_hours_are_compiled_again_where_an_accepted_proposal_moves_a_place(
    session: Session, phones: Phones, moderator: Caller
) -> None:
    author = phones()
    # 12:00 UTC is 14:00 in Helsinki and 13:00 in Stockholm.
    harbour = add_facility(session, 24.94, 60.17)
    for body in ({"attributes": {"opening_hours": "13:30-14:30"}}, {"lat": 59.33, "lon": 18.07, "attributes": {}}):
        propose(author, {"facility_id": harbour, **body})
        moderator.decide(moderator.queue()[0], "accept_proposal", "verified")
    assert author("GET", f"/v1/facilities/{harbour}").get_json()["properties"]["open"]["state"] == "closed"


def test_a_decision_stands_where_hours_cannot_be_stored(
    place: int, phones: Phones, moderator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise DatabaseBusy("an import has locked it")

    monkeypatch.setattr(recompile, "store", busy)
    propose(phones(), {"facility_id": place, "attributes": {"opening_hours": "24/7"}})
    assert moderator.decide(moderator.queue()[0], "accept_proposal", "verified").status_code == 201
    opening = phones()("GET", f"/v1/facilities/{place}").get_json()["properties"]["open"]
    assert (opening["state"], opening["opening_hours"]) == ("unknown", "24/7")


def test_a_proposal_returns_its_likely_duplicates(session: Session, phones: Phones) -> None:
    near = add_facility(session, 24.9, 60.2004, name="Quite another name")  # 44 m
    namesake = add_facility(session, 24.9, 60.2012, name="Harbor")  # 133 m
    add_facility(session, 24.9, 60.2012, name="Town hall")
    add_facility(session, 24.9, 60.2016, name="Harbour")  # 178 m
    duplicates = propose(phones(), NEW)["likely_duplicates"]
    assert [duplicate["facility_id"] for duplicate in duplicates] == [near, namesake]


def test_a_rejection_is_shown_to_the_author_of_the_proposal(
    phones: Phones, moderator: Caller, session: Session
) -> None:
    author = phones()
    propose(author, NEW)
    moderator.decide(moderator.queue()[0], "reject_proposal", "never_existed", note="We went there.")
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert (decision["action"], decision["note"], decision["restricts"]) == ("reject_proposal", "We went there.", True)
    assert scalar(session, "SELECT count(*) FROM facility") == 0


def test_a_proposal_may_be_reported_while_it_is_open(phones: Phones, moderator: Caller) -> None:
    proposal = propose(phones(), NEW)
    path = f"/v1/proposals/{proposal['id']}/reports"
    assert phones()("POST", path, {"reason": "spam"}).status_code == 201
    (item,) = moderator.queue(kind="proposal")
    assert item["details"]["reports"] == {"spam": 1}
    moderator.decide(item, "reject_proposal", "spam")
    assert phones()("POST", path, {"reason": "spam"}).status_code == 404


@pytest.mark.parametrize("change", [{}, {"note": "Behind the stage."}, {"attributes": {"kind": "toilets"}}])
def test_a_repeated_proposal_is_the_pending_one(phones: Phones, moderator: Caller, change: dict[str, Any]) -> None:
    author, body = phones(), NEW | change
    first = propose(author, body)
    assert propose(author, body) == first
    assert propose(phones(), body)["id"] != first["id"]
    assert propose(author, body | {"lat": 60.3})["id"] != first["id"]
    assert propose(author, body | {"note": "Another one."})["id"] != first["id"]
    (item,) = [each for each in moderator.queue(kind="proposal") if each["target_id"] == first["id"]]
    moderator.decide(item, "reject_proposal", "duplicate")
    assert propose(author, body)["id"] != first["id"]


@pytest.mark.parametrize("lat", ["60.1", "1_0", "\u0666\u0660", " 60\n", True, [60]])
def test_a_position_is_a_number(phones: Phones, lat: object) -> None:
    response = phones()("POST", "/v1/proposals", NEW | {"lat": lat})
    assert response.status_code == 422
    assert [error["name"] for error in response.get_json(force=True)["errors"]] == ["lat"]


def test_an_invalid_proposal_is_refused_and_the_field_named(place: int, phones: Phones) -> None:
    author = phones()
    for body, name in (
        ({"attributes": {"kind": "toilets"}}, "lat"),
        ({"lat": 1, "lon": 1}, "attributes"),
        ({"lat": 91, "lon": 1, "attributes": {"kind": "toilets"}}, "lat"),
        ({"facility_id": place}, "attributes"),
        ({"facility_id": place, "attributes": {"kind": "shower"}}, "attributes"),
        ({"facility_id": place, "attributes": {"status": "closed"}}, "attributes.status"),
        ({"facility_id": place, "attributes": {"country": "Finland"}}, "attributes.country"),
        ({"facility_id": place, "attributes": {"opening_hours": "Mo-Su," * 166 + "Mo-Su"}}, "attributes.opening_hours"),
    ):
        response = author("POST", "/v1/proposals", body)
        assert response.status_code == 422, body
        assert name in [error["name"] for error in response.get_json(force=True)["errors"]]
    assert author("POST", "/v1/proposals", {"facility_id": 10**9, "note": "Gone."}).status_code == 404


def test_hiding_a_place_is_shown_to_its_proposer(phones: Phones, staff_of: StaffOf) -> None:
    author, senior = phones(), staff_of("senior")
    propose(author, NEW)
    senior.decide(senior.queue()[0], "accept_proposal", "verified")
    (feature,) = author("GET", "/v1/facilities?lat=60.2&lon=24.9").get_json()["features"]
    body = {"target": "facility", "target_id": feature["id"], "action": "hide_facility", "reason": "unsafe"}
    assert senior("POST", "/admin/v1/decisions", body).status_code == 201
    decisions = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert [decision["action"] for decision in decisions] == ["hide_facility", "accept_proposal"]
