"""A text that was hidden or approved, written again in another spelling."""

import pytest
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones
from tests.api.moderation.comment_decisions import RUDE, UNREAD, decide, live
from tests.api.moderation.test_whole import public_comments
from tests.conftest import TestClock


@pytest.mark.parametrize(
    "respelled",
    [
        "Rude words,\u200b Straße",
        "Ru\u00adde words, Straße\u2060",
        "\u202eRude words, Straße\u202c",
        "RUDE WORDS, STRASSE",
        "Rude\u00a0words,   Straße",
        "Rude\nwords,\tStraße",
        "Ｒｕｄｅ words, Straße",  # noqa: RUF001 - fullwidth letters, on purpose
        "Rude\ufe0f wo\u034frds, Straße",
        "Rude words\u3164, Straße",
        "Rude words, \ufff9Straße\ufffb",
    ],
)
def test_a_respelled_hidden_text_is_hidden(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock, respelled: str
) -> None:
    author = regulars()
    rating = author.rate(place, 1, RUDE)
    decide(moderator, rating["id"], "hide_comment")
    for comment in (respelled, "Fine words", respelled):
        clock.advance(minutes=1)
        state = author.rate(place, 1, comment)["comment_state"]
        assert state == ("visible" if comment == "Fine words" else "hidden")
    assert author.rate(place, 1, f"{respelled} not")["comment_state"] == "visible"


def test_a_respelled_text_hidden_by_reports_is_hidden(
    place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    author = regulars()
    rating = author.rate(place, 1, RUDE)
    for _ in range(3):
        regulars().report(place, "offensive", rating["id"])
    clock.advance(minutes=1)
    assert author.rate(place, 1, f"{RUDE}\u200b")["comment_state"] == "hidden"
    (item,) = moderator.queue(kind="comment")  # it is still looked at
    assert moderator.decide(item, "approve_comment", "no_fault").status_code == 201
    clock.advance(minutes=1)
    assert author.rate(place, 1, RUDE)["comment_state"] == "visible"


def test_reports_of_a_text_still_count_after_it_is_respelled(place: int, regulars: Phones, moderator: Caller) -> None:
    author = regulars()
    rating = author.rate(place, 1, RUDE)
    for _ in range(2):
        regulars().report(place, "offensive", rating["id"])
    (item,) = moderator.queue(kind="comment")
    author.rate(place, 1, f"{RUDE}\u200b")
    assert moderator.decide(item, "approve_comment", "no_fault").status_code == 412  # nobody has read these bytes
    regulars().report(place, "offensive", rating["id"])
    assert public_comments(regulars(), place) == [None]


def test_a_respelled_approved_text_is_not_approved(
    session: Session, place: int, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    author = regulars()
    rating = author.rate(place, 4, UNREAD)
    decide(moderator, rating["id"], "approve_comment")
    clock.advance(minutes=1)
    author.rate(place, 4, UNREAD.upper())
    assert live(session) == (UNREAD.upper(), "held", False)
    clock.advance(minutes=1)
    author.rate(place, 4, UNREAD)
    assert live(session) == (UNREAD, "visible", True)
