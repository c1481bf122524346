"""What callers get for a place that was merged into another one: a redirect, and a hint that knows it."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from geo.conflation import merging
from tests.api.moderation.callers import member, phone
from tests.api.test_hints import IN_NEED, add_good_place, ask
from tests.conftest import NOON, TestClock
from tests.factories import add_facility, add_rating


@pytest.fixture
def pair(session: Session) -> tuple[int, int]:
    """A place and the one that was merged into it."""
    first, second = add_facility(session, 24.9384, 60.1699, name="Rose"), add_facility(session, 24.9384, 60.1699)
    add_rating(session, second, 4, NOON)
    merging.merge(session, first, second, NOON)
    return first, second


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/facilities/{}", None),
        ("HEAD", "/v1/facilities/{}", None),
        ("GET", "/v1/facilities/{}/ratings", None),
        ("GET", "/v1/facilities/{}/ratings?limit=3", None),
        ("GET", "/v1/facilities/{}/rating", None),
        ("PUT", "/v1/facilities/{}/rating", {"stars": 4}),
        ("DELETE", "/v1/facilities/{}/rating", None),
        ("POST", "/v1/facilities/{}/reports", {"reason": "wrong"}),
    ],
)
def test_a_merged_place_redirects_to_the_same_url_of_its_place(
    client: FlaskClient, session: Session, clock: TestClock, pair: tuple[int, int], method: str, path: str, body: Any
) -> None:
    first, second = pair
    response = phone(client, session, clock)(method, path.format(second), body)
    assert response.status_code == 308
    assert response.headers["Location"] == path.format(first)
    assert response.headers["Cache-Control"] == "no-cache"
    if method != "HEAD":
        document = response.get_json(force=True)
        assert document["detail"] == f"facility {second} is now part of facility {first}"
        assert [error["name"] for error in document["errors"]] == ["facility_id"]


@pytest.mark.parametrize("path", ["/v1/facilities/{}", "/v1/facilities/{}/ratings"])
def test_a_client_that_follows_gets_the_place(client: FlaskClient, pair: tuple[int, int], path: str) -> None:
    first, second = pair
    followed = client.get(path.format(second), follow_redirects=True)
    assert followed.get_json() == client.get(path.format(first)).get_json()


def test_a_rating_that_follows_counts_for_the_place(
    client: FlaskClient, session: Session, clock: TestClock, pair: tuple[int, int]
) -> None:
    first, second = pair
    rater = phone(client, session, clock)
    redirect = rater("PUT", f"/v1/facilities/{second}/rating", {"stars": 5})
    response = rater("PUT", redirect.headers["Location"], {"stars": 5})
    assert response.status_code == 201, response.text
    assert response.get_json()["facility_id"] == first
    assert response.get_json()["facility_rating"]["count"] == 2


def test_a_hostile_query_string_does_not_leave_the_location(client: FlaskClient, pair: tuple[int, int]) -> None:
    first, second = pair
    response = client.get(f"/v1/facilities/{second}/ratings", query_string="cursor=%0D%0AX: 1&limit=<é>")
    assert response.status_code in {308, 422}
    response = client.get(f"/v1/facilities/{second}/ratings?limit=%33")
    assert response.headers["Location"] == f"/v1/facilities/{first}/ratings?limit=%33"


def test_a_record_is_no_place(client: FlaskClient, pair: tuple[int, int]) -> None:
    newest = max(pair) + 1
    assert client.get(f"/v1/facilities/{newest}").status_code == 404


def test_staff_see_merged_places_as_they_are(
    client: FlaskClient, session: Session, clock: TestClock, pair: tuple[int, int]
) -> None:
    first, second = pair
    shown = member(client, session, clock, "reader")("GET", f"/admin/v1/facilities/{second}").get_json()["facility"]
    assert (shown["status"], shown["merged_into"]) == ("merged", first)


@pytest.mark.parametrize("is_on_route", [False, True])
@pytest.mark.parametrize("remembered", ["dismissed", "last_hint_facility_id"])
def test_what_a_phone_remembers_of_a_merged_place_counts_for_its_place(
    client: FlaskClient, session: Session, clock: TestClock, remembered: str, *, is_on_route: bool
) -> None:
    best = add_good_place(session, clock)
    absorbed = add_facility(session, 24.9384, 60.1719)
    merging.merge(session, best, absorbed, NOON)
    body: dict[str, Any] = dict(IN_NEED)
    if is_on_route:
        line = {"type": "LineString", "coordinates": [[24.9384, 60.1699], [24.9384, 60.1819]]}
        body["route"] = {"line": line}
    spoken = ask(client, body)
    assert spoken["facility"]["id"] == best
    if remembered == "dismissed":
        body["dismissed"] = [absorbed]
    else:
        body |= {"last_hint_facility_id": absorbed, "last_hint_at": "2026-11-20T11:50:00Z"}
    answer = ask(client, body)
    assert answer["facility"] is None
    assert answer == ask(client, {**body, remembered: [best] if remembered == "dismissed" else best})


def test_a_merged_place_does_not_cost_a_hint_a_statement(
    client: FlaskClient, session: Session, clock: TestClock, statements: list[str]
) -> None:
    best = add_good_place(session, clock)
    ask(client, IN_NEED)
    plain = len(statements)
    statements.clear()
    ask(client, {**IN_NEED, "dismissed": [best]})
    assert len(statements) <= plain
