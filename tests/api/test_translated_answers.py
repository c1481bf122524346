"""Every answer that people read, in every language: none has an English sentence."""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.api.catalogues import TRANSLATED, Message, english_patterns, forms, messages, pattern
from tests.api.moderation.callers import Caller, member, phone, regular
from tests.api.partner.conftest import ORIGIN, SEARCH, add_partner
from tests.api.route_requests import GOOD, PATH
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, add_rating, bearer
from tests.geo.ahead.test_stops import at_km

LAT, LON = 60.1699, 24.9384
HERE = f"lat={LAT}&lon={LON}"
VENUES = [
    *("aerodrome", "alpine_hut", "bakery", "bar", "bus_station", "cafe", "camp_site", "cinema", "community_centre"),
    *("convenience", "department_store", "fast_food", "ferry_terminal", "fuel", "hospital", "hostel", "hotel"),
    *("ice_cream", "kiosk", "library", "mall", "marketplace", "museum", "park", "parking", "pharmacy"),
    *("place_of_worship", "pub", "rest_area", "restaurant", "services", "sports_centre", "station", "supermarket"),
    *("swimming_pool", "theatre", "townhall", "university"),
]
KINDS = ("toilets", "drinking_water", "shower", "baby_care")
CLOSES_SOON = {"open_during": '{["2026-11-01 06:00:00+00","2026-11-20 12:20:00+00")}', "unknown_during": "{}"}
NOT_WALKED: set[Message] = {
    "%(place)s, %(away)s: %(closes)s.",  # placeholders only
    # In the texts of hints, which tests/api/test_hint_text.py reads one by one:
    "%(place)s, %(away)s: a good stop before %(gap)s without one.",
    ("%(number)s kilometre", "%(number)s kilometres"),
    ("%(number)s kilometre away", "%(number)s kilometres away"),
    # On the home page with imported data, and in statements about places, which have the same form as the others:
    "Data:",
    "A public facility, or ratings of one",
    (
        "Visitors from %(number)s network reported it closed within a week.",
        "Visitors from %(number)s networks reported it closed within a week.",
    ),
}
"""Messages that none of the answers below contains. A new message must be in one, or here with its reason."""


class World:
    """Places, decisions and callers that bring about every sentence."""

    def __init__(self, client: FlaskClient, session: Session, clock: TestClock) -> None:
        self.client, self.session, self.clock = client, session, clock
        self.author = self.phone()
        self.senior = member(client, session, clock, "senior")
        self.key = add_partner(session, "Acme", ORIGIN, clock).publishable.key

    def phone(self) -> Caller:
        return phone(self.client, self.session, self.clock)

    def report(self, facility_id: int, reason: str, rating_id: int | None = None, times: int = 3) -> None:
        for _ in range(times):
            reporter = regular(self.client, self.session, self.clock)
            assert reporter.report(facility_id, reason, rating_id).status_code == 201

    def good_place(self, lon: float, lat: float, **columns: Any) -> int:
        facility_id = add_facility(self.session, lon, lat, name="Asema", **columns)
        for _ in range(4):
            add_rating(self.session, facility_id, 5, self.clock())
        return facility_id


def answers(world: World, code: str) -> Iterator[tuple[str, TestResponse]]:
    """Every answer that has a sentence, each with its request."""
    language = {"Accept-Language": code}

    def get(url: str, **headers: str) -> tuple[str, TestResponse]:
        return url, world.client.get(url, headers=language | headers)

    def post(url: str, body: Any) -> tuple[str, TestResponse]:
        return f"{url} {body}", world.client.post(url, json=body, headers=language)

    yield get("/")
    yield get(f"/v1/facilities?{HERE}")
    yield get("/v1/facilities?bbox=24,60,25,61")
    yield get(f"/v1/fences?{HERE}")
    yield get(f"/{SEARCH.strip('/')}", Origin=ORIGIN, **bearer(world.key))
    yield post(PATH, GOOD)
    yield from _hints(world, post)
    yield from _labels(world, get)
    yield from _places(world, get)
    yield from _own_ratings(world, language)
    yield from _routes(world, post)
    yield from _decisions(world, language)
    yield get("/")


