"""A write that lost a race, such as a deadlock, is repeated from its beginning."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.http.door import REPETITIONS
from geo.crowd import ratings
from geo.errors import DatabaseBusy, DatabaseUnavailable, RaceLost
from tests.conftest import TestClock
from tests.factories import add_device, add_facility, bearer, facility_row


def losing(times: int, error: type[DatabaseUnavailable], calls: list[int]) -> Callable[..., Any]:
    """A way to rate that loses a number of races after it has written."""
    rate = ratings.rate

    def raced(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        result = rate(*args, **kwargs)
        if len(calls) <= times:
            raise error("deadlock detected")
        return result

    return raced


@pytest.fixture
def rate(client: FlaskClient, session: Session, clock: TestClock) -> Callable[[], Any]:
    place, token = add_facility(session), add_device(session, clock()).token
    path = f"/v1/facilities/{place}/rating"

    def put() -> Any:
        response = client.put(path, json={"stars": 4}, headers=bearer(token))
        return response, facility_row(session, place)["rating_count"]

    return put


def test_a_lost_race_is_run_again(rate: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(ratings, "rate", losing(REPETITIONS, RaceLost, calls))
    response, count = rate()
    assert (response.status_code, count, len(calls)) == (201, 1, REPETITIONS + 1)


def test_a_race_lost_again_and_again_says_so(rate: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(ratings, "rate", losing(REPETITIONS + 1, RaceLost, calls))
    response, count = rate()
    assert (response.status_code, count, len(calls)) == (503, 0, REPETITIONS + 1)
    assert response.get_json(force=True)["detail"].startswith("this request conflicted with concurrent requests")
    assert response.headers["Retry-After"]


def test_a_timeout_is_not_run_again(rate: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(ratings, "rate", losing(1, DatabaseBusy, calls))
    response, count = rate()
    assert (response.status_code, count, len(calls)) == (503, 0, 1)
