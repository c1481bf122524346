"""Phones in networks of their own, and staff, as they call the app."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from geo.casework import staff
from tests.conftest import TestClock
from tests.factories import add_device, add_record, bearer

LONG_KNOWN = timedelta(days=2)
"""A device of that age is trusted fully."""

_networks = count(1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token, behind an address."""

    client: FlaskClient
    token: str
    address: str = "127.0.0.1"
    row_id: int = 0

    def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        return self.client.open(
            path,
            method=method,
            json=body,
            headers=bearer(self.token) | kwargs.pop("headers", {}),
            environ_base={"REMOTE_ADDR": self.address},
            **kwargs,
        )

    @property
    def handle(self) -> UUID:
        return UUID(self("GET", "/v1/me").get_json()["handle"])

    def rate(self, facility_id: int, stars: int = 4, comment: str | None = None, **fields: Any) -> dict[str, Any]:
        body = {"stars": stars, "comment": comment, "presence": "within_150_m", **fields}
        response = self("PUT", f"/v1/facilities/{facility_id}/rating", body)
        assert response.status_code in {200, 201}, response.text
        return dict(response.get_json())

    def report(self, facility_id: int, reason: str, rating_id: int | None = None) -> TestResponse:
        body = {"reason": reason, "rating_id": rating_id}
        return self("POST", f"/v1/facilities/{facility_id}/reports", body)

    def queue(self, **filters: Any) -> list[dict[str, Any]]:
        response = self("GET", "/admin/v1/queue", query_string=filters)
        assert response.status_code == 200, response.text
        return list(response.get_json()["items"])

    def decide(self, item: dict[str, Any], action: str, reason: str, **more: Any) -> TestResponse:
        body = {"action": action, "reason": reason, "version": item["version"], **more}
        return self("POST", f"/admin/v1/queue/{item['id']}/decision", body)


Phones = Callable[[], Caller]
StaffOf = Callable[[str], Caller]


def phone(client: FlaskClient, session: Session, clock: TestClock, address: str | None = None) -> Caller:
    """Return an old device, by default in its own network."""
    number = next(_networks)
    device = add_device(session, clock() - LONG_KNOWN)
    return Caller(client, device.token, address or f"10.{number // 250}.{number % 250}.9", device.device_id)


def regular(client: FlaskClient, session: Session, clock: TestClock) -> Caller:
    """Return an old device with a record, in its own network; the record requires a place."""
    made = phone(client, session, clock)
    add_record(session, made.row_id)
    return made


def member(client: FlaskClient, session: Session, clock: TestClock, role: Any, handle: UUID | None = None) -> Caller:
    name = f"{role} {next(_networks)}"
    added = staff.add(session, name, role, clock(), actor="command", device_handle=handle)
    return Caller(client, added.token, row_id=added.staff_id)


def scalar(session: Session, statement: str, **parameters: Any) -> Any:
    return session.execute(text(statement), parameters).scalar_one()
