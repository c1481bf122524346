"""Whatever is wrong with a request gets its problem document, with the bad value named, and changes nothing."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.api.problem_documents import named, problem
from tests.factories import add_facility

pytestmark = pytest.mark.usefixtures("nothing_changes")

NEARBY = "lat=60.17&lon=24.94"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("lat=91&lon=0", ["lat"]),
        ("lat=-90.0001&lon=0", ["lat"]),
        ("lat=0&lon=180.5", ["lon"]),
        ("lat=NaN&lon=nan", ["lat", "lon"]),
        ("lat=Infinity&lon=-inf", ["lat", "lon"]),
        ("lat=1e999&lon=0", ["lat"]),
        ("lat=1_0&lon=0", ["lat"]),
        ("lat=%D9%A1&lon=0", ["lat"]),
        ("lat=%00&lon=0", ["lat"]),
        ("lat=&lon=", ["lat", "lon"]),
        ("lat=60.17", ["lon"]),
        ("lon=24.94", ["lat"]),
        ("", ["lat", "lon"]),
        ("lat=1&lat=1&lon=2", ["lat"]),
        (f"{NEARBY}&limit=0", ["limit"]),
        (f"{NEARBY}&limit=1000", ["limit"]),
        (f"{NEARBY}&limit=-1", ["limit"]),
        (f"{NEARBY}&limit=10.0", ["limit"]),
        (f"{NEARBY}&limit={10**30}", ["limit"]),
        (f"{NEARBY}&radius_m=0", ["radius_m"]),
        (f"{NEARBY}&radius_m=50001", ["radius_m"]),
        (f"{NEARBY}&lng=24.94", ["lng"]),
        (f"{NEARBY}&%FF=1", ["%FF"]),
        (f"{NEARBY}&kind=toilet", ["kind"]),
        (f"{NEARBY}&kind=", ["kind"]),
        (f"{NEARBY}&kind=toilets,,shower", ["kind"]),
        (f"{NEARBY}&kind=toilets&kind=sauna", ["kind"]),
        (f"{NEARBY}&access=vip", ["access"]),
        (f"{NEARBY}&wheelchair=maybe", ["wheelchair"]),
        (f"{NEARBY}&fee=1", ["fee"]),
        (f"{NEARBY}&changing_table=true", ["changing_table"]),
        (f"{NEARBY}&all_gender=x", ["all_gender"]),
        (f"{NEARBY}&verdict=good", ["verdict"]),
        (f"{NEARBY}&open=tomorrow", ["open"]),
        (f"{NEARBY}&open=2026-11-20", ["open"]),
        (f"{NEARBY}&open=2026-11-20T12:00:00", ["open"]),
        (f"{NEARBY}&open=2026-13-20T12:00:00Z", ["open"]),
        (f"{NEARBY}&open=1999-12-31T23:59:59Z", ["open"]),
        (f"{NEARBY}&open=now,closed", ["open"]),
        (f"{NEARBY}&rank=best", ["rank"]),
        (f"{NEARBY}&mode=fly", ["mode"]),
        (f"{NEARBY}&explain=1", ["explain"]),
        (f"{NEARBY}&bbox=24,60,25,61", ["lat", "lon"]),
        ("bbox=24,60,25", ["bbox"]),
        ("bbox=24,60,25,61,62", ["bbox"]),
        ("bbox=24,60,25,", ["bbox"]),
        ("bbox=24,61,25,60", ["bbox"]),
        ("bbox=24,60,25,91", ["bbox"]),
        ("bbox=24,60,181,61", ["bbox"]),
        ("bbox=24,60,25,nan", ["bbox"]),
        ("bbox=24,60,25,61&radius_m=5&mode=walk", ["mode", "radius_m"]),
        ("bbox=24,60,25,61&rank=distance", ["rank"]),
        ("bbox=24,60,25,61&open=arrival", ["open"]),
    ],
)
def test_a_bad_parameter_of_a_search_is_named(client: FlaskClient, query: str, names: list[str]) -> None:
    found = named(client.get(f"/v1/facilities?{query}"))
    assert sorted(found) == [("query", name) for name in names]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/facilities/{}"),
        ("GET", "/v1/facilities/{}/rating"),
        ("PUT", "/v1/facilities/{}/rating"),
        ("DELETE", "/v1/facilities/{}/rating"),
        ("GET", "/v1/facilities/{}/ratings"),
        ("POST", "/v1/devices"),
    ],
)
def test_an_unknown_parameter_is_refused(
    client: FlaskClient, place: int, headers: dict[str, str], method: str, path: str
) -> None:
    path = path.format(place)
    response = client.open(f"{path}?verbose=1", method=method, headers=headers, json={"stars": 5})
    assert named(response) == [("query", "verbose")]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "cursor=", "cursor=x", "cursor=20261320T120000.000000Z-1", "cursor=x-1", "page=2"]
)
def test_a_bad_page_of_ratings_is_named(client: FlaskClient, place: int, query: str) -> None:
    assert named(client.get(f"/v1/facilities/{place}/ratings?{query}")) == [("query", query.partition("=")[0])]


@pytest.mark.parametrize("suffix", ["", "/rating", "/ratings"])
def test_an_unknown_facility_is_named(client: FlaskClient, headers: dict[str, str], suffix: str) -> None:
    for facility_id in (0, 2**63 - 1):
        assert named(client.get(f"/v1/facilities/{facility_id}{suffix}", headers=headers), 404) == [
            ("path", "facility_id")
        ]


def test_an_unknown_facility_cannot_be_rated(client: FlaskClient, headers: dict[str, str]) -> None:
    assert named(client.put("/v1/facilities/0/rating", json={"stars": 5}, headers=headers), 404)
    assert named(client.delete("/v1/facilities/0/rating", headers=headers), 404)


@pytest.mark.parametrize("facility_id", ["-1", str(10**30), "x", "1.0", "+1", "%00", "%ff", " ", "%EF%BC%91"])
def test_an_invalid_facility_id_is_a_404(client: FlaskClient, facility_id: str) -> None:
    problem(client.get(f"/v1/facilities/{facility_id}"), 404)


def test_a_hidden_facility_is_not_found(client: FlaskClient, session: Session, headers: dict[str, str]) -> None:
    with session.begin_nested() as savepoint:
        hidden = add_facility(session, status="hidden")
        for method, suffix in (("GET", ""), ("GET", "/ratings"), ("GET", "/rating"), ("DELETE", "/rating")):
            problem(client.open(f"/v1/facilities/{hidden}{suffix}", method=method, headers=headers), 404)
        problem(client.put(f"/v1/facilities/{hidden}/rating", json={"stars": 5}, headers=headers), 404)
        savepoint.rollback()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/facilities", {"GET"}),
        ("DELETE", "/v1/facilities/1", {"GET"}),
        ("PATCH", "/v1/facilities/1/rating", {"GET", "PUT", "DELETE"}),
        ("TRACE", "/v1/facilities/1/rating", {"GET", "PUT", "DELETE"}),
        ("GET", "/v1/devices", {"POST"}),
        ("PUT", "/", {"GET"}),
        ("POST", "/healthz", {"GET"}),
        ("POST", "/openapi.json", {"GET"}),
        ("BREW", "/v1/facilities", {"GET"}),
    ],
)
def test_a_405_lists_the_allowed_methods(client: FlaskClient, method: str, path: str, allowed: set[str]) -> None:
    response = client.open(path, method=method)
    problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("path", ["/v2/facilities", "/nothing", "/docs/nothing", "/v1/facilities//", "/../etc/passwd"])
def test_an_unknown_path_returns_a_problem_document(client: FlaskClient, path: str) -> None:
    problem(client.get(path), 404)
