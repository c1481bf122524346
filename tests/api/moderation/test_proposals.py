"""Proposals: nothing live changes until one is accepted; then ids, ratings and history stay."""

from time import process_time
from typing import Any

import pytest
from sqlalchemy.orm import Session

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
