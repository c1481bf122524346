"""Trust weights, the alarm for rate bombs, and what moderators leave out of a quality."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.crowd import ratings, trust
from tests.api.moderation.callers import LONG_KNOWN, Caller, Phones, StaffOf, phone
from tests.conftest import TestClock
from tests.factories import add_device, facility_row

WEIGHTS = "SELECT weight_age, weight_presence, weight_cluster, weight, presence FROM rating ORDER BY id DESC LIMIT 1"


def summary(reader: Caller, place: int) -> dict[str, Any]:
    return dict(reader("GET", f"/v1/facilities/{place}").get_json()["properties"]["rating"])


@pytest.mark.parametrize(("count", "f"), [(1, 1), (2, 1.6931), (5, 2.6094), (10, 3.3026), (100, 5.6052)])
def test_the_weight_of_a_cluster_has_the_published_values(count: int, f: float) -> None:
    assert trust.cluster_weight(count) * count == pytest.approx(f, abs=5e-5)


@pytest.mark.parametrize(
    ("known_for", "presence", "weights"),
    [
        (timedelta(0), None, (0.3, 0.5, 1, 0.15)),
        (timedelta(hours=23, minutes=59), "within_150_m", (0.3, 1, 1, 0.3)),
        (timedelta(hours=24), "within_150_m", (1, 1, 1, 1)),
        (timedelta(days=9), "farther", (1, 0.5, 1, 0.5)),
    ],
)
def test_a_weight_is_stored_with_its_factors(
    client: FlaskClient,
    session: Session,
    clock: TestClock,
    place: int,
    known_for: timedelta,
    presence: str | None,
    weights: tuple[float, ...],
) -> None:
    device = add_device(session, clock() - known_for)
    body = {"stars": 4} | ({"presence": presence} if presence else {})
    assert Caller(client, device.token)("PUT", f"/v1/facilities/{place}/rating", body).status_code == 201
    row = session.execute(text(WEIGHTS)).one()
    assert row[:4] == pytest.approx(weights)
    assert row.presence == presence


def test_ratings_of_one_network_within_a_week_share_their_weight(
    client: FlaskClient, session: Session, clock: TestClock, place: int, phones: Phones
) -> None:
    neighbours = [phone(client, session, clock, f"192.0.2.{host}") for host in range(5)]
    for neighbour in neighbours[:3]:
        neighbour.rate(place)
    phones().rate(place)
    shares = "SELECT round(weight_cluster::numeric, 6) FROM rating ORDER BY id"
    three, five = (round(trust.cluster_weight(count), 6) for count in (3, 5))
    assert [float(row) for row in session.execute(text(shares)).scalars()] == [three, three, three, 1]
    for neighbour in neighbours[3:]:
        neighbour.rate(place)
    assert [float(row) for row in session.execute(text(shares)).scalars()] == [five, five, five, 1, five, five]
    for neighbour in neighbours[3:]:
        neighbour("DELETE", f"/v1/facilities/{place}/rating")
    assert [float(row) for row in session.execute(text(shares)).scalars()] == [three, three, three, 1]
    clock.advance(days=7)
    neighbours[4].rate(place)  # the week is over: they keep their weight, and the newcomer is alone
    assert [float(row) for row in session.execute(text(shares)).scalars()] == [three, three, three, 1, 1]
    before = facility_row(session, place)
    ratings.recompute(session, [place])
    assert facility_row(session, place) == before


@pytest.mark.parametrize(
    ("attackers", "known_for", "presence"),
    [
        ("new devices", timedelta(0), "within_150_m"),
        ("devices of two days that claim no presence", LONG_KNOWN, "farther"),
        ("devices of two days that lie of their presence", LONG_KNOWN, "within_150_m"),
    ],
)
def test_a_hundred_devices_of_one_network_barely_move_a_place(
    client: FlaskClient,
    session: Session,
    clock: TestClock,
    place: int,
    phones: Phones,
    attackers: str,
    known_for: timedelta,
    presence: str,
    moderator: Caller,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number in range(20):
        clock.advance(hours=5)
        phones().rate(place, 4 + number % 2)
    clock.advance(days=1)
    before = summary(phones(), place)["quality"]
    for host in range(100):
        device = add_device(session, clock() - known_for)
        Caller(client, device.token, f"192.0.2.{host}").rate(place, 1, presence=presence)
    after = summary(phones(), place)
    moved = before - after["quality"]
    with capsys.disabled():
        print(f"\n100 {attackers}, one network, all 1★, on 20 honest ratings: {moved:.3f} stars")  # noqa: T201
    assert 0 < moved < 0.5
    assert after["count"] == 120
    assert [item["kind"] for item in moderator.queue()] == ["rate_bomb"]


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
