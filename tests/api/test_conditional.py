"""The same request for the same data in the same minute gives 304; any change gives a new response."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import create_app
from api.config import Settings
from geo.database import Database
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, bearer

NEARBY = "/v1/facilities?lat=60.17&lon=24.94"


@pytest.fixture
def database(own_database_url: str) -> Iterator[Database]:
    """A database whose writes are commits: only those move PostgreSQL's snapshot."""
    database = Database(own_database_url)
    yield database
    database.close()


@pytest.fixture
def client(database: Database, own_database_url: str, clock: TestClock) -> FlaskClient:
    return create_app(Settings(own_database_url, None, 8000, 1), database=database, clock=clock).test_client()


@pytest.fixture
def place(database: Database) -> int:
    with database.write() as session:
        place = add_facility(session, 24.94, 60.17)
        session.commit()
    return place


@pytest.fixture
def token(database: Database, clock: TestClock) -> str:
    with database.write() as session:
        token = add_device(session, clock()).token
        session.commit()
    return token


def again(client: FlaskClient, path: str, first: TestResponse) -> TestResponse:
    return client.get(path, headers={"If-None-Match": first.headers["ETag"]})


@pytest.mark.parametrize(
    "path", [NEARBY, "/v1/facilities?bbox=24,60,25,61", "/v1/facilities/{}", "/v1/facilities/{}/ratings"]
)
def test_an_unchanged_response_is_a_304(client: FlaskClient, place: int, path: str) -> None:
    path = path.format(place)
    first = client.get(path)
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "public, max-age=60"
    second = again(client, path, first)
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert not first.headers["ETag"].startswith("W/")


@pytest.mark.parametrize("path", [NEARBY, "/v1/facilities/{}", "/v1/facilities/{}/ratings"])
def test_a_rating_changes_the_etag(client: FlaskClient, place: int, token: str, path: str) -> None:
    path = path.format(place)
    first = client.get(path)
    assert client.put(f"/v1/facilities/{place}/rating", json={"stars": 5}, headers=bearer(token)).status_code == 201
    second = again(client, path, first)
    assert second.status_code == 200
    assert second.data != first.data
    assert second.headers["ETag"] != first.headers["ETag"]


def test_the_etag_changes_every_minute(client: FlaskClient, place: int, clock: TestClock) -> None:
    first = client.get(NEARBY)
    clock.advance(seconds=59)
    assert again(client, NEARBY, first).status_code == 304, place
    clock.advance(seconds=1)
    assert again(client, NEARBY, first).status_code == 200


def test_the_etag_of_another_query_does_not_match(client: FlaskClient, place: int) -> None:
    first = client.get(NEARBY)
    for path in (f"{NEARBY}&limit=3", f"/v1/facilities/{place}"):
        other = again(client, path, first)
        assert other.status_code == 200
        assert other.headers["ETag"] != first.headers["ETag"]


def test_an_etag_in_a_list_or_weakened_by_a_proxy_matches(client: FlaskClient, place: int) -> None:
    tag = client.get(NEARBY).headers["ETag"]
    for value in (f"W/{tag}", f'"other", {tag}', f'W/"other", W/{tag}', f"{tag},,"):
        response = client.get(NEARBY, headers={"If-None-Match": value})
        assert (response.status_code, response.headers["ETag"]) == (304, tag), (value, place)


@pytest.mark.parametrize(
    "value",
    [
        "W/*",
        '"*"',
        "*, *",
        '"x", *',
        '""',
        'W/""',
        '"',
        "garbage",
        ",,,",
        "",
        'W/"x',
        "\xff",
        '"' + "x" * 5000 + '"',
        '"a" "b"',
    ],
)
def test_an_unknown_etag_gets_a_full_response(client: FlaskClient, place: int, value: str) -> None:
    response = client.get(NEARBY, headers={"If-None-Match": value})
    assert response.status_code == 200
    assert [feature["id"] for feature in response.get_json(force=True)["features"]] == [place]


@pytest.mark.parametrize(
    "path",
    [
        *(NEARBY, "/v1/facilities?bbox=24,60,25,61", "/v1/facilities/{}", "/v1/facilities/{}/ratings"),
        *("/v1/fences?lat=60.17&lon=24.94", "/v1/facilities?lat=0&lon=0&kind=shower"),
    ],
)
def test_a_star_matches_any_response(client: FlaskClient, place: int, path: str) -> None:
    path = path.format(place)
    full = client.get(path)
    for value in ("*", " * "):
        for method in ("GET", "HEAD"):
            response = client.open(path, method=method, headers={"If-None-Match": value})
            assert (response.status_code, response.data) == (304, b"")
            for name in ("ETag", "Cache-Control", "Vary"):
                assert response.headers.get(name) == full.headers.get(name)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/swagger-ui.css"])
def test_a_star_matches_the_documentation(client: FlaskClient, path: str) -> None:
    with client.get(path, headers={"If-None-Match": "*"}) as response:
        assert (response.status_code, response.data) == (304, b"")


def test_a_star_does_not_turn_a_problem_into_a_304(client: FlaskClient, place: int, token: str) -> None:
    star = {"If-None-Match": "*"}
    assert client.get(f"{NEARBY}&limit=0", headers=star).status_code == 422, place
    assert client.get("/v1/facilities/0", headers=star).status_code == 404
    assert client.get("/v1/facilities/0/ratings", headers=star).status_code == 404
    assert client.get(f"/v1/facilities/{place}/rating", headers=star | bearer(token)).status_code == 404


def test_an_etag_does_not_turn_a_problem_into_a_304(client: FlaskClient, place: int, token: str) -> None:
    tag = {"If-None-Match": client.get(NEARBY).headers["ETag"]}
    assert client.get(f"{NEARBY}&limit=0", headers=tag).status_code == 422, place
    assert client.get("/v1/facilities/0", headers=tag).status_code == 404
    assert client.get(f"/v1/facilities/{place}/rating", headers=tag | bearer(token)).status_code == 404


def test_a_private_response_is_not_cached(client: FlaskClient, place: int, token: str) -> None:
    path = f"/v1/facilities/{place}/rating"
    for response in (
        client.post("/v1/devices"),
        client.put(path, json={"stars": 5}, headers=bearer(token)),
        client.get(path, headers=bearer(token)),
        client.delete(path, headers=bearer(token)),
    ):
        assert response.status_code < 300
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


def test_a_head_request_has_the_validators_and_no_body(client: FlaskClient, place: int) -> None:
    got, head_response = client.get(NEARBY), client.head(NEARBY)
    assert (head_response.status_code, head_response.data) == (200, b""), place
    assert head_response.headers["ETag"] == got.headers["ETag"]
    assert head_response.headers["Content-Length"] == got.headers["Content-Length"]


def test_responses_with_the_same_etag_are_identical(client: FlaskClient, place: int, clock: TestClock) -> None:
    first = client.get(NEARBY)
    clock.advance(seconds=30)
    second = client.get(NEARBY)
    assert (second.data, second.headers["ETag"]) == (first.data, first.headers["ETag"]), place
