"""A missing, unknown or expired token gives a 401 that says what to do, and changes nothing."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from geo.crowd.devices import TOKEN_LIFETIME
from tests.api.problem_documents import problem
from tests.conftest import TestClock
from tests.factories import bearer

pytestmark = pytest.mark.usefixtures("nothing_changes")


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Digest x", "Bearer a=1, b=2", "bfd_alone", "Bearer \xe9"],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_401_explains_how_to_get_a_token(
    client: FlaskClient, place: int, authorization: str | None, method: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = client.open(f"/v1/facilities/{place}/rating", method=method, json={"stars": 5}, headers=headers)
    problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="beforehand"')


def test_an_unknown_token_is_a_401(client: FlaskClient, place: int) -> None:
    response = client.get(f"/v1/facilities/{place}/rating", headers=bearer("bfd_" + "x" * 43))
    assert problem(response, 401)["detail"] == "unknown token"
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("age", [TOKEN_LIFETIME, TOKEN_LIFETIME + timedelta(days=1)])
def test_a_401_says_that_the_token_has_expired(
    client: FlaskClient, place: int, headers: dict[str, str], clock: TestClock, age: timedelta
) -> None:
    clock.now += age
    response = client.put(f"/v1/facilities/{place}/rating", json={"stars": 5}, headers=headers)
    assert "expired" in str(problem(response, 401)["detail"])
