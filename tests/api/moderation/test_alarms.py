"""Rushes of ratings that contradict the record of their place."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from geo import maintenance, privacy
from tests.api.moderation.callers import Caller, Phones, StaffOf
from tests.api.moderation.test_trust import attackers, summary, well_rated
from tests.conftest import TestClock
from tests.factories import add_facility, add_rating

NOTE = "Many ratings at once, being looked at."


@pytest.fixture
def liked(place: int, regulars: Phones, clock: TestClock) -> int:
    """A place with 20 honest ratings over a year."""
    well_rated(place, regulars, clock)
    return place


@pytest.fixture
def rush(client: FlaskClient, session: Session, clock: TestClock, liked: int) -> Any:
    """Makes a number of devices rate the place, and returns them."""

    def made(count: int, stars: int = 1) -> list[Caller]:
        devices = attackers(client, session, clock, count, count)
        for device in devices:
            clock.advance(minutes=1)
            device.rate(liked, stars)
        return devices

    return made


def note(reader: Caller, place: int) -> str | None:
    shown: str | None = summary(reader, place)["note"]
    return shown


@pytest.mark.parametrize("count", [3, 5, 30])
def test_a_rush_against_the_record_opens_one_item_and_the_place_shows_it(
    liked: int, rush: Any, phones: Phones, moderator: Caller, count: int
) -> None:
    assert note(phones(), liked) is None
    rush(2)
    assert (note(phones(), liked), moderator.queue()) == (None, [])
    devices = rush(count - 2)
    assert note(phones(), liked) == NOTE
    nearby = phones()("GET", "/v1/facilities?lat=60.1699&lon=24.9384").get_json()["features"]
    assert nearby[0]["properties"]["rating"]["note"] == NOTE
    assert devices[0].rate(liked, 1)["facility_rating"]["note"] == NOTE
    (item,) = moderator.queue()
    details = item["details"]
    assert (item["kind"], details["ratings"], details["low"], details["mean"]) == ("rate_bomb", count, count, 1.0)
    assert details["would_have_moved"] < -0.5
    assert len(details["rating_ids"]) == count
    content = moderator("GET", f"/admin/v1/queue/{item['id']}").get_json()["content"]
    assert details["rating_ids"] == [rating["id"] for rating in content["ratings"][:count]]


def test_what_it_would_have_moved_is_what_trusted_ratings_move(
    session: Session, liked: int, rush: Any, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    before = summary(phones(), liked)["quality"]
    devices = rush(5)
    (item,) = moderator.queue()
    for device in devices:
        privacy.erase(session, device.row_id, clock())
    for _ in range(5):
        add_rating(session, liked, 1, clock())
    moved = summary(phones(), liked)["quality"] - before
    assert item["details"]["would_have_moved"] == pytest.approx(moved, abs=0.006)


def test_praise_of_a_good_place_is_no_alarm_and_praise_of_a_bad_one_is(
    session: Session, liked: int, rush: Any, phones: Phones, regulars: Phones, moderator: Caller, clock: TestClock
) -> None:
    rush(30, 5)
    assert (note(phones(), liked), moderator.queue()) == (None, [])
    bad = add_facility(session, 25.0, 60.0)
    for _ in range(12):
        add_rating(session, bad, 1, clock() - timedelta(days=20))
    for _ in range(3):
        regulars().rate(bad, 5)
    assert note(phones(), bad) == NOTE


def test_a_place_without_a_record_needs_ten(place: int, phones: Phones, moderator: Caller) -> None:
    for _ in range(9):
        phones().rate(place, 1)
    assert moderator.queue() == []
    phones().rate(place, 1)
    assert len(moderator.queue(kind="rate_bomb")) == 1


def test_a_dismissed_rush_returns_only_with_more_new_ratings(
    liked: int, rush: Any, phones: Phones, moderator: Caller
) -> None:
    rush(4)
    (item,) = moderator.queue()
    assert moderator.decide(item, "dismiss_alarm", "no_fault").status_code == 201
    assert (note(phones(), liked), moderator.queue()) == (None, [])
    rush(4)
    assert (note(phones(), liked), moderator.queue()) == (None, [])
    rush(1)
    assert note(phones(), liked) == NOTE
    (again,) = moderator.queue()
    assert again["details"]["ratings"] == 5


def test_an_alarm_ends_with_its_week(
    session: Session, liked: int, rush: Any, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    rush(5)
    clock.advance(days=7, minutes=-1)
    assert note(phones(), liked) == NOTE
    clock.advance(minutes=1)
    assert note(phones(), liked) is None
    assert len(moderator.queue()) == 1
    maintenance.check_alarm(session, liked, clock())
    assert moderator.queue() == []


@pytest.mark.parametrize("how", ["withdrawn", "replaced", "erased"])
def test_an_alarm_ends_when_its_ratings_vanish(
    session: Session, liked: int, rush: Any, phones: Phones, moderator: Caller, clock: TestClock, how: str
) -> None:
    devices = rush(4)
    for device in devices[:2]:
        assert note(phones(), liked) == NOTE
        if how == "withdrawn":
            assert device("DELETE", f"/v1/facilities/{liked}/rating").status_code == 204
        elif how == "replaced":
            device.rate(liked, 4)
        else:
            privacy.erase(session, device.row_id, clock())
    assert (note(phones(), liked), moderator.queue()) == (None, [])


def test_an_alarm_ends_when_its_ratings_are_excluded(
    liked: int, rush: Any, phones: Phones, staff_of: StaffOf, clock: TestClock
) -> None:
    start = clock()
    rush(5)
    senior = staff_of("senior")
    (item,) = senior.queue()
    clock.advance(minutes=1)
    window = {"from": start.isoformat(), "until": clock().isoformat()}
    assert senior.decide(item, "exclude_ratings", "one_sided_burst", **window).status_code == 201
    assert (note(phones(), liked), senior.queue()) == (None, [])
    (decision,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    path = f"/admin/v1/decisions/{decision['id']}/revert"
    assert senior("POST", path, {"reason": "mistake"}).status_code == 201
    phones().rate(liked, 1)
    assert (note(phones(), liked), senior.queue()) == (None, [])
