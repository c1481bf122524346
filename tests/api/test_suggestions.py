"""The error for an unknown parameter suggests the known name that was probably meant."""

import pytest
from flask.testing import FlaskClient

from api.http.suggestions import UNKNOWN_PARAMETER, unknown_parameter
from tests.api.problem_documents import problem

NEARBY = "/v1/facilities?lat=60.17&lon=24.94"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("limt", "limit"),
        ("Limit", "limit"),
        ("radius", "radius_m"),
        ("radius_km", "radius_m"),
        ("lng", "lon"),
        ("longitude", "lon"),
        ("type", "kind"),
        ("wheelchairs", "wheelchair"),
    ],
)
def test_an_unknown_query_parameter_gets_the_similar_one(client: FlaskClient, name: str, meant: str) -> None:
    (error,) = problem(client.get(f"{NEARBY}&{name}=1"), 422)["errors"]
    assert error == {"in": "query", "name": name, "detail": f"unknown parameter; did you mean {meant}?"}


@pytest.mark.parametrize("path", [f"{NEARBY}&colour=red", f"{NEARBY}&{'limit' * 100}=1", "/v1/me?limt=1"])
def test_a_name_that_resembles_none_gets_no_suggestion(client: FlaskClient, path: str) -> None:
    (error,) = problem(client.get(path), 422)["errors"]
    assert error["detail"] == UNKNOWN_PARAMETER


def test_unknown_members_of_a_body_get_suggestions_of_their_own_object(client: FlaskClient) -> None:
    body = {"lat": 60.17, "lon": 24.94, "confort_s": 3600, "needs": {"kinds": ["toilets"], "comfort": 1}}
    errors = problem(client.post("/v1/hints", json=body), 422)["errors"]
    assert {error["name"]: error["detail"] for error in errors} == {
        "confort_s": "unknown parameter; did you mean comfort_s?",
        "needs.kinds": "unknown parameter; did you mean kind?",
        "needs.comfort": UNKNOWN_PARAMETER,
    }


def test_a_member_is_suggested_by_its_name_in_json() -> None:
    assert unknown_parameter("form", ["from", "to"]) == "unknown parameter; did you mean from?"


def test_a_synonym_is_suggested_only_where_its_meaning_exists() -> None:
    assert unknown_parameter("lng", ["limit", "cursor"]) == UNKNOWN_PARAMETER
