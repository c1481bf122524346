"""Trust weights, the alarm for rate bombs, and what moderators leave out of a quality."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.api.moderation.callers import Caller, Phones, StaffOf
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, facility_row

HONEST = 20
"""Ratings spread over a year."""


def summary(reader: Caller, place: int) -> dict[str, Any]:
    return dict(reader("GET", f"/v1/facilities/{place}").get_json()["properties"]["rating"])


@pytest.mark.parametrize(
    ("known_for", "presence", "counts_as", "sentences"),
    [
        (timedelta(0), None, (0.072, 0.3, 0.3, 0.8, 1), 3),
        (timedelta(hours=23, minutes=59), "within_150_m", (0.09, 0.3, 0.3, 1, 1), 2),
        (timedelta(hours=24), "within_150_m", (0.3, 1, 0.3, 1, 1), 1),
        (timedelta(days=9), "farther", (0.24, 1, 0.3, 0.8, 1), 2),
    ],
)
def test_an_author_sees_what_a_rating_counts_as_and_why(
    client: FlaskClient,
    session: Session,
    clock: TestClock,
    place: int,
    known_for: timedelta,
    presence: str | None,
    counts_as: tuple[float, ...],
    sentences: int,
) -> None:
    author = Caller(client, add_device(session, clock() - known_for).token)
    shown = author.rate(place, presence=presence)["counts_as"]
    assert len(shown.pop("why")) == sentences
    assert shown == pytest.approx(dict(zip(("weight", "age", "track", "presence", "rush"), counts_as, strict=True)))
    assert author("GET", f"/v1/facilities/{place}/rating").get_json()["counts_as"]["weight"] == shown["weight"]


def test_the_mean_that_is_shown_is_that_of_the_weights(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    phones().rate(place, 5)
    clock.advance(days=10)
    Caller(client, add_device(session, clock()).token).rate(place, 1)
    rating = summary(phones(), place)
    assert (rating["count"], rating["effective_count"]) == (2, 0.39)
    assert rating["mean"] == pytest.approx((0.3 * 5 + 0.09 * 1) / 0.39, abs=1e-4)


def test_a_page_of_another_site_is_recorded_and_a_page_of_this_host_is_not(
    session: Session, place: int, phones: Phones
) -> None:
    for origin in ("https://page.example", "http://localhost", "null"):
        body = {"stars": 1}
        assert phones()("PUT", f"/v1/facilities/{place}/rating", body, headers={"Origin": origin}).status_code == 201
    origins = session.execute(text("SELECT origin FROM rating ORDER BY id")).scalars().all()
    assert origins == ["https://page.example", None, "null"]


def well_rated(place: int, phones: Phones, clock: TestClock) -> float:
    """Give a place the ratings of a year by visitors with a record. Return its quality."""
    visitors = [phones() for _ in range(HONEST)]
    for number, visitor in enumerate(visitors):
        visitor.rate(place, 4 + number % 2)
        clock.advance(days=365 / HONEST)
    return float(summary(visitors[0], place)["quality"])


@pytest.fixture
def elsewhere(session: Session) -> list[int]:
    """Two other places, far from each other."""
    return [add_facility(session, 25.5, 60.5), add_facility(session, 26.5, 61.5)]


def attackers(client: FlaskClient, session: Session, clock: TestClock, count: int, networks: int) -> list[Caller]:
    devices = [add_device(session, clock() - timedelta(hours=25)) for _ in range(count)]
    return [
        Caller(client, device.token, f"172.16.{n % networks}.{n % 250}", device.device_id)
        for n, device in enumerate(devices)
    ]


@pytest.mark.parametrize(
    ("count", "networks", "at_most"), [(3, 3, 0.3), (5, 5, 0.6), (10, 10, 0.6), (100, 30, 0.6), (100, 1, 0.6)]
)
def test_unknown_devices_barely_move_a_place_however_many_they_are(
    client: FlaskClient,
    session: Session,
    clock: TestClock,
    place: int,
    phones: Phones,
    elsewhere: list[int],
    count: int,
    networks: int,
    at_most: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = well_rated(place, with_record(phones, elsewhere), clock)
    for attacker in attackers(client, session, clock, count, networks):
        attacker.rate(place, 1)
    after = summary(phones(), place)
    moved = before - after["quality"]
    with capsys.disabled():
        print(f"\n{count} devices of 25 hours in {networks} networks, all 1★: {moved:.3f} stars")  # noqa: T201
    assert 0 < moved <= at_most
    assert after["count"] == HONEST + count


@pytest.mark.parametrize("count", [3, 30])
def test_devices_with_a_record_move_a_place_no_more_than_an_ordinary_week_does(
    client: FlaskClient,
    session: Session,
    clock: TestClock,
    place: int,
    phones: Phones,
    elsewhere: list[int],
    count: int,
) -> None:
    before = well_rated(place, with_record(phones, elsewhere), clock)
    for attacker in attackers(client, session, clock, count, count):
        for other in elsewhere:
            attacker.rate(other, 3)
        attacker.rate(place, 1)
        clock.advance(hours=120 / count)
    assert 0.2 < before - summary(phones(), place)["quality"] <= 0.6


def test_an_honest_decline_within_a_month_is_heard(
    place: int, phones: Phones, clock: TestClock, elsewhere: list[int]
) -> None:
    visitors = with_record(phones, elsewhere)
    before = well_rated(place, visitors, clock)
    for _ in range(12):
        clock.advance(days=2.5)
        visitors().rate(place, 1)
    assert before - summary(phones(), place)["quality"] >= 1.0


def with_record(phones: Phones, elsewhere: list[int]) -> Phones:
    """Return a maker of phones that have rated two other places."""

    def known() -> Caller:
        visitor = phones()
        for other in elsewhere:
            visitor.rate(other, 4)
        return visitor

    return known


def bombed(place: int, phones: Phones, clock: TestClock) -> None:
    for _ in range(6):
        phones().rate(place, 5)
    clock.advance(days=3)
    for _ in range(10):
        clock.advance(minutes=1)
        phones().rate(place, 1)


def test_excluded_ratings_are_counted_in_the_response_and_can_be_restored(
    session: Session, place: int, phones: Phones, staff_of: StaffOf, clock: TestClock
) -> None:
    reader = phones()
    for _ in range(6):
        phones().rate(place, 5)
    unharmed = facility_row(session, place)
    clock.advance(days=3)
    liar = phones()
    liar.rate(place, 1)
    for _ in range(9):
        phones().rate(place, 1)
    harmed = facility_row(session, place)
    senior = staff_of("senior")
    (item,) = senior.queue(kind="rate_bomb")
    assert (item["details"]["ratings"], item["details"]["low"], item["details"]["record_mean"]) == (10, 10, 5.0)
    window = {"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}
    assert staff_of("moderator").decide(item, "exclude_ratings", "one_sided_burst", **window).status_code == 403
    assert senior.decide(item, "exclude_ratings", "one_sided_burst").status_code == 422
    assert senior.decide(item, "exclude_ratings", "one_sided_burst", **window).status_code == 201
    rating = summary(reader, place)
    assert (rating["count"], rating["excluded_count"], rating["mean"]) == (6, 10, 5.0)
    assert len(reader("GET", f"/v1/facilities/{place}/ratings").get_json()["ratings"]) == 16  # still to be read
    sums = ("rating_count", "stars_total", "weight_slow", "stars_slow", "weight_fast", "stars_fast", "last_rated_at")
    now = facility_row(session, place)
    assert [now[name] for name in sums] == [unharmed[name] for name in sums]
    phones().rate(place, 1)  # a rating inside the window that comes later is left out, too
    assert summary(reader, place)["excluded_count"] == 11

    (decision,) = liar("GET", "/v1/me/decisions").get_json()["decisions"]  # it restricts them, so that they may appeal
    assert (decision["action"], decision["reason"]) == ("exclude_ratings", "one_sided_burst")
    assert reader("GET", "/v1/me/decisions").get_json() == {"decisions": []}
    (made,) = senior("GET", "/admin/v1/decisions").get_json()["decisions"]
    assert senior("POST", f"/admin/v1/decisions/{made['id']}/revert", {"reason": "mistake"}).status_code == 201
    assert summary(reader, place)["excluded_count"] == 0
    assert summary(reader, place)["count"] == harmed["rating_count"] + 1


def test_many_good_ratings_of_a_good_place_raise_no_alarm(
    place: int, phones: Phones, clock: TestClock, moderator: Caller
) -> None:
    for _ in range(6):
        phones().rate(place, 5)
    clock.advance(days=3)
    for _ in range(15):
        phones().rate(place, 5)
    assert moderator.queue() == []


def test_a_dismissed_alarm_is_raised_again_only_for_new_ratings(
    place: int, phones: Phones, moderator: Caller, clock: TestClock
) -> None:
    bombed(place, phones, clock)
    (item,) = moderator.queue(kind="rate_bomb")
    clock.advance(minutes=1)
    assert moderator.decide(item, "dismiss_alarm", "no_fault").status_code == 201
    for _ in range(9):
        clock.advance(minutes=1)
        phones().rate(place, 1)
    assert moderator.queue() == []
    clock.advance(minutes=1)
    phones().rate(place, 5)  # nine of ten agree, but on what was the record by now
    assert moderator.queue() == []
