"""From a report to an appeal: the author sees the decision and appeals, somebody else decides, the chain has it all."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from geo.casework import audit
from tests.api.moderation.callers import Caller, Phones, StaffOf

INSULT = "The caretaker Anna is a thief"


def public_comments(reader: Caller, place: int) -> list[str | None]:
    return [rating["comment"] for rating in reader("GET", f"/v1/facilities/{place}/ratings").get_json()["ratings"]]


def test_a_report_leads_to_a_decision_and_a_granted_appeal(
    session: Session, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    author, reader = phones(), phones()
    rating = author.rate(place, 1, INSULT)
    assert reader.report(place, "personal_data", rating["id"]).status_code == 201
    first, second = staff_of("moderator"), staff_of("moderator")
    (item,) = first.queue(kind="comment")
    assert item["details"] == {"reports": {"personal_data": 1}}
    in_full = first("GET", f"/admin/v1/queue/{item['id']}").get_json()
    assert (in_full["content"]["comment"], len(in_full["reports"])) == (INSULT, 1)
    assert first("POST", f"/admin/v1/queue/{item['id']}/claim").status_code == 200
    assert second.decide(item, "hide_comment", "offensive").status_code == 409  # claimed by another
    decided = first.decide(item, "hide_comment", "personal_data", note="It names a person.")
    assert decided.status_code == 201, decided.text
    assert public_comments(reader, place) == [None]
    assert first.queue(kind="comment") == []

    own = author("GET", f"/v1/facilities/{place}/rating").get_json()
    assert (own["comment"], own["comment_state"]) == (INSULT, "hidden")
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert (decision["action"], decision["note"], decision["automated"]) == (
        "hide_comment",
        "It names a person.",
        False,
    )
    assert reader("GET", "/v1/me/decisions").get_json() == {"decisions": []}
    objection = {"text": "Anna is the name of the café."}
    assert reader("POST", f"/v1/me/decisions/{decision['id']}/appeal", objection).status_code == 404
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", objection).status_code == 201
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", objection).status_code == 409

    (appeal,) = first("GET", "/admin/v1/appeals").get_json()["appeals"]
    answer = {"outcome": "granted", "answer": "You are right.", "version": appeal["version"]}
    assert first("POST", f"/admin/v1/appeals/{appeal['id']}/decision", answer).status_code == 403
    assert second("POST", f"/admin/v1/appeals/{appeal['id']}/decision", answer).status_code == 204
    assert public_comments(reader, place) == [INSULT]
    decision = author("GET", "/v1/me/decisions").get_json()["decisions"][-1]
    assert decision["reverted_at"]
    assert (decision["appeal"]["state"], decision["appeal"]["answer"]) == ("granted", "You are right.")
    assert audit.verify(session).fault is None
    assert UUID(decision["id"])


def test_a_rejected_appeal_leaves_the_decision_in_force(place: int, phones: Phones, staff_of: StaffOf) -> None:
    author = phones()
    rating = author.rate(place, 1, INSULT)
    phones().report(place, "offensive", rating["id"])
    first, second = staff_of("moderator"), staff_of("moderator")
    first.decide(first.queue()[0], "hide_comment", "offensive")
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "No."})
    (appeal,) = second("GET", "/admin/v1/appeals").get_json()["appeals"]
    path, answer = f"/admin/v1/appeals/{appeal['id']}/decision", {"outcome": "rejected", "answer": "It stays."}
    assert second("POST", path, answer | {"version": 9}).status_code == 412
    assert second("POST", path, answer | {"version": 1}).status_code == 204
    assert second("POST", path, answer | {"version": 2}).status_code == 409
    assert public_comments(author, place) == [None]
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    assert (decision["reverted_at"], decision["appeal"]["state"]) == (None, "rejected")


def test_an_appeal_after_six_months_is_refused(place: int, phones: Phones, staff_of: StaffOf, clock: object) -> None:
    author = phones()
    rating = author.rate(place, 1, INSULT)
    phones().report(place, "offensive", rating["id"])
    first = staff_of("moderator")
    first.decide(first.queue()[0], "hide_comment", "offensive")
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    clock.advance(days=185)  # type: ignore[attr-defined]
    assert author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "No."}).status_code == 409


@pytest.mark.parametrize("outcome", ["granted", "rejected"])
def test_an_appeal_decision_and_a_revert_lock_the_place_first(
    outcome: str, place: int, phones: Phones, staff_of: StaffOf, statements: list[str]
) -> None:
    author = phones()
    rating = author.rate(place, 1, INSULT)
    phones().report(place, "offensive", rating["id"])
    first, second = staff_of("moderator"), staff_of("moderator")
    first.decide(first.queue()[0], "hide_comment", "offensive")
    (decision,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    appeal_id = author("POST", f"/v1/me/decisions/{decision['id']}/appeal", {"text": "No."}).get_json()["id"]
    statements.clear()
    answer = {"outcome": outcome, "answer": "Read again.", "version": 1}
    assert second("POST", f"/admin/v1/appeals/{appeal_id}/decision", answer).status_code == 204
    locks = [statement for statement in statements if " FOR " in statement and "UPDATE" in statement]
    assert ["facility" in lock.partition("WHERE")[0] for lock in locks[:2]] == [True, False]
    assert "FROM appeal" in locks[1]