def _hints(world: World, post: Any) -> Iterator[tuple[str, TestResponse]]:
    """One hint of each reason, each in a town of its own."""
    for lat, since_s, place, more in (
        (10.0, 3500, (20.002, {}), {}),
        (11.0, 3500, (20.0, {}), {}),
        (12.0, 300, (20.1, {}), {"mode": "drive", "heading_deg": 90, "comfort_s": 7200}),
        (13.0, 2000, (20.002, CLOSES_SOON), {}),
        (14.0, 2000, (20.002, {}), {}),
    ):
        world.good_place(place[0], lat, **place[1])
        body = {"lat": lat, "lon": 20.0, "comfort_s": 3600, "since_last_stop_s": since_s, **more}
        if "comfort_s" in more:
            body["since_last_stop_s"] = 2000
        yield post("/v1/hints", body)


def _labels(world: World, get: Any) -> Iterator[tuple[str, TestResponse]]:
    """Places without a name: in each venue, twice at one address, and in each direction."""
    for venue in VENUES:
        add_facility(world.session, 40.0, 1.0, venue=venue)
    for _ in range(2):
        add_facility(world.session, 40.0, 2.0, street="Rue", house_number="8")
    for east, north in product((-1, 0, 1), repeat=2):
        add_facility(world.session, 40.0 + 0.001 * east, 3.0 + 0.001 * north)
    for lat in (1.0, 2.0, 3.0):
        yield get(f"/v1/facilities?lat={lat}&lon=40&limit=100")


def _places(world: World, get: Any) -> Iterator[tuple[str, TestResponse]]:
    for step, kind in enumerate(KINDS):
        add_facility(world.session, LON, LAT + 0.01 * step, kind=kind)
    rated = world.good_place(LON + 0.02, LAT)
    closed = add_facility(world.session, LON, LAT + 0.05, status="closed")
    doubtful = add_facility(world.session, LON, LAT + 0.06, name="Tori")
    world.report(doubtful, "closed")
    faulty = add_facility(world.session, LON, LAT + 0.07, name="Halli")
    world.report(faulty, "out_of_order")
    bombed = world.good_place(LON, LAT + 0.08)
    for _ in range(12):
        add_rating(world.session, bombed, 5, world.clock())
    for _ in range(5):
        world.phone().rate(bombed, 1)
    yield get(f"/v1/facilities?lat={LAT - 0.05}&lon={LON}&radius_m=100")
    yield get(f"/v1/facilities?{HERE}&radius_m=20000")
    yield get(f"/v1/facilities?{HERE}&radius_m=20000&explain=true")
    yield get("/v1/facilities?bbox=24,60,25,61")
    for facility_id in (rated, closed, doubtful, faulty, bombed):
        yield get(f"/v1/facilities/{facility_id}")
        yield get(f"/partner/v1/facilities/{facility_id}", Origin=ORIGIN, **bearer(world.key))
    yield get(f"/{SEARCH.strip('/')}&radius_m=20000", Origin=ORIGIN, **bearer(world.key))
    yield get(f"/v1/facilities/{rated}/ratings")
    yield get(f"/v1/fences?{HERE}&kind=any")


def _own_ratings(world: World, language: dict[str, str]) -> Iterator[tuple[str, TestResponse]]:
    """A rating by a new device, elsewhere, in a rush."""
    place = add_facility(world.session, 32.0, 1.0, name="Ranta")
    for _ in range(2):
        device = add_device(world.session, world.clock())
        newcomer = Caller(world.client, device.token)
        yield "PUT", newcomer("PUT", f"/v1/facilities/{place}/rating", {"stars": 4}, headers=language)
    yield "GET", newcomer("GET", f"/v1/facilities/{place}/rating", headers=language)


def _routes(world: World, post: Any) -> Iterator[tuple[str, TestResponse]]:
    at_km(world.session, 50)
    at_km(world.session, 50.3)
    yield post(PATH, GOOD | {"comfort_s": 2400})
    yield post(PATH, GOOD | {"comfort_s": 3600, "since_last_stop_s": 2400})
    for km in range(61, 80):
        at_km(world.session, km)
    yield post(PATH, GOOD | {"comfort_s": 3900, "limit": 3})


