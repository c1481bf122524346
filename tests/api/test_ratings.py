"""Rating a place: once, again, by mistake twice, and taking it back."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from geo.crowd import ratings
from geo.crowd.devices import TOKEN_LIFETIME
from geo.crowd.models import Device, PastRating, Rating
from geo.crowd.ratings import REPEAT_WINDOW
from geo.facilities.models import Facility
from tests.conftest import NOON, TestClock
from tests.factories import add_device, add_facility, add_rating, bearer, contents

FULL = {"stars": 4, "comment": "Warm water.", "observed": {"soap": "yes", "paper": "no", "queue_min": 3}}

QUALITY = 4.0278
"""Of one fresh 5★: base = (5 * 3.6 + 5) / 6, q = (5 * base + 5) / 6; q - sd is the 3.44 of docs/ranking.md."""


@pytest.fixture
def path(place: int) -> str:
    return f"/v1/facilities/{place}/rating"


def past_ratings(session: Session) -> int:
    return session.execute(select(func.count()).select_from(PastRating)).scalar_one()


def test_a_first_rating_is_created_and_returned(
    client: FlaskClient, path: str, place: int, headers: dict[str, str]
) -> None:
    response = client.put(path, json=FULL, headers=headers)
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    receipt = response.json
    assert receipt is not None
    assert {key: receipt[key] for key in FULL} == FULL
    assert (receipt["facility_id"], receipt["rated_at"], receipt["demo"]) == (place, "2026-11-20T12:00:00Z", False)
    assert receipt["facility_rating"]["count"] == 1
    assert client.get(path, headers=headers).json == receipt


def test_rating_again_replaces_the_rating_and_keeps_the_history(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str], clock: TestClock
) -> None:
    first = client.put(path, json={"stars": 5}, headers=headers).json
    clock.advance(hours=1)
    again = client.put(path, json={"stars": 2}, headers=headers)
    assert again.status_code == 200
    assert first is not None
    assert again.json is not None
    assert (again.json["id"], again.json["stars"]) == (first["id"], 2)
    assert (again.json["facility_rating"]["count"], again.json["facility_rating"]["mean"]) == (1, 2)
    assert past_ratings(session) == 1


def test_a_repeated_request_changes_nothing(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str], clock: TestClock
) -> None:
    first = client.put(path, json=FULL, headers=headers).json
    before = contents(session)
    clock.now += REPEAT_WINDOW - timedelta(seconds=1)
    again = client.put(path, json=FULL, headers=headers)
    assert again.status_code == 200
    assert again.json is not None
    assert first is not None
    assert again.json["rated_at"] == first["rated_at"]
    assert contents(session) == before


def test_the_same_stars_on_a_later_visit_are_a_new_rating(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str], clock: TestClock
) -> None:
    client.put(path, json=FULL, headers=headers)
    clock.now += REPEAT_WINDOW
    again = client.put(path, json=FULL, headers=headers).json
    assert again is not None
    assert again["rated_at"] == "2026-11-20T12:10:00Z"
    assert past_ratings(session) == 1


def test_withdrawing_a_rating_is_idempotent(
    client: FlaskClient, session: Session, path: str, place: int, headers: dict[str, str]
) -> None:
    client.put(path, json={"stars": 1}, headers=headers)
    for _ in range(2):
        response = client.delete(path, headers=headers)
        assert (response.status_code, response.data) == (204, b"")
        assert response.headers["Cache-Control"] == "no-store"
    assert client.get(path, headers=headers).status_code == 404
    assert past_ratings(session) == 1
    rating = client.get(f"/v1/facilities/{place}").get_json(force=True)["properties"]["rating"]
    assert (rating["count"], rating["mean"], rating["verdict"], rating["last_rated_at"]) == (0, None, "unrated", None)


def test_a_device_sees_only_its_own_rating(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str]
) -> None:
    client.put(path, json={"stars": 1}, headers=headers)
    stranger = bearer(add_device(session, NOON).token)
    assert client.get(path, headers=stranger).status_code == 404
    assert client.delete(path, headers=stranger).status_code == 204
    assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("comment", [None, "", "   ", "\n\t ", "\u200b", "\u2060 \ufeff\u200d"])
def test_a_blank_comment_is_returned_as_null(
    client: FlaskClient, path: str, headers: dict[str, str], comment: str | None
) -> None:
    receipt = client.put(path, json={"stars": 3, "comment": comment}, headers=headers).json
    assert receipt is not None
    assert receipt["comment"] is None


@pytest.mark.parametrize("comment", ["x" * 1000, "  " + "🚻" * 1000 + "\n", "tab\tand\nline", "שירותים", "a\u200bb"])
def test_a_comment_is_returned_as_written_without_outer_whitespace(
    client: FlaskClient, path: str, headers: dict[str, str], comment: str
) -> None:
    assert client.put(path, json={"stars": 3, "comment": comment}, headers=headers).status_code == 201
    receipt = client.get(path, headers=headers).json
    assert receipt is not None
    assert receipt["comment"] == comment.strip()


def test_one_five_star_rating_is_unsure_and_two_are_sit(
    client: FlaskClient, session: Session, path: str, place: int, clock: TestClock
) -> None:
    verdicts = []
    for _ in range(2):
        phone = add_device(session, NOON - timedelta(days=2))
        ratings.rate(session, add_facility(session), phone.device_id, ratings.NewRating(4), NOON)  # a track record
        clock.advance(days=4)  # no rush
        receipt = client.put(path, json={"stars": 5, "presence": "within_150_m"}, headers=bearer(phone.token)).json
        assert receipt is not None
        assert receipt["counts_as"] == {"weight": 1, "age": 1, "track": 1, "presence": 1, "rush": 1, "why": []}
        verdicts.append(receipt["facility_rating"])
    assert [verdict["verdict"] for verdict in verdicts] == ["unsure", "sit"], place
    assert verdicts[0]["quality"] == QUALITY
    assert verdicts[0]["quality"] - verdicts[0]["sd"] == pytest.approx(3.44, abs=0.005)
    assert verdicts[1]["quality"] - verdicts[1]["sd"] == pytest.approx(3.76, abs=0.005)


def test_paging_returns_every_rating_exactly_once(client: FlaskClient, session: Session, place: int) -> None:
    for minutes in (0, 0, 0, 0, 1, 1, 2):  # equal times are ordered by id
        add_rating(session, place, 5, NOON - timedelta(minutes=minutes))
    everything = client.get(f"/v1/facilities/{place}/ratings").json
    assert everything is not None
    assert everything["next_cursor"] is None
    for limit in (1, 2, 3, 7):
        paged: list[dict[str, object]] = []
        cursor = ""
        while cursor is not None:
            page = client.get(f"/v1/facilities/{place}/ratings?limit={limit}{cursor and '&cursor=' + cursor}").json
            assert page is not None
            assert 0 < len(page["ratings"]) <= limit
            paged += page["ratings"]
            cursor = page["next_cursor"]
        assert paged == everything["ratings"]
    assert len(everything["ratings"]) == 7
    order = [(rating["rated_at"], rating["id"]) for rating in everything["ratings"]]
    assert order == sorted(order, reverse=True)


def test_a_list_does_not_identify_the_raters(
    client: FlaskClient, path: str, place: int, headers: dict[str, str]
) -> None:
    client.put(path, json=FULL, headers=headers)
    listed = client.get(f"/v1/facilities/{place}/ratings").json
    assert listed is not None
    assert set(listed["ratings"][0]) == {"id", "stars", "comment", "observed", "rated_at", "demo"}


def test_observations_of_visitors_are_counted(client: FlaskClient, session: Session, path: str, place: int) -> None:
    for soap in ("yes", "yes", "no"):
        body = {"stars": 4, "observed": {"soap": soap}}
        client.put(path, json=body, headers=bearer(add_device(session, NOON).token))
    seen = client.get(f"/v1/facilities/{place}").get_json(force=True)["observed"]
    assert set(seen) == {"soap"}
    assert (seen["soap"]["yes"], seen["soap"]["of"]) == (2, 3)


def test_a_closed_place_can_still_be_rated(
    client: FlaskClient, session: Session, path: str, place: int, headers: dict[str, str]
) -> None:
    session.execute(update(Facility).where(Facility.id == place).values(status="closed"))
    assert client.put(path, json={"stars": 1}, headers=headers).status_code == 201


def test_rating_renews_an_ageing_token(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str], clock: TestClock
) -> None:
    def expires_at() -> object:
        session.expire_all()
        return session.execute(select(Device.expires_at)).scalar_one()

    client.put(path, json={"stars": 1}, headers=headers)
    assert expires_at() == NOON + TOKEN_LIFETIME
    clock.now += TOKEN_LIFETIME * 0.6
    client.put(path, json={"stars": 1}, headers=headers)
    assert expires_at() == clock() + TOKEN_LIFETIME


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, None),
        ("http://localhost", None),
        ("HTTPS://LocalHost", None),
        ("https://page.example", "https://page.example"),
        ("HTTPS://PAGE.example:8443", "https://page.example:8443"),
        ("capacitor://localhost:1", "capacitor://localhost:1"),
        ("null", "null"),
        ("", "null"),
        ("  ", "null"),
        ("http://[", "null"),
        ("https://[::1", "null"),
        ("https://[not an address]", "null"),
        ("https://" + 300 * "a", "https://" + 247 * "a"),
    ],
)
def test_any_origin_header_is_a_page_of_another_site_of_this_host_or_unknown(
    client: FlaskClient, session: Session, path: str, headers: dict[str, str], sent: str | None, stored: str | None
) -> None:
    origin = {} if sent is None else {"Origin": sent}
    assert client.put(path, json={"stars": 5}, headers=headers | origin).status_code == 201
    assert session.execute(select(Rating.origin)).scalar_one() == stored
