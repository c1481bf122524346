"""A body that is not what is asked for gets its problem document and changes nothing."""

import json
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from api import MAX_BODY_BYTES
from tests.api.problem_documents import named, problem

pytestmark = pytest.mark.usefixtures("nothing_changes")

JSON = "application/json"
GOOD = b'{"stars": 5}'


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"stars": 6}', ["stars"]),
        ('{"stars": 0}', ["stars"]),
        ('{"stars": 4.5}', ["stars"]),
        ('{"stars": "5"}', ["stars"]),
        ('{"stars": true}', ["stars"]),
        ('{"stars": null}', ["stars"]),
        ('{"stars": [5]}', ["stars"]),
        ('{"stars": NaN}', ["stars"]),
        ('{"stars": 1e999}', ["stars"]),
        ("{}", ["stars"]),
        ('{"stars": 5, "stars": 1}', ["stars"]),
        ('{"stars": 5, "sauna": 1}', ["sauna"]),
        ('{"stars": 5, "a/b": 1, "~": 1}', ["a/b", "~"]),
        ('{"stars": 5, "\\ud800": 1}', ["?"]),
        ('{"stars": 5, "comment": 5}', ["comment"]),
        ('{"stars": 5, "comment": "a\\u0000b"}', ["comment"]),
        ('{"stars": 5, "comment": "\\ud800"}', ["comment"]),
        (json.dumps({"stars": 5, "comment": "x" * 1001}), ["comment"]),
        ('{"stars": 5, "observed": null}', ["observed"]),
        ('{"stars": 5, "observed": []}', ["observed"]),
        ('{"stars": 5, "observed": {"sauna": "yes"}}', ["observed.sauna"]),
        ('{"stars": 5, "observed": {"soap": "some", "queue_min": -1}}', ["observed.queue_min", "observed.soap"]),
        ('{"stars": 5, "observed": {"queue_min": 1.5}}', ["observed.queue_min"]),
        ("[]", ["body"]),
        ("null", ["body"]),
        ("5", ["body"]),
    ],
)
def test_a_bad_value_in_a_rating_is_named(
    client: FlaskClient, place: int, headers: dict[str, str], body: str, names: list[str]
) -> None:
    response = client.put(f"/v1/facilities/{place}/rating", data=body, headers=headers, content_type=JSON)
    assert sorted(named(response)) == [("body", name) for name in names]


def test_a_nested_bad_value_has_a_json_pointer(client: FlaskClient, place: int, headers: dict[str, str]) -> None:
    body = {"stars": 5, "observed": {"soap": "some"}, "a/b ~é": 1}
    errors = problem(client.put(f"/v1/facilities/{place}/rating", json=body, headers=headers), 422)["errors"]
    assert isinstance(errors, list)
    assert {error["pointer"] for error in errors} == {"#/observed/soap", "#/a~1b%20~0%C3%A9"}


@pytest.mark.parametrize(
    "body",
    [b"", b'{"stars":', b'{"stars": 5} x', b"\xff\xfe", b'\xef\xbb\xbf{"stars": 5}', b"[" * 60_000, b"9" * 5_000],
    ids=lambda body: repr(body[:8]),
)
def test_a_body_that_is_not_json_is_refused(
    client: FlaskClient, place: int, headers: dict[str, str], body: bytes
) -> None:
    response = client.put(f"/v1/facilities/{place}/rating", data=body, headers=headers, content_type=JSON)
    assert named(response, 400) == [("body", "body")]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_a_body_of_another_content_type_is_refused(
    client: FlaskClient, place: int, headers: dict[str, str], content_type: str | None
) -> None:
    response = client.put(f"/v1/facilities/{place}/rating", data=GOOD, headers=headers, content_type=content_type)
    assert JSON in str(problem(response, 415)["detail"])
    assert response.headers["Accept"] == JSON


def test_an_oversized_body_is_refused_without_reading_it(
    client: FlaskClient, place: int, headers: dict[str, str]
) -> None:
    huge = b'{"stars": 5, "comment": "' + b"x" * 10_000_000 + b'"}'
    response = client.put(f"/v1/facilities/{place}/rating", data=huge, headers=headers, content_type=JSON)
    problem(response, 413)


@pytest.mark.parametrize("size", [MAX_BODY_BYTES, 10_000_000])
def test_an_oversized_body_without_a_content_length_is_refused_and_not_truncated(
    client: FlaskClient, place: int, headers: dict[str, str], size: int
) -> None:
    body = GOOD + b" " * (size - len(GOOD))
    response = client.put(
        f"/v1/facilities/{place}/rating",
        input_stream=BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        headers=headers,
        content_type=JSON,
    )
    problem(response, 413)


def test_an_oversized_body_registers_no_device(client: FlaskClient) -> None:
    problem(client.post("/v1/devices", data=b"x" * 10_000_000), 413)
