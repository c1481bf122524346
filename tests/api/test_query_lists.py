"""A list in a query may be written with commas, with its name repeated, or in both ways."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.http.fields import MAX_DISMISSED, MAX_WORDS
from tests.api.moderation.callers import member
from tests.api.partner.conftest import ORIGIN, add_partner
from tests.api.problem_documents import named
from tests.conftest import TestClock
from tests.factories import add_facility, bearer

NEARBY = "/v1/facilities?lat=60.17&lon=24.94"
FENCES = "/v1/fences?lat=60.17&lon=24.94"


@pytest.fixture
def places(session: Session) -> None:
    for number, kind in enumerate(("toilets", "shower", "drinking_water", "toilets")):
        add_facility(session, 24.94 + number / 1000, 60.17, kind=kind, wheelchair=("yes", "no")[number % 2])


@pytest.fixture
def doors(client: FlaskClient, session: Session, clock: TestClock) -> dict[str, dict[str, str]]:
    """What to send to each door so that it opens."""
    key = add_partner(session, "Acme", ORIGIN, clock).secret.key
    staff = member(client, session, clock, "admin").token
    return {"/partner/": bearer(key), "/admin/": bearer(staff), "/v1/": {}}


def lists(client: FlaskClient) -> list[tuple[str, dict[str, Any]]]:
    """Path and parameter of every list in a query."""
    found = [
        (path, parameter)
        for path, item in client.get("/openapi.json").get_json()["paths"].items()
        for parameter in item.get("get", {}).get("parameters", [])
        if parameter["schema"].get("type") == "array"
    ]
    assert found
    return found


@pytest.mark.usefixtures("places")
def test_every_list_parameter_accepts_all_forms(
    client: FlaskClient, session: Session, doors: dict[str, dict[str, str]]
) -> None:
    found = lists(client)
    assert {path for path, _ in found} == {
        *("/v1/facilities", "/partner/v1/facilities", "/v1/fences", "/admin/v1/queue"),
        *("/v1/asks", "/v1/facilities/{facility_id}"),
    }
    place = add_facility(session)
    for path, parameter in found:
        headers = next(headers for door, headers in doors.items() if path.startswith(door))
        name, (one, two, *_) = parameter["name"], parameter["schema"]["items"].get("enum", (1, 2))
        where = "" if path.startswith("/admin/") or "{" in path else "&lat=60.17&lon=24.94"
        answers = [
            client.get(f"{path.format(facility_id=place)}?{query}{where}", headers=headers)
            for query in (
                f"{name}={one},{two}",
                f"{name}={one}&{name}={two}",
                f"{name}={one}%2C{two}",
                f"{name}={one},{two}&{name}={one}",
                f"{name}={one}&{name}={two},{one}&{name}={two}",
            )
        ]
        assert {answer.status_code for answer in answers} == {200}, (path, name, answers[1].text)
        assert len({answer.data for answer in answers}) == 1


def test_the_document_describes_the_forms_of_a_list(client: FlaskClient) -> None:
    for path, parameter in lists(client):
        assert (parameter["style"], parameter["explode"]) == ("form", True), path
        most = MAX_DISMISSED if parameter["name"] == "dismissed" else MAX_WORDS
        assert (parameter["schema"]["minItems"], parameter["schema"]["maxItems"]) == (1, most), path


@pytest.mark.usefixtures("places")
def test_a_repeated_parameter_adds_its_values(client: FlaskClient) -> None:
    def kinds(query: str) -> list[str]:
        features = client.get(f"{NEARBY}&{query}").get_json()["features"]
        return sorted(feature["properties"]["kind"] for feature in features)

    assert kinds("kind=shower") == ["shower"]
    assert kinds("kind=shower&kind=drinking_water") == ["drinking_water", "shower"]
    assert kinds("kind=shower&kind=shower") == ["shower"]
    assert kinds("kind=shower&wheelchair=no&wheelchair=unknown&kind=toilets") == ["shower", "toilets"]


@pytest.mark.usefixtures("places")
def test_open_may_be_repeated_like_the_filters(client: FlaskClient) -> None:
    both = client.get(f"{NEARBY}&kind=any&open=now,unknown")
    assert len(both.get_json()["features"]) == 4
    assert client.get(f"{NEARBY}&kind=any&open=now&open=unknown").data == both.data
    assert client.get(f"{NEARBY}&kind=any&open=now").get_json()["features"] == []
    for query in ("open=now&open=now", "open=now&open=arrival", "open=unknown&open=unknown"):
        assert named(client.get(f"{NEARBY}&{query}")) == [("query", "open")]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("path", [NEARBY, FENCES])
def test_the_etag_covers_every_value_of_a_repeated_parameter(client: FlaskClient, path: str) -> None:
    one = client.get(f"{path}&kind=shower").headers["ETag"]
    two = client.get(f"{path}&kind=shower&kind=toilets").headers["ETag"]
    assert one != two
    for query, tag, status in (
        ("kind=shower&kind=toilets", two, 304),
        ("kind=shower&kind=toilets", one, 200),
        ("kind=shower", two, 200),
        ("kind=toilets&kind=drinking_water", two, 200),
    ):
        assert client.get(f"{path}&{query}", headers={"If-None-Match": tag}).status_code == status, query


@pytest.mark.parametrize(
    "query", ["lat=1", "limit=5&limit=5", "rank=distance&rank=distance", "explain=true&explain=true"]
)
def test_a_repeated_scalar_is_refused(client: FlaskClient, query: str) -> None:
    assert named(client.get(f"{NEARBY}&{query}")) == [("query", query.partition("=")[0])]


def test_the_length_limit_of_a_list_counts_all_its_forms(client: FlaskClient) -> None:
    half = ",".join(["shower"] * (MAX_WORDS // 2))
    assert client.get(f"{NEARBY}&kind={half}&kind={half}").status_code == 200
    assert named(client.get(f"{NEARBY}&kind={half}&kind={half}&kind=shower")) == [("query", "kind")]
    assert named(client.get(f"{NEARBY}&kind=shower&kind=")) == [("query", "kind")]
    assert named(client.get(f"{NEARBY}&kind=shower&kind=sauna")) == [("query", "kind")]
