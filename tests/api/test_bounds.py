"""What a request asks is bounded before it is looked at, and no refusal is much larger than the request."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from api.http.declarations import schemas_of
from api.http.door import MAX_MEMBERS
from api.http.fields import Array, QueryList
from api.http.problems import MAX_ERRORS, bad_values
from api.route.line import MAX_POLYLINE_CHARACTERS, Items
from api.route.schemas import MAX_BODY_BYTES
from tests.api.problem_documents import named, problem
from tests.api.route_requests import GOOD

MAX_PROBLEM_BYTES = 16_000

JSON = "application/json"

MEMORY_BYTES = 64 * 1024 * 1024
"""What a body of 2 MB may take: the body, its text and its JSON, of which an empty list takes 64 bytes for two."""


def request_schemas(app: Flask) -> Iterator[Schema]:
    """All schemas of requests, nested ones too."""
    waiting = [schema for view in app.view_functions.values() for schema in schemas_of(view).values()]
    while waiting:
        schema = waiting.pop()
        yield schema
        for _, field in inner_fields(schema):
            if isinstance(field, fields.Nested):
                waiting.append(field.schema)


def inner_fields(schema: Schema) -> Iterator[tuple[str, fields.Field[Any]]]:
    """All fields of a schema, and those of which its lists are made."""
    for name, field in schema.fields.items():
        inner: Any = field
        while inner is not None:
            yield name, inner
            inner = getattr(inner, "inner", None)


def test_every_list_of_a_request_is_counted_before_its_items_are_read(app: Flask) -> None:
    lists = 0
    for schema in request_schemas(app):
        for name, field in inner_fields(schema):
            where = f"{type(schema).__name__}.{name}"
            assert not isinstance(field, (fields.Dict, fields.Tuple, fields.Raw)), where
            if isinstance(field, fields.List) or field.metadata.get("type") == "array":
                assert isinstance(field, (Array, Items)), where
                bad: Any = "\0" if isinstance(field, QueryList) else object()
                most = field.metadata["maxItems"]
                with pytest.raises(ValidationError) as of_items:
                    field.deserialize([bad] * most)
                assert isinstance(of_items.value.messages, dict), where
                with pytest.raises(ValidationError) as of_length:
                    field.deserialize([bad] * (most + 1))
                [message] = of_length.value.messages
                assert f"{most}" in message, where
                lists += 1
    assert lists > 40


def test_every_schema_has_far_fewer_members_than_the_limit(app: Flask) -> None:
    assert max(len(schema.fields) for schema in request_schemas(app)) * 2 <= MAX_MEMBERS


def route_with(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}, separators=(",", ":")).encode()


HOSTILE_BODIES: dict[str, tuple[str, bytes]] = {
    "a million kinds": ("needs.kind", route_with(needs={"kind": [1] * 990_000})),
    "a million empty lists": ("needs.kind", route_with(needs={"kind": [[]] * 600_000})),
    "many unknown members": ("body", route_with(**{f"k{number}": 1 for number in range(150_000)})),
    "many unknown members of needs": ("body", route_with(needs={f"k{number}": 1 for number in range(150_000)})),
    "a long name": ("n", route_with(**{"n" * 1_900_000: 1})),
    "a long name given twice": ("n", b'{"%b":1,"%b":1}' % (b"n" * 900_000, b"n" * 900_000)),
    "long names": ("é", route_with(**{"é" * 10_000 + str(number): 1 for number in range(30)})),
    "names that JSON writes in six bytes": ("\x01", route_with(**{"\x01" * 5_000 + str(n): 1 for n in range(40)})),
    "names that a pointer writes in twelve": ("😀", route_with(**{"😀" * 999 + str(n): 1 for n in range(60)})),
    "many vertices": ("line.coordinates", route_with(line={"type": "LineString", "coordinates": [1] * 900_000})),
    "many times": ("times_s", route_with(speed_kmh=None, times_s=[None] * 390_000)),
    "a long polyline": ("polyline", route_with(line=None, polyline="?" * (MAX_POLYLINE_CHARACTERS + 1))),
    "a deep value": ("body", b'{"needs":' * 60_000 + b"1" + b"}" * 60_000),
}


@pytest.mark.parametrize("kind", HOSTILE_BODIES)
def test_a_hostile_body_costs_little_memory_and_gets_a_short_response(client: FlaskClient, kind: str) -> None:
    name, body = HOSTILE_BODIES[kind]
    assert len(body) < MAX_BODY_BYTES
    client.post("/v1/route/stops", data=b"{}", content_type=JSON)
    tracemalloc.start()
    response = client.post("/v1/route/stops", data=body, content_type=JSON)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY_BYTES
    assert response.status_code in {400, 422}
    assert len(response.data) <= MAX_PROBLEM_BYTES
    document = problem(response, response.status_code)
    assert len(document["errors"]) <= MAX_ERRORS
    assert any(error["name"].startswith(name) for error in document["errors"])


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"k{number}=1" for number in range(5_000)),
        "&".join(f"{'n' * 900}{number}=1" for number in range(50)),
        "n" * 60_000 + "=1",
        "%01" * 20_000 + "=1",
        "lat=1&lon=1&kind=" + ",".join(["x"] * 20_000),
        "lat=1&lon=1&" + "&".join(["kind=x"] * 8_000),
        "lat=1&lon=1&" + "&".join(["open=now"] * 5_000),
        "lat=1&lon=1&" + "&".join(["limit=1"] * 5_000),
        "bbox=" + ",".join(["1"] * 30_000),
        "lat=1&lon=1&rank=" + "x" * 60_000,
    ],
    ids=lambda query: query[:16],
)
def test_a_hostile_query_gets_a_short_response(client: FlaskClient, query: str) -> None:
    response = client.get(f"/v1/facilities?{query}")
    assert len(response.data) <= MAX_PROBLEM_BYTES
    assert len(problem(response, 422).get("errors", [])) <= MAX_ERRORS


def test_a_problem_counts_the_bad_values_that_it_omits(client: FlaskClient) -> None:
    body = {"lat": 60.17, "lon": 24.94, "dismissed": ["x"] * 200}
    document = problem(client.post("/v1/hints", json=body), 422)
    assert [error["name"] for error in document["errors"]] == [f"dismissed.{n}" for n in range(MAX_ERRORS)]
    assert document["detail"].endswith("; and 180 more")
    body["dismissed"] = ["x"] * MAX_ERRORS
    document = problem(client.post("/v1/hints", json=body), 422)
    assert len(document["errors"]) == MAX_ERRORS
    assert "more" not in document["detail"]


def test_a_truncated_name_has_no_misleading_pointer(client: FlaskClient) -> None:
    short, long = problem(client.post("/v1/hints", json={"lat": 1, "lon": 1, "a": 1, "b" * 400: 1}), 422)["errors"]
    if len(short["name"]) > len(long["name"]):
        short, long = long, short
    assert short["pointer"] == "#/a"
    assert long["name"] == "b" * 99 + "…"
    assert "pointer" not in long


def test_a_long_origin_is_not_repeated_in_full(app: Flask) -> None:
    origins = next(
        field for schema in request_schemas(app) for name, field in inner_fields(schema) if name == "origins"
    )
    with pytest.raises(ValidationError) as refused:
        origins.deserialize(["x" * 60_000])
    faults = [{"in": "body", "name": "origins.0", "detail": refused.value.messages[0][0]}]
    assert len(bad_values(422, faults).data) < 1_000


hostile_text = st.text(st.characters(codec=None), max_size=30).flatmap(
    lambda text: st.integers(1, 300).map(lambda times: text * times)
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"in": st.just("body"), "name": hostile_text, "detail": hostile_text, "pointer": hostile_text}
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_problem_is_short_whatever_the_bad_values(errors: list[dict[str, str]]) -> None:
    response = bad_values(422, errors)
    assert len(response.data) <= MAX_PROBLEM_BYTES
    document = orjson.loads(response.data)
    assert 1 <= len(document["errors"]) <= MAX_ERRORS
    unlisted = len(errors) - len(document["errors"])
    assert not unlisted or document["detail"].endswith(f"; and {unlisted} more")


def test_a_route_without_parameters_lists_few_unknown_names(client: FlaskClient) -> None:
    query = "&".join(f"k{number}=1" for number in range(5_000))
    assert len(named(client.post(f"/v1/devices?{query}"))) == MAX_ERRORS
