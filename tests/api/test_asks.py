"""GET /v1/asks, and the questions in answers about one place and in hints."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.asks import examples
from api.asks.schemas import AskReply
from tests.api.partner.conftest import ORIGIN, add_partner
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import add_facility, add_rating, bearer

LAT, LON = 60.17, 24.94
URL = f"/v1/asks?lat={LAT}&lon={LON}"


def get(client: FlaskClient, url: str, language: str = "en") -> Any:
    response = client.get(url, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    return response.get_json(force=True)


@pytest.fixture
def place(session: Session) -> int:
    """The place nearby, before another that is a little too far to be asked about."""
    forum = add_facility(session, LON, LAT + 0.0025, name="Forum")
    add_facility(session, LON, LAT + 0.0029, name="Tori")
    return forum


def test_the_place_nearby_is_asked_about_in_one_line(client: FlaskClient, place: int) -> None:
    answer = get(client, URL)
    [ask] = answer["asks"]
    assert (ask["facility_id"], ask["label"], ask["distance_m"]) == (place, "Forum", 278.0)
    assert ask["question"] == "Forum: nobody has rated it yet. How clean was it?"
    assert 0.001 < ask["worth_stars"] < 1
    assert (answer["silent"], answer["language"]) == (None, "en")
    assert not AskReply().validate({**answer, "as_of": answer["as_of"]})


@pytest.mark.parametrize(
    ("days", "language", "question"),
    [
        (3, "en", "Forum: how clean was it?"),
        (59, "de", "Forum: Wie sauber war es?"),
        (60, "en", "Forum: nobody has rated it for 2 months. How clean was it?"),
        (160, "fr", "Forum\u00a0: personne n\u2019a donné de note depuis 5 mois. Était-ce propre\u00a0?"),
        (160, "de", "Forum: Seit 5 Monaten hat hier niemand bewertet. Wie sauber war es?"),
        (160, "es", "Forum: nadie lo ha valorado desde hace 5 meses. ¿Estaba limpio?"),
        (160, "fi", "Forum: kukaan ei ole arvioinut paikkaa 5 kuukauteen. Kuinka siistiä siellä oli?"),
    ],
)
def test_the_question_says_how_long_nobody_has_rated_the_place(
    client: FlaskClient, session: Session, clock: TestClock, place: int, days: int, language: str, question: str
) -> None:
    add_rating(session, place, 4, clock() - timedelta(days=days))
    [ask] = get(client, URL, language)["asks"]
    assert ask["question"] == question


@pytest.mark.parametrize(
    ("parameters", "silent"),
    [
        ("last_asked_at=2026-11-20T11:00:00Z", "asked_today"),
        ("last_asked_at=2026-11-19T11:59:00Z", None),
        ("local_time=23:00", "quiet_hours"),
        ("local_time=08:00", None),
        ("dismissed={place}", "nothing_to_ask"),
        ("dismissed={place},17", "nothing_to_ask"),
        ("dismissed=17", None),
    ],
)
def test_a_phone_says_what_it_remembers(client: FlaskClient, place: int, parameters: str, silent: str | None) -> None:
    answer = get(client, f"{URL}&{parameters.format(place=place)}")
    assert answer["silent"] == silent
    assert bool(answer["asks"]) == (silent is None)
    shown = get(client, f"/v1/facilities/{place}?{parameters.format(place=place)}")
    about = shown["ask"] and shown["ask"]["facility_id"]
    assert (about == place) == (silent is None)


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("lat=91&lon=0", "lat"),
        ("lat=1", "lon"),
        ("lat=1&lon=1&limit=6", "limit"),
        ("lat=1&lon=1&last_asked_at=yesterday", "last_asked_at"),
        ("lat=1&lon=1&local_time=25:00", "local_time"),
        ("lat=1&lon=1&dismissed=x", "dismissed"),
        ("lat=1&lon=1&radius=3", "radius"),
    ],
)
def test_a_bad_parameter_is_named(client: FlaskClient, parameters: str, name: str) -> None:
    errors = problem(client.get(f"/v1/asks?{parameters}"), 422)["errors"]
    assert [error["name"] for error in errors] == [name]


def test_several_places_are_listed_by_their_worth(client: FlaskClient, session: Session, clock: TestClock) -> None:
    places = [add_facility(session, LON, LAT + step / 10_000) for step in range(4)]
    for place in places[:2]:
        for _ in range(20):
            add_rating(session, place, 4, clock())
    answer = get(client, f"{URL}&limit=5")
    worths = [ask["worth_stars"] for ask in answer["asks"]]
    assert worths == sorted(worths, reverse=True)
    assert {ask["facility_id"] for ask in answer["asks"][:2]} == set(places[2:])


def test_the_answer_about_a_place_has_a_question_about_what_is_near_it(client: FlaskClient, place: int) -> None:
    shown = get(client, f"/v1/facilities/{place}")
    assert shown["ask"]["facility_id"] == place
    assert shown["ask"]["distance_m"] == 0


def test_an_unchanged_answer_with_its_question_is_304(client: FlaskClient, session: Session, place: int) -> None:
    for url in (URL, f"/v1/facilities/{place}"):
        tag = client.get(url).headers["ETag"]
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(f"{url}{'&' if '?' in url else '?'}local_time=23:00", headers={"If-None-Match": tag}).json
    add_facility(session, LON, LAT)
    assert client.get(URL, headers={"If-None-Match": tag}).status_code == 200


def test_partners_get_no_question(client: FlaskClient, session: Session, clock: TestClock, place: int) -> None:
    key = add_partner(session, "Acme", ORIGIN, clock).publishable.key
    shown = client.get(f"/partner/v1/facilities/{place}", headers={"Origin": ORIGIN, **bearer(key)})
    assert "ask" not in shown.get_json(force=True)


SILENT_HINT: dict[str, Any] = {"lat": LAT, "lon": LON, "since_last_stop_s": 60, "comfort_s": 7200}


def test_after_a_stop_a_phone_is_told_what_to_ask(client: FlaskClient, place: int) -> None:
    answer = client.post("/v1/hints", json=SILENT_HINT).json
    assert answer["speak"] is False
    assert answer["ask_about"]["facility_id"] == place
    assert answer["ask_about"]["question"] == "Forum: nobody has rated it yet. How clean was it?"


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "drive"},
        {"last_asked_at": "2026-11-20T11:00:00Z"},
        {"local_time": "23:00"},
        {"quiet_hours": {"from": "11:00", "to": "13:00"}, "local_time": "12:00"},
    ],
    ids=str,
)
def test_a_phone_asks_nothing_at_the_wheel_twice_a_day_or_in_quiet_hours(
    client: FlaskClient, place: int, change: dict[str, Any]
) -> None:
    answer = client.post("/v1/hints", json=SILENT_HINT | change).json
    assert (answer["speak"], answer["ask_about"]) == (False, None)
    dismissed = client.post("/v1/hints", json=SILENT_HINT | {"dismissed": [place]}).json
    assert dismissed["ask_about"] is None


def test_a_hint_and_a_question_never_come_together(client: FlaskClient, session: Session, clock: TestClock) -> None:
    for north in (0.0005, 0.001):
        place = add_facility(session, LON, LAT + north)
        for _ in range(4):
            add_rating(session, place, 5, clock())
    answer = client.post("/v1/hints", json=SILENT_HINT | {"since_last_stop_s": 7000}).json
    assert (answer["speak"], answer["ask_about"]) == (True, None)


def test_the_example_is_valid() -> None:
    assert not AskReply().validate(examples.ASKS)
