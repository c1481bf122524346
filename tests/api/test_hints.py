"""POST /v1/hints over HTTP: speaks or stays silent, in the caller's language, and refuses what makes no sense."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.hints import examples as hints_examples
from api.hints.schemas import HintReply
from geo.ahead import passes
from geo.ahead.hints.rules import SPOKEN
from tests.api.problem_documents import named
from tests.conftest import TestClock
from tests.factories import add_facility, add_rating

HELSINKI = {"lat": 60.1699, "lon": 24.9384}
IN_NEED = {**HELSINKI, "comfort_s": 3600, "since_last_stop_s": 3500}


def ask(client: FlaskClient, body: dict[str, Any], language: str | None = None) -> dict[str, Any]:
    response = client.post("/v1/hints", json=body, headers={"Accept-Language": language} if language else {})
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    document: dict[str, Any] = response.get_json()
    assert not HintReply().validate(document)
    return document


def add_good_place(session: Session, clock: TestClock, lat: float = 60.1719, **columns: Any) -> int:
    facility = add_facility(session, 24.9384, lat, name="Asema-aukio", **columns)
    for _ in range(4):
        add_rating(session, facility, 5, clock())
    return facility


def test_a_hint_names_the_best_place_and_a_backup(client: FlaskClient, session: Session, clock: TestClock) -> None:
    best = add_good_place(session, clock)
    other = add_facility(session, 24.9384, 60.1720)
    answer = ask(client, IN_NEED)
    assert (answer["speak"], answer["reason"]) == (True, "comfort_running_out")
    assert (answer["facility"]["id"], answer["backup"]["id"]) == (best, other)
    assert answer["text"] == "Asema-aukio, 200 metres away: a good moment for a stop."
    assert answer["ask_again"] == {"after_s": 1800, "after_m": None}


def test_ask_again_gives_the_distance_to_the_first_place_out_of_reach(
    client: FlaskClient, session: Session, clock: TestClock
) -> None:
    add_good_place(session, clock, lat=60.1699 + 0.02)
    answer = ask(client, IN_NEED)
    assert (answer["speak"], answer["reason"], answer["facility"]) == (False, "nothing_near", None)
    assert answer["ask_again"] == {"after_s": 1900, "after_m": 1623}


def test_a_declined_reason_is_not_repeated_until_the_next_stop(
    client: FlaskClient, session: Session, clock: TestClock
) -> None:
    first = add_good_place(session, clock)
    second = add_facility(session, 24.9384, 60.1720)
    hint = ask(client, IN_NEED)
    assert (hint["speak"], hint["facility"]["id"]) == (True, first)
    memory = {"last_hint_at": hint["as_of"], "last_hint_facility_id": first}

    clock.advance(seconds=hint["ask_again"]["after_s"])
    later = {**IN_NEED, **memory, "since_last_stop_s": IN_NEED["since_last_stop_s"] + hint["ask_again"]["after_s"]}
    declined = ask(client, {**later, "declined": [hint["reason"]]})
    assert (declined["speak"], declined["reason"], declined["facility"]) == (False, "declined", None)
    repeated = ask(client, later)
    assert (repeated["reason"], repeated["facility"]["id"]) == (hint["reason"], second)

    # At a stop the phone forgets what was declined.
    clock.advance(seconds=3500)
    assert ask(client, {**IN_NEED, **memory})["reason"] == hint["reason"]


def test_a_declined_reason_does_not_silence_another(client: FlaskClient, session: Session, clock: TestClock) -> None:
    best = add_good_place(session, clock)
    heading_north = {**IN_NEED, "heading_deg": 0}
    answer = ask(client, {**heading_north, "declined": ["comfort_running_out"]})
    assert (answer["reason"], answer["facility"]["id"]) == ("long_gap_ahead", best)
    assert ask(client, {**heading_north, "declined": list(SPOKEN)})["reason"] == "declined"


def test_drinking_water_is_suggested_only_on_request(client: FlaskClient, session: Session) -> None:
    water = add_facility(session, 24.9384, 60.1699, kind="drinking_water")
    assert not ask(client, IN_NEED)["speak"]
    assert ask(client, {**IN_NEED, "needs": {"kind": ["any"]}})["facility"]["id"] == water
    answer = ask(client, {**IN_NEED, "needs": {"kind": ["drinking_water"]}})
    assert (answer["facility"]["id"], answer["text"]) == (
        water,
        "Drinking water, right here: a good moment for a stop.",
    )


SENTENCES = [
    (None, "en", "Asema-aukio, 200 metres away: a good moment for a stop."),
    ("en-GB", "en", "Asema-aukio, 200 metres away: a good moment for a stop."),
    ("fr", "fr", "Asema-aukio, à 200 mètres\N{NO-BREAK SPACE}: un bon moment pour s\u2019arrêter."),
    ("de-CH, en;q=0.5", "de", "Asema-aukio, 200 Meter entfernt: ein guter Moment für einen Halt."),
    ("es-419", "es", "Asema-aukio, a 200 metros: un buen momento para parar."),
    ("sv, fi;q=0.8, en;q=0.1", "fi", "Asema-aukio, 200 metrin päässä: hyvä hetki pysähtyä."),
    ("ja", "en", "Asema-aukio, 200 metres away: a good moment for a stop."),
    ("*", "en", "Asema-aukio, 200 metres away: a good moment for a stop."),
    ("fr;q=0, nonsense;;q=x", "en", "Asema-aukio, 200 metres away: a good moment for a stop."),
]


@pytest.mark.parametrize(("accept_language", "language", "text"), SENTENCES)
def test_a_hint_is_in_the_callers_language(
    client: FlaskClient, session: Session, clock: TestClock, accept_language: str | None, language: str, text: str
) -> None:
    add_good_place(session, clock)
    headers = {"Accept-Language": accept_language} if accept_language else {}
    response = client.post("/v1/hints", json=IN_NEED, headers=headers)
    assert (response.headers["Content-Language"], response.get_json()["language"]) == (language, language)
    assert "Accept-Language" in response.headers["Vary"]
    assert response.get_json()["text"] == text


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"lat": 91}, ["lat"]),
        ({"lat": None}, ["lat"]),
        ({"lat": "60"}, ["lat"]),
        ({"lat": True}, ["lat"]),
        ({"lat": 91, "lon": -181}, ["lat", "lon"]),
        ({"heading_deg": 361}, ["heading_deg"]),
        ({"heading_deg": -1}, ["heading_deg"]),
        ({"speed_m_s": 101}, ["speed_m_s"]),
        ({"mode": "fly"}, ["mode"]),
        ({"comfort_s": 599}, ["comfort_s"]),
        ({"comfort_s": 3600.5}, ["comfort_s"]),
        ({"since_last_stop_s": -1}, ["since_last_stop_s"]),
        ({"last_hint_at": "yesterday"}, ["last_hint_at"]),
        ({"last_hint_at": "2026-11-20T12:00:00"}, ["last_hint_at"]),
        ({"last_hint_facility_id": 0, "last_hint_at": "2026-11-20T12:00:00Z"}, ["last_hint_facility_id"]),
        ({"last_hint_facility_id": 5}, ["last_hint_at"]),
        ({"dismissed": "5"}, ["dismissed"]),
        ({"dismissed": [5, "x"]}, ["dismissed.1"]),
        ({"dismissed": list(range(1, 202))}, ["dismissed"]),
        ({"declined": "comfort_running_out"}, ["declined"]),
        ({"declined": ["comfort_running_out", "declined"]}, ["declined.1"]),
        ({"quiet_hours": {"from": "22:00", "to": "07:00"}}, ["local_time"]),
        ({"quiet_hours": {"from": "24:00", "to": "07:00"}, "local_time": "12:00"}, ["quiet_hours.from"]),
        ({"quiet_hours": {"from": "22:00"}, "local_time": "12:00"}, ["quiet_hours.to"]),
        ({"quiet_hours": {"from": "22:00", "to": "22:00"}, "local_time": "12:00"}, ["quiet_hours.to"]),
        ({"local_time": "9:00"}, ["local_time"]),
        ({"local_time": "٠٩:00"}, ["local_time"]),
        ({"needs": {"kind": ["sauna"]}}, ["needs.kind.0"]),
        ({"needs": {"colour": "red"}}, ["needs.colour"]),
        ({"route": {}}, ["route.line"]),
        ({"route": {"polyline": "!!"}}, ["route.polyline"]),
        ({"route": {"polyline": "_p~iF~ps|U", "precision": 7}}, ["route.precision"]),
        ({"route": {"line": {"type": "LineString", "coordinates": [[0, 0]]}}}, ["route.line"]),
        ({"route": {"line": {"type": "LineString", "coordinates": [[0, 0], [0, 91]]}}}, ["route.line.coordinates.1"]),
        ({"route": {"line": {"type": "Point", "coordinates": [[0, 0], [0, 1]]}}}, ["route.line.type"]),
        (
            {"route": {"line": {"type": "LineString", "coordinates": [[0, 0], [0, 1]]}, "polyline": "_p~iF~ps|U"}},
            ["route.polyline"],
        ),
        ({"colour": "red"}, ["colour"]),
    ],
)
@pytest.mark.usefixtures("nothing_changes")
def test_a_bad_value_in_a_request_is_named(client: FlaskClient, change: dict[str, Any], names: list[str]) -> None:
    response = client.post("/v1/hints", json={**HELSINKI, **change})
    assert sorted(named(response)) == [("body", name) for name in names]


def test_the_example_is_a_valid_request_with_its_response(client: FlaskClient) -> None:
    ask(client, hints_examples.REQUEST)
    assert not HintReply().validate(hints_examples.HINT)


@pytest.mark.parametrize(
    ("local_time", "reason", "after_s"),
    [
        ("21:59:59", "comfort_running_out", 1800),
        ("22:00", "quiet_hours", 9 * 3600),
        ("06:59:30", "quiet_hours", 30),
        ("07:00", "comfort_running_out", 1800),
    ],
)
def test_quiet_hours_follow_the_phones_clock_across_midnight(
    client: FlaskClient, session: Session, clock: TestClock, local_time: str, reason: str, after_s: int
) -> None:
    add_good_place(session, clock)
    quiet = {"quiet_hours": {"from": "22:00", "to": "07:00"}, "local_time": local_time}
    answer = ask(client, {**IN_NEED, **quiet})
    assert (answer["reason"], answer["speak"]) == (reason, reason == "comfort_running_out")
    assert answer["ask_again"] == {"after_s": after_s, "after_m": None}


def test_a_route_near_too_many_places_is_refused_and_the_field_named(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "MAX_PAIRS", 0)
    line = {"type": "LineString", "coordinates": [[24.9384, 60.1699], [25.5, 60.5]]}
    response = client.post("/v1/hints", json={**IN_NEED, "speed_m_s": 25, "route": {"line": line}})
    assert named(response) == [("body", "route")]
    assert response.get_json()["errors"][0]["pointer"] == "#/route"
