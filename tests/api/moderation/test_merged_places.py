"""Moderators merge, split and keep apart; the chain, appeals and hidden texts hold."""

import pytest
from sqlalchemy.orm import Session

from geo.casework import audit
from tests.api.moderation.callers import Caller, Phones, StaffOf, scalar
from tests.factories import add_facility, facility_row


@pytest.fixture
def pair(session: Session) -> tuple[int, int]:
    return add_facility(session, 24.9384, 60.1699, name="Rose"), add_facility(session, 24.9384, 60.1701)


def decide(caller: Caller, target_id: int, action: str, other_id: int | None = None, expected: int = 201) -> int:
    body = {"target": "facility", "target_id": target_id, "action": action, "reason": "duplicate"}
    response = caller("POST", "/admin/v1/decisions", body | ({} if other_id is None else {"other_id": other_id}))
    assert response.status_code == expected, response.text
    return int(response.get_json().get("decision_id", 0))


def revert(caller: Caller, decision_id: int, expected: int = 201) -> None:
    response = caller("POST", f"/admin/v1/decisions/{decision_id}/revert", {"reason": "mistake"})
    assert response.status_code == expected, response.text


def test_merge_split_and_keep_apart_are_decisions_in_the_chain(
    session: Session, pair: tuple[int, int], staff_of: StaffOf
) -> None:
    first, second = pair
    moderator, senior = staff_of("moderator"), staff_of("senior")
    merge = decide(moderator, second, "merge_facilities", first)
    assert facility_row(session, second)["merged_into"] == first
    revert(moderator, merge, 403)
    revert(senior, merge)
    assert facility_row(session, second)["status"] == "active"
    apart = scalar(session, "SELECT count(*) FROM kept_apart")
    assert apart == 1
    merge = decide(moderator, first, "merge_facilities", second)
    split = decide(moderator, first, "split_facility", second)
    decide(moderator, first, "split_facility", second, 409)
    decide(moderator, first, "keep_apart", second, 409)
    revert(senior, split)
    decide(moderator, first, "keep_apart", second, 409)
    revert(senior, merge)
    page = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert [decision["action"] for decision in page][:3] == ["revert", "revert", "split_facility"]
    verified = audit.verify(session)
    assert verified.fault is None


@pytest.mark.parametrize("action", ["merge_facilities", "split_facility", "keep_apart"])
def test_bad_second_facilities_are_refused(pair: tuple[int, int], moderator: Caller, action: str) -> None:
    first, _ = pair
    decide(moderator, first, action, None, 422)
    decide(moderator, first, action, 0, 422)
    decide(moderator, first, action, first, 409)
    decide(moderator, first, action, 9_000_000, 409)
    body = {"target": "facility", "target_id": first, "action": "close_facility", "reason": "closed", "other_id": first}
    assert moderator("POST", "/admin/v1/decisions", body).status_code == 422


@pytest.mark.parametrize("action", ["close_facility", "hide_facility"])
def test_a_decision_about_a_merged_place_is_about_the_place_it_is_part_of(
    session: Session, pair: tuple[int, int], staff_of: StaffOf, action: str
) -> None:
    first, second = pair
    senior = staff_of("senior")
    decide(senior, first, "merge_facilities", second)
    decision_id = decide(senior, second, action)
    assert facility_row(session, first)["status"] == ("closed" if action == "close_facility" else "hidden")
    assert facility_row(session, second)["status"] == "merged"
    revert(senior, decision_id)
    assert facility_row(session, first)["status"] == "active"


def test_a_hidden_place_is_not_shown_by_a_split(session: Session, pair: tuple[int, int], staff_of: StaffOf) -> None:
    first, second = pair
    senior = staff_of("senior")
    merge = decide(senior, first, "merge_facilities", second)
    decide(senior, first, "hide_facility")
    decide(senior, first, "split_facility", second, 409)
    revert(senior, merge, 409)
    assert senior("GET", f"/v1/facilities/{second}").status_code == 404
    assert facility_row(session, second)["status"] == "merged"


def test_a_text_that_was_hidden_before_a_merge_stays_hidden_and_its_appeal_can_be_granted(
    pair: tuple[int, int], phones: Phones, staff_of: StaffOf
) -> None:
    first, second = pair
    author, reader = phones(), phones()
    rating = author.rate(second, 1, "The caretaker is a thief")
    reader.report(second, "offensive", rating["id"])
    moderator, other, senior = staff_of("moderator"), staff_of("moderator"), staff_of("senior")
    moderator.decide(moderator.queue(kind="comment")[0], "hide_comment", "offensive")
    decide(moderator, first, "merge_facilities", second)

    def public() -> list[str | None]:
        shown = reader("GET", f"/v1/facilities/{first}/ratings").get_json()["ratings"]
        return [rating["comment"] for rating in shown]

    assert public() == [None]
    author.rate(first, 2, "the CARETAKER is a thief")
    assert public() == [None]
    author.rate(first, 2, "The caretaker is a thief")
    (told,) = author("GET", "/v1/me/decisions").get_json()["decisions"]
    author("POST", f"/v1/me/decisions/{told['id']}/appeal", {"text": "It is true."})
    (appeal,) = other("GET", "/admin/v1/appeals").get_json()["appeals"]
    answer = {"outcome": "granted", "answer": "Right.", "version": 1}
    assert other("POST", f"/admin/v1/appeals/{appeal['id']}/decision", answer).status_code == 204
    assert public() == ["The caretaker is a thief"]
    assert senior("GET", f"/admin/v1/facilities/{first}").status_code == 200


def test_a_text_hidden_after_the_merge_stays_hidden_after_the_split(
    pair: tuple[int, int], phones: Phones, staff_of: StaffOf
) -> None:
    first, second = pair
    author, reader, senior = phones(), phones(), staff_of("senior")
    rating = author.rate(second, 1, "The caretaker is a thief")
    merge = decide(senior, first, "merge_facilities", second)
    reader.report(first, "offensive", rating["id"])
    hidden = senior.decide(senior.queue(kind="comment")[0], "hide_comment", "offensive").get_json()["decision_id"]
    revert(senior, merge)
    author.rate(second, 2, "THE caretaker is a thief")
    shown = reader("GET", f"/v1/facilities/{second}/ratings").get_json()["ratings"]
    assert [rating["comment"] for rating in shown] == [None]
    revert(senior, hidden)
    author.rate(second, 3, "The caretaker is a thief")
    shown = reader("GET", f"/v1/facilities/{second}/ratings").get_json()["ratings"]
    assert [rating["comment"] for rating in shown] == ["The caretaker is a thief"]


def test_erasing_a_device_after_a_merge_leaves_the_sums_exact(
    session: Session, pair: tuple[int, int], phones: Phones, moderator: Caller
) -> None:
    first, second = pair
    author = phones()
    author.rate(first, 1, "Mine.")
    author.rate(second, 1, "Mine, too.")
    phones().rate(second, 5)
    decide(moderator, first, "merge_facilities", second)
    assert len(author("GET", "/v1/me/export").get_json()["ratings"]) == 1
    assert author("DELETE", "/v1/me").status_code == 204
    assert scalar(session, "SELECT count(*) FROM past_rating") == 0
    rating = author("GET", f"/v1/facilities/{first}").get_json()["properties"]["rating"]
    assert rating["count"] == 1
    assert facility_row(session, first)["stars_total"] == pytest.approx(1.5)
