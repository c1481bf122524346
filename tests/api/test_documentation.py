"""/openapi.json is valid, complete and true: its examples fit its schemas, and so do the running app's answers."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from schemathesis.schemas import APIOperation, BaseSchema
from sqlalchemy.orm import Session

from api.http.examples import PROBLEM_DETAILS
from api.http.problems import STATUS_OF
from seed_data.city import add_city
from seed_data.crowd import add_ratings
from tests.conftest import NOON
from tests.factories import add_device, add_rating, bearer

METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    document = client.get("/openapi.json").json
    assert isinstance(document, dict)
    assert document["paths"]
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & METHODS:
            yield method, path, item[method]


def resolved(document: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in thing:
        part: Any = document
        for step in thing["$ref"].removeprefix("#/").split("/"):
            part = part[step]
        thing = part
    return thing


def require_fit(document: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    whole = {**schema, "components": document["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(value)


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()


def test_the_validator_detects_a_fault(document: dict[str, Any]) -> None:
    document["paths"]["/v1/devices"]["post"]["responses"]["201"].pop("description")
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(document).validate()


def test_every_route_of_the_api_is_documented(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (method.lower(), re.sub(r"<[^>]*:(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith(("/v1", "/admin/v1", "/partner/v1")) and method not in {"HEAD", "OPTIONS"}
    }
    assert served == {(method, path) for method, path, _ in operations(document)}


def test_every_operation_has_a_unique_id_and_a_summary(document: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(document)]
    assert len({operation["operationId"] for operation in found}) == len(found)
    assert all(operation["summary"] and operation["tags"] for operation in found)
    assert all(tag["description"] for tag in document["tags"])


def test_every_response_with_a_body_has_an_example_that_matches_its_schema(document: dict[str, Any]) -> None:
    shown = 0
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            for content in resolved(document, response).get("content", {}).values():
                if status != "default":
                    assert "example" in content, (method, path, status)
                    require_fit(document, content["schema"], content["example"])
                    shown += 1
        for content in operation.get("requestBody", {}).get("content", {}).values():
            require_fit(document, content["schema"], content["example"])
    assert shown > 30


def test_an_example_that_does_not_match_its_schema_is_detected(document: dict[str, Any]) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        require_fit(document, {"$ref": "#/components/schemas/NewDevice"}, {"token": "x", "expires_at": "tomorrow"})


def test_every_parameter_is_described_and_its_example_is_valid(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for holder in (item, *(item[method] for method in item.keys() & METHODS)):
            for parameter in holder.get("parameters", []):
                assert parameter["description"], (path, parameter["name"])
                for example in (parameter.get("example"), parameter["schema"].get("example")):
                    if example is not None:
                        require_fit(document, parameter["schema"], example)


def test_the_prefilled_search_of_the_page_shows_the_best_facilities_of_the_demo(
    client: FlaskClient, session: Session, document: dict[str, Any]
) -> None:
    add_city(session, NOON)
    add_ratings(session, NOON)
    parameters = document["paths"]["/v1/facilities"]["get"]["parameters"]
    prefilled = {
        parameter["name"]: parameter["schema"]["example"]
        for parameter in parameters
        if "example" in parameter["schema"]
    }
    assert {"lat", "lon", "open"} <= prefilled.keys()
    shown, best = (
        client.get("/v1/facilities", query_string=query).get_json(force=True)["features"]
        for query in (prefilled, {name: prefilled[name] for name in ("lat", "lon")})
    )
    assert [feature["id"] for feature in shown[:3]] == [feature["id"] for feature in best[:3]]


def test_every_problem_of_an_operation_is_documented_as_a_problem_document(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        problems = {
            status: resolved(document, response)
            for status, response in operation["responses"].items()
            if status >= "400"
        }
        assert {"400", "422", "503"} <= problems.keys() <= {str(status) for status in PROBLEM_DETAILS}, (method, path)
        for response in problems.values():
            assert response["content"].keys() == {"application/problem+json"}
            assert response["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert "Retry-After" in problems["503"]["headers"]
        if "429" in problems:
            assert problems["429"]["headers"].keys() == {"Retry-After", "RateLimit", "RateLimit-Policy"}
        assert "401" not in problems or "WWW-Authenticate" in problems["401"]["headers"]


@pytest.mark.parametrize(
    ("method", "path", "problems"),
    [
        ("get", "/v1/facilities", "400 422 429 503"),
        ("post", "/v1/devices", "400 408 413 422 429 503"),
        ("post", "/v1/hints", "400 408 413 415 422 429 503"),
        ("get", "/v1/me", "400 401 422 429 503"),
        ("delete", "/v1/facilities/{facility_id}/rating", "400 401 404 408 413 422 429 503"),
        ("post", "/v1/proposals", "400 401 403 404 408 413 415 422 429 503"),
        ("get", "/partner/v1/facilities", "400 401 403 422 429 503"),
        ("get", "/admin/v1/reasons", "400 401 422 503"),
        ("get", "/admin/v1/staff", "400 401 403 422 503"),
        ("post", "/admin/v1/queue/{item_id}/decision", "400 401 403 404 408 409 412 413 415 422 503"),
    ],
)
def test_an_operation_documents_the_problems_that_occur_and_no_others(
    document: dict[str, Any], method: str, path: str, problems: str
) -> None:
    responses = document["paths"][path][method]["responses"]
    assert [status for status in responses if status >= "400"] == problems.split()


def test_every_domain_problem_is_documented(document: dict[str, Any]) -> None:
    assert {str(status) for status in STATUS_OF.values()} <= document["components"]["responses"].keys()


def test_every_security_scheme_of_an_operation_is_described(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    asked_for = {
        name for _, _, operation in operations(document) for needed in operation.get("security", []) for name in needed
    }
    assert asked_for == schemes.keys() == {"device", "staff", "partner"}
    assert all((scheme["type"], scheme["scheme"]) == ("http", "bearer") for scheme in schemes.values())


def test_every_public_response_documents_its_validators(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        is_for_partners = path.startswith("/partner/")
        is_public = method == "get" and (is_for_partners or "security" not in operation)
        assert ("If-None-Match" in names) == is_public, path
        if is_public:
            expected = {"ETag", "Cache-Control"} | ({"RateLimit", "RateLimit-Policy"} if is_for_partners else set())
            for status in ("200", "304"):
                assert operation["responses"][status]["headers"].keys() == expected


def test_the_unchanged_document_is_a_304(client: FlaskClient) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_responses_match_the_document(app: Flask, client: FlaskClient, session: Session, place: int) -> None:
    add_rating(session, place, 5, NOON)
    schema: BaseSchema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    device = bearer(add_device(session, NOON).token)
    rating = {"stars": 4, "comment": "Clean.", "observed": {"soap": "yes", "queue_min": 0}}

    def hold(template: str, method: str, query: str = "", **kwargs: Any) -> None:
        operation: APIOperation[Any, Any, Any, Any] = schema[template][method]
        response = client.open(template.replace("{facility_id}", str(place)) + query, method=method, **kwargs)
        assert str(response.status_code) in operation.definition.raw["responses"]
        operation.validate_response(response)

    one, own = "/v1/facilities/{facility_id}", "/v1/facilities/{facility_id}/rating"
    hold("/v1/devices", "POST")
    hold(own, "PUT", json=rating, headers=device)
    hold(own, "PUT", json={"stars": 2}, headers=device)
    hold(own, "GET", headers=device)
    hold("/v1/facilities", "GET", "?lat=60.17&lon=24.94&explain=true")
    hold("/v1/facilities", "GET", "?bbox=24,60,25,61&rank=cleanliness")
    hold("/v1/facilities", "GET", "?lat=0&lon=0&kind=shower")
    hold(one, "GET")
    hold(one + "/ratings", "GET", "?limit=1")
    hold(own, "DELETE", headers=device)
    hold(own, "GET")
    hold(own, "GET", headers=device)
    hold(own, "PUT", json={"stars": 9}, headers=device)
    hold(own, "PUT", data="{", headers=device, content_type="application/json")
    hold(own, "PUT", data="{}", headers=device)
    hold(own, "PUT", data="x" * 100_000, headers=device)
    hold("/v1/facilities", "GET", "?lat=91")