def _decisions(world: World, language: dict[str, str]) -> Iterator[tuple[str, TestResponse]]:
    """A decision on each kind of fact, as its author and as staff read it."""
    author, senior = world.author, world.senior
    place, other, third = (add_facility(world.session, 30.0, lat, name="Puisto") for lat in (1.0, 2.0, 3.0))
    author.rate(place, 1, "040 123 4567, matti@example.com, www.example.com")
    for item in senior.queue(kind="comment"):
        assert senior.decide(item, "hide_comment", "personal_data").status_code == 201
    rating_id = author.rate(other, 1, "Hyi")["id"]
    world.report(other, "offensive", rating_id)
    proposed = {"lon": 31.0, "lat": 1.0, "attributes": {"kind": "toilets", "name": "Ranta"}}
    proposal = author("POST", "/v1/proposals", proposed)
    assert proposal.status_code == 201, proposal.text
    (item,) = senior.queue(kind="proposal")
    assert senior.decide(item, "accept_proposal", "verified").status_code == 201
    new = next(
        row["target_id"]
        for row in author("GET", "/v1/me/export").get_json()["proposals"]
        for row in [{"target_id": row["facility_id"]}]
    )
    world.report(new, "closed")
    rating_id = author.rate(third, 1, "Yäk")["id"]
    world.report(third, "offensive", rating_id, times=1)
    (item,) = [item for item in senior.queue(kind="comment") if item["target_id"] == rating_id]
    assert senior.decide(item, "hide_comment", "offensive").status_code == 201
    for url in ("/v1/me/decisions", "/v1/me/export"):
        yield url, author("GET", url, headers=language)
    for url in ("/admin/v1/reasons", "/admin/v1/decisions", "/admin/v1/queue", f"/admin/v1/queue/{item['id']}"):
        yield url, senior("GET", url, headers=language)


def texts(document: Any) -> Iterator[str]:
    """Every string value in a JSON document, except the venue, which is an OSM value."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for name, value in document.items():
            if name != "venue":
                yield from texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value)


def read(response: TestResponse) -> list[str]:
    assert response.status_code in {200, 201}, response.text
    return [response.text] if response.mimetype == "text/html" else list(texts(response.get_json(force=True)))


@pytest.fixture
def world(client: FlaskClient, session: Session, clock: TestClock) -> World:
    return World(client, session, clock)


def test_together_the_answers_have_every_message(world: World) -> None:
    said = [text for _, response in answers(world, "en") for text in read(response)]
    missing = {message for message in messages() if not _is_found(_patterns(message), said)}
    assert missing == NOT_WALKED


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_answer_has_an_english_sentence(world: World, code: str) -> None:
    english = english_patterns(code)
    found = [
        (request, message, text)
        for request, response in answers(world, code)
        for text in read(response)
        for message, patterns in english.items()
        if _is_found(patterns, [text])
    ]
    assert found == []


@pytest.mark.parametrize("code", ["en", *TRANSLATED])
def test_every_answer_with_sentences_names_its_language_and_varies_by_it(world: World, code: str) -> None:
    for request, response in answers(world, code):
        if re.match(r"/v1/facilities/\d+/ratings|/admin/v1/(decisions|queue)", request):
            continue  # only texts that people wrote
        assert (response.headers["Content-Language"], request) == (code, request)
        assert "Accept-Language" in response.headers["Vary"], request


@pytest.mark.parametrize("url", [f"/v1/facilities?{HERE}", "/v1/facilities/{place}", f"/v1/fences?{HERE}"])
def test_an_etag_is_of_one_language(client: FlaskClient, session: Session, url: str) -> None:
    url = url.format(place=add_facility(session, LON, LAT, name="Asema"))
    french, german = (client.get(url, headers={"Accept-Language": code}) for code in ("fr", "de"))
    assert french.headers["ETag"] != german.headers["ETag"]
    for code, status in (("fr-CA", 304), ("de", 200)):
        again = client.get(url, headers={"Accept-Language": code, "If-None-Match": french.headers["ETag"]})
        assert again.status_code == status
        assert status == 304 or again.headers["Content-Language"] == code[:2]  # a 304 has no headers of the content
        assert "Accept-Language" in again.headers["Vary"]


def _patterns(message: Message) -> list[re.Pattern[str]]:
    return [one for one in map(pattern, forms(message)) if one is not None]


def _is_found(patterns: Iterable[re.Pattern[str]], said: Iterable[str]) -> bool:
    return any(one.search(text) for text in said for one in patterns)
