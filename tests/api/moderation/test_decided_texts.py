"""A decision about a comment is about one text: neither it nor its revert changes another text of the author."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.casework import audit
from tests.api.moderation.callers import Caller, Phones, StaffOf, scalar
from tests.api.moderation.comment_decisions import (
    HARMLESS,
    RUDE,
    UNREAD,
    appeal_oldest,
    decide,
    forget_digests,
    live,
    revert,
)
from tests.api.moderation.test_whole import public_comments
from tests.conftest import TestClock
from tests.factories import add_facility


@pytest.mark.parametrize("is_old", [False, True])
def test_a_granted_appeal_leaves_a_later_text_pending_review(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, clock: TestClock, is_old: bool
) -> None:
    author, reader = phones(), phones()
    rating = author.rate(place, 4, HARMLESS)
    clock.advance(minutes=1)
    decide(staff_of("moderator"), rating["id"], "hide_comment")
    clock.advance(minutes=1)
    assert author.rate(place, 4, UNREAD)["comment_state"] == "held"
    if is_old:
        forget_digests(session)
    colleague = staff_of("moderator")
    appeal_oldest(author, colleague)
    assert live(session) == (UNREAD, "held", False)
    assert public_comments(reader, place) == [None]
    (item,) = colleague.queue(kind="comment")
    assert item["details"]["contact_details"]
    clock.advance(minutes=1)
    assert author.rate(place, 4, HARMLESS)["comment_state"] == "visible"
    assert live(session) == (HARMLESS, "visible", True)
    assert is_old or audit.verify(session).fault is None


@pytest.mark.parametrize("is_old", [False, True])
def test_reverting_the_hold_of_one_text_leaves_a_later_text_pending_review(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, clock: TestClock, is_old: bool
) -> None:
    author, senior = phones(), staff_of("senior")
    first = "ask at 09 123 4567 8"
    author.rate(place, 4, first)
    clock.advance(minutes=1)
    author.rate(place, 4, UNREAD)
    if is_old:
        forget_digests(session)
    second_hold, first_hold = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    revert(senior, first_hold["id"])
    assert live(session) == (UNREAD, "held", False)
    assert len(senior.queue(kind="comment")) == 1
    reverted_at = {
        row["id"]: row["reverted_at"] for row in senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    }
    assert reverted_at[first_hold["id"]] is not None
    assert reverted_at[second_hold["id"]] is None
    clock.advance(minutes=1)
    assert author.rate(place, 4, first)["comment_state"] == "visible"
    clock.advance(minutes=1)
    assert author.rate(place, 4, UNREAD)["comment_state"] == "held"  # and before staff again
    assert len(senior.queue(kind="comment")) == 1


def test_a_granted_appeal_shows_the_text_and_closes_its_queue_item(
    session: Session, place: int, phones: Phones, moderator: Caller
) -> None:
    author = phones()
    author.rate(place, 4, UNREAD)
    assert len(moderator.queue(kind="comment")) == 1
    appeal_oldest(author, moderator)
    assert live(session) == (UNREAD, "visible", True)
    assert moderator.queue(kind="comment") == []


@pytest.mark.parametrize("outcome", ["granted", "rejected"])
@pytest.mark.parametrize("later", ["nothing", "stars alone", "the same text"])
def test_an_appeal_can_be_decided_after_the_rating_is_withdrawn(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, clock: TestClock, outcome: str, later: str
) -> None:
    author = phones()
    rating = author.rate(place, 4, HARMLESS)
    decide(staff_of("moderator"), rating["id"], "hide_comment")
    clock.advance(hours=1)
    if later == "stars alone":
        author.rate(place, 5)
    else:
        author("DELETE", f"/v1/facilities/{place}/rating")
    if later == "the same text":
        assert author.rate(place, 4, HARMLESS)["comment_state"] == "hidden"
    appeal_oldest(author, staff_of("moderator"), outcome)
    if later == "the same text":
        assert live(session)[1] == ("visible" if outcome == "granted" else "hidden")
    clock.advance(hours=1)
    state = author.rate(place, 4, HARMLESS)["comment_state"]
    assert state == ("visible" if outcome == "granted" else "hidden")


def test_reverting_a_decision_without_a_text_digest_changes_no_text(
    session: Session, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    author, senior = phones(), staff_of("senior")
    rating = author.rate(place, 4, HARMLESS)
    decision_id = decide(senior, rating["id"], "hide_comment")
    author.rate(place, 4, "Other words")  # at the very instant of the decision
    forget_digests(session)
    revert(senior, decision_id)
    assert live(session) == ("Other words", "visible", False)
    assert set(session.execute(text("SELECT comment_state FROM past_rating")).scalars()) == {"hidden"}


def test_a_text_hidden_twice_stays_hidden_until_both_decisions_are_reverted(
    session: Session, place: int, phones: Phones, staff_of: StaffOf
) -> None:
    author, senior = phones(), staff_of("senior")
    rating = author.rate(place, 4, RUDE)
    first, second = (decide(senior, rating["id"], "hide_comment") for _ in range(2))
    revert(senior, first)
    assert live(session)[1] == "hidden"
    revert(senior, second)
    assert live(session) == (RUDE, "visible", True)
    decide(senior, rating["id"], "hide_comment")
    decide(senior, rating["id"], "approve_comment")
    last = decide(senior, rating["id"], "hide_comment")
    revert(senior, last)  # what was hidden before was approved after
    assert live(session) == (RUDE, "visible", True)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_revert_leaves_the_same_text_hidden_at_another_place(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, is_old: bool
) -> None:
    author, senior = phones(), staff_of("senior")
    elsewhere = add_facility(session, 24.9, 60.1)
    here, there = (decide(senior, author.rate(at, 1, RUDE)["id"], "hide_comment") for at in (place, elsewhere))
    if is_old:
        forget_digests(session)
    revert(senior, there)
    states = text("SELECT comment_state FROM rating ORDER BY facility_id")
    assert session.execute(states).scalars().all() == ["hidden", "visible"]
    revert(senior, here)
    assert session.execute(states).scalars().all() == ["visible", "visible"]


def test_approving_a_text_again_closes_its_new_reports(
    session: Session, place: int, phones: Phones, moderator: Caller
) -> None:
    rating = phones().rate(place, 1, RUDE)
    for _ in range(2):
        phones().report(place, "offensive", rating["id"])
        (item,) = moderator.queue(kind="comment")
        assert moderator.decide(item, "approve_comment", "no_fault").status_code == 201
        assert scalar(session, "SELECT count(*) FROM report WHERE closed_at IS NULL") == 0


def test_a_hidden_text_stays_hidden_when_the_decision_on_another_is_reverted(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, clock: TestClock
) -> None:
    author, senior = phones(), staff_of("senior")
    rating = author.rate(place, 4, HARMLESS)
    first = decide(senior, rating["id"], "hide_comment")
    clock.advance(hours=1)
    author.rate(place, 4, RUDE)
    second = decide(senior, rating["id"], "hide_comment")
    revert(senior, second)
    assert live(session) == (RUDE, "visible", True)
    clock.advance(hours=1)
    assert author.rate(place, 4, HARMLESS)["comment_state"] == "hidden"
    revert(senior, first)
    assert live(session) == (HARMLESS, "visible", True)


def test_a_decision_on_a_text_that_changed_since_it_was_read_is_refused(
    session: Session, place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    author = phones()
    rating = author.rate(place, 1, RUDE)
    phones().report(place, "offensive", rating["id"])
    (item,) = moderator.queue(kind="comment")
    moderator("POST", f"/admin/v1/queue/{item['id']}/claim")
    clock.advance(minutes=1)
    author.rate(place, 1, UNREAD)
    assert moderator.decide(item, "approve_comment", "no_fault").status_code == 409
    seen = {"target": "comment", "target_id": rating["id"], "action": "approve_comment", "reason": "no_fault"}
    outdated = moderator("POST", "/admin/v1/decisions", seen | {"rated_at": rating["rated_at"]})
    assert outdated.status_code == 412
    assert live(session) == (UNREAD, "held", False)
    now = scalar(session, "SELECT rated_at FROM rating").isoformat()
    assert moderator("POST", "/admin/v1/decisions", seen | {"rated_at": now}).status_code == 201
    assert live(session) == (UNREAD, "visible", True)
    body = {"target": "facility", "target_id": place, "action": "close_facility", "reason": "closed", "rated_at": now}
    assert moderator("POST", "/admin/v1/decisions", body).status_code == 422


def test_two_devices_with_the_same_text_have_different_digests(
    session: Session, place: int, phones: Phones, moderator: Caller
) -> None:
    one, other = (phones().rate(place, 1, RUDE) for _ in range(2))
    decide(moderator, one["id"], "hide_comment")
    assert session.execute(text("SELECT comment_state FROM rating ORDER BY id")).scalars().all() == [
        *("hidden", "visible")
    ]
    decide(moderator, other["id"], "hide_comment")
    assert scalar(session, "SELECT count(DISTINCT before ->> 'text_digest') FROM decision") == 2
